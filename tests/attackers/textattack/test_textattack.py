"""TextAttack behind the shim: equality with upstream, order, protected columns, scripts, hostile input."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import unicodedata
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from xfer.attackers.search import random_states
from xfer.attackers.search.base import Setting
from xfer.attackers.search.goals.base import form_aim
from xfer.attackers.textattack import load as shim
from xfer.attackers.textattack.attacker import TextAttack
from xfer.core.seeds import derive_seed
from xfer.text.scripts import script_alphabet
from xfer.text.words import searchable_words

ROOT = Path(__file__).parents[3]
COMPATS = ("fixed", "upstream")
Fields = tuple[str, ...]


class Example(NamedTuple):
    id: str
    fields: Fields
    label: int


@dataclass(frozen=True)
class Outcome:
    id: str
    status: str
    fields: Fields
    queries: int
    forwards: int
    score: float
    message: str


SUBJECTS = ("The old man", "A young doctor", "Nobody at school", "My neighbour's dog", "Every well-known singer", "She")
VERBS = ("never liked", "is reading about", "really enjoyed", "bought 2019 copies of", "walked past")
THINGS = (
    "this boring film.",
    "the green house, today!",
    "a long letter",
    "some fresh bread (twice)",
    "what I'd call art?",
)
OTHERS = {
    "hi": ("मैंने इस फिल्म को क्षत्रिय नहीं देखा।", "वह किताब बहुत अच्छी और लंबी थी।"),
    "th": ("ฉันไม่ชอบภาพยนตร์เรื่องนี้เลยน้ำท่วม", "วันนี้อากาศดีมากที่กรุงเทพ"),
    "ar": ("لَمْ يُعْجِبْنِي الفيلمُ القديم أبدًا", "كان الطعام رائعًا في المدينة"),
    "zh": ("我不喜欢这部电影的结局。", "今天北京天气很好，我们去公园。"),
}
SCRIPTS = {"hi": "DEVANAGARI", "th": "THAI", "ar": "ARABIC", "zh": "CJK"}


class NGrams:
    """A linear classifier over hashed character trigrams and words; counts what it is asked."""

    def __init__(self, classes: int = 3) -> None:
        self.weights = np.random.default_rng(7).normal(size=(4096, classes))
        self.asked: list[Fields] = []

    def row(self, fields: Fields) -> np.ndarray:
        """The logits of one text."""
        keys = [f"{c}:{f[i : i + 3]}" for c, f in enumerate(fields) for i in range(max(1, len(f) - 2))]
        keys += [f"{c}|{word}" for c, field in enumerate(fields) for word in field.split()]
        rows = [zlib.crc32(key.encode("utf-8", "surrogatepass")) % len(self.weights) for key in keys]
        return self.weights[rows].sum(axis=0) * (2.0 / len(rows) ** 0.5)

    def __call__(self, texts: list[Fields]) -> np.ndarray:
        self.asked += texts
        logits = np.stack([self.row(fields) for fields in texts])
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def gold(texts: list[Fields], wrong_each: int = 6, name: str = "row") -> list[Example]:
    """The texts with what the victim says of them as labels; every ``wrong_each``-th is mislabelled."""
    best = NGrams()(texts).argmax(axis=1)
    shift = [int(i % wrong_each == wrong_each - 1) for i in range(len(texts))]
    return [Example(f"{name}-{i}", text, int(best[i] + shift[i]) % 3) for i, text in enumerate(texts)]


def english(columns: int, number: int = 14) -> list[Example]:
    """English sentences, single or in pairs."""
    draw = random.Random(columns)
    sentence = lambda: " ".join(draw.choice(part) for part in (SUBJECTS, VERBS, THINGS))  # noqa: E731
    return gold([tuple(sentence() for _ in range(columns)) for _ in range(number)])


def attack(
    examples: list[Example],
    victim: Any = None,
    *,
    protect: Any = (),
    language: str = "en",
    width: int = 64,
    labels: int = 3,
    **options: Any,
) -> list[Outcome]:
    """All outcomes of a run, in the order of the examples."""
    names = tuple(str(number) for number in range(labels))
    rows: list[dict[str, Any]] = [
        {
            "id": e.id,
            "language": language,
            "text": e.fields[0],
            "pair": e.fields[1] if len(e.fields) > 1 else None,
            "label": names[e.label] if 0 <= e.label < labels else str(e.label),
        }
        for e in examples
    ]
    attacker = TextAttack(protect=tuple(("text", "pair")[column] for column in protect), **options)
    setting = Setting("classify", names, form_aim("classify", names), {"victim": victim or NGrams()}, width)
    found = {one["id"]: one for one in attacker.search_rows(rows, setting)}
    outcomes = []
    for example in examples:
        one = found[example.id]
        fields = tuple(one[name] for name in ("text", "pair")[: len(example.fields)])
        about = (one[name] for name in ("queries", "forwards", "score", "message"))
        outcomes.append(Outcome(example.id, one["status"], fields, *about))
    return outcomes


def results(outcomes: list[Outcome]) -> dict[str, tuple[Any, ...]]:
    """What must not depend on the other examples: all but ``forwards``."""
    return {o.id: (o.status, o.fields, o.queries, o.score, o.message) for o in outcomes}


@pytest.fixture(scope="module")
def textattack() -> Any:
    return shim.load_textattack()


def stock(textattack: Any, examples: list[Example], seed: int, budget: int | None) -> Iterator[tuple[Any, ...]]:
    """TextAttack's own recipe on TextAttack's own texts, one example after the other."""
    victim = NGrams()

    class Wrapper(textattack.models.wrappers.ModelWrapper):
        model = None

        def __call__(self, texts: list[Any]) -> np.ndarray:
            return victim([(text,) if isinstance(text, str) else tuple(text) for text in texts])

    with shim.own_nltk_data(), pytest.warns(DeprecationWarning):
        recipe = textattack.attack_recipes.DeepWordBugGao2018.build(Wrapper())
    recipe.goal_function.query_budget = budget or float("inf")
    for example in examples:
        options = {"seed": seed, "budget": budget, "compat": "upstream"}
        random_states.seed_generators(derive_seed(seed, TextAttack(**options).identity(), "en", example.id))
        names = ("premise", "hypothesis") if len(example.fields) == 2 else ("text",)
        result = recipe.attack(OrderedDict(zip(names, example.fields, strict=True)), example.label)
        end = result.perturbed_result
        status = {"SuccessfulAttackResult": "succeeded", "FailedAttackResult": "failed"}
        yield (
            status.get(type(result).__name__, "skipped"),
            end.num_queries,
            tuple(end.attacked_text._text_input.values()),
            float(end.score),
        )


@pytest.mark.parametrize("columns", [1, 2])
@pytest.mark.parametrize("budget", [None, 20])
def test_upstream_mode_is_textattack(textattack: Any, columns: int, budget: int | None) -> None:
    examples = [
        *english(columns),
        *([] if columns == 2 else gold([(OTHERS["zh"][0],), ("",), ("a\nb c",)], name="other")),
    ]
    ours = attack(examples, compat="upstream", seed=3, budget=budget)
    theirs = list(stock(textattack, examples, 3, budget))
    assert [(o.status, o.queries, o.fields, o.score) for o in ours] == theirs
    assert {"succeeded", "skipped"} <= {status for status, *_ in theirs}


@pytest.mark.parametrize("compat", COMPATS)
def test_order_and_resume_change_nothing(compat: str) -> None:
    examples = english(2)
    whole = results(attack(examples, compat=compat))
    assert results(attack(examples[::-1], compat=compat)) == whole
    assert results(attack(examples[5:], compat=compat)) == {e.id: whole[e.id] for e in examples[5:]}
    assert results(attack(examples[3:4], compat=compat)) == {"row-3": whole["row-3"]}
    assert results(attack(examples, compat=compat, seed=1)) != whole


@pytest.mark.parametrize("compat", COMPATS)
def test_the_callers_random_states_are_left_alone(compat: str) -> None:
    class Drawing(NGrams):
        def __call__(self, texts: list[Fields]) -> np.ndarray:
            random.random(), np.random.random(3)
            return super().__call__(texts)

    random.seed(5), np.random.seed(5)
    expected = random.random(), np.random.random()
    random.seed(5), np.random.seed(5)
    drawn = results(attack(english(1, 4), Drawing(), compat=compat))
    assert (random.random(), np.random.random()) == expected
    assert drawn == results(attack(english(1, 4), compat=compat))


@pytest.mark.parametrize("compat", COMPATS)
@pytest.mark.parametrize("column", [0, 1])
def test_protected_columns_stay(compat: str, column: int) -> None:
    # In upstream mode one Chinese column makes jieba split both, so that words counted by column do not fit.
    examples = [
        *english(2),
        *gold([(OTHERS["zh"][0], "I don't like well-known films at all"), ("I don't", "我喜欢电影")], name="mixed"),
    ]
    victim = NGrams()
    outcomes = attack(examples, victim, compat=compat, protect=[column])
    assert all(o.fields[column] == e.fields[column] for o, e in zip(outcomes, examples, strict=True))
    assert any(o.fields != e.fields for o, e in zip(outcomes, examples, strict=True))
    assert {text[column] for text in victim.asked} == {e.fields[column] for e in examples}
    assert "error" not in {o.status for o in outcomes}


def test_with_every_column_protected_nothing_is_tried() -> None:
    outcomes = attack(english(2, 3), protect=(0, 1))
    assert [(o.status, o.queries) for o in outcomes] == [("failed", 1)] * 3


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("columns", [1, 2])
def test_scripts_survive(language: str, columns: int) -> None:
    texts: list[Fields] = [OTHERS[language]] if columns == 2 else [(text,) for text in OTHERS[language]]
    victim = NGrams()
    outcomes = attack(gold(texts), victim, language=language)
    assert {o.status for o in outcomes} <= {"succeeded", "failed"}
    assert any(o.fields not in texts for o in outcomes)
    known = set("".join("".join(fields) for fields in texts)) | set("[UNK]")
    for fields in [*(o.fields for o in outcomes), *victim.asked]:
        assert set("".join(fields)) <= known, "only letters of the example itself are inserted"
        for before, letter in zip(" " + "\n".join(fields), "\n".join(fields), strict=False):
            if unicodedata.category(letter).startswith("M"):
                assert unicodedata.category(before)[0] in "LM" or before == "]", "a mark has lost its base"
    edited = "".join("".join(o.fields) for o in outcomes)
    assert all(SCRIPTS[language] in unicodedata.name(letter) for letter in edited if letter.isalpha())


def test_inserted_letters_are_of_the_script_of_the_word() -> None:
    victim = NGrams()
    attack(gold([("Путин сказал hello world сегодня",)]), victim, language="ru")
    for (text,) in victim.asked:
        for word in text.replace("[UNK]", "").split():
            assert len({unicodedata.name(letter).split()[0] for letter in word}) == 1, word


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("मैंने इस फिल्म", ["मैंने", "इस", "फिल्म"]),
        ("لَمْ يُعْجِبْنِي", ["لَمْ", "يُعْجِبْنِي"]),
        ("می\u200cروم", ["می\u200cروم"]),
        ("我不喜欢USB接口吧", ["我不", "喜欢", "USB", "接口吧"]),
        ("น้ำท่วมที่บ้าน", ["น้ำท่วม", "ที่บ้าน"]),  # a last cluster alone joins the piece before it
        ("'I don't' know -- well-known", ["I", "don't", "know", "well-known"]),
        ("Tie\u0302\u0301ng Vie\u0323\u0302t", ["Tie\u0302\u0301ng", "Vie\u0323\u0302t"]),
        ("\u0301x \u200f🙂\ud800", ["x"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [text[start:end] for start, end in searchable_words(text)] == words


def test_alphabet_is_by_script_and_holds_no_marks() -> None:
    assert script_alphabet(["abC", "я2", "น้ำ"]) == {"Latin": "Cab", "Cyrillic": "я", "Thai": "น"}


def test_texts_are_asked_once() -> None:
    victim = NGrams()
    examples = english(2, 5)
    outcomes = attack(examples + [e._replace(id=e.id + "'") for e in examples], victim)
    assert len(victim.asked) == len(set(victim.asked)) < sum(o.forwards for o in outcomes)
    assert [o.forwards for o in outcomes[:5]] == [o.forwards for o in attack(examples)]
    assert all(0 < o.forwards <= o.queries for o in outcomes)


HOSTILE: dict[str, Fields] = {
    "empty": ("",),
    "emoji": ("🙂",),
    "marks": ("\u0301\u0301 \u200d",),
    "direction": ("\u202eabc\u202c \u200fשלום עולם\u200e",),
    "surrogate": ("broken \ud800 text \udfff here",),
    "split": ("one <SPLIT> two <SPLIT>", "<SPLIT>"),
    "lines": ("first line\nsecond line\r\n\tthird", "and\u2028more\x00text"),
    "unknown": ("[UNK] is [UNK]",),
    "long": (("the quick brown fox jumps over it " * 1500)[:50_000],),
    "long word": ("x" * 19_000,),
}


@pytest.mark.usefixtures("textattack")  # its import is not the text's fault
@pytest.mark.timeout(10, func_only=True)
@pytest.mark.parametrize("compat", COMPATS)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_give_typed_rows(compat: str, name: str) -> None:
    fields = HOSTILE[name]
    label = int(NGrams()([fields]).argmax())
    (outcome,) = attack([Example(name, fields, label)], compat=compat)
    assert outcome.status in {"succeeded", "failed", "skipped", "error"}
    assert len(outcome.fields) == len(fields)
    if outcome.status in {"skipped", "error"}:
        assert outcome.message and outcome.fields == fields
    if compat == "fixed":
        assert outcome.status == ("skipped" if name == "long" else outcome.status) != "error"
        assert "".join(outcome.fields).count("<SPLIT>") == 0 or name == "split"


@pytest.mark.parametrize(
    ("example", "message"),
    [
        (Example("a", ("fine text",), 3), "label '3'"),
        (Example("b", ("fine text",), -1), "label '-1'"),
        (Example("f", (None,), 0), "text"),  # type: ignore[arg-type]
        (Example("g", (7,), 0), "text"),  # type: ignore[arg-type]
    ],
)
def test_a_bad_example_is_a_row_and_not_the_end(example: Example, message: str) -> None:
    good = english(1, 2)
    outcomes = attack([good[0], example, good[1]])
    assert [o.status == "error" for o in outcomes] == [False, True, False]
    assert message in outcomes[1].message and "\n" not in outcomes[1].message
    assert results(outcomes[2:]) == results(attack(good[1:]))


@pytest.mark.parametrize("compat", COMPATS)
def test_a_victim_that_fails_fails_one_row(compat: str) -> None:
    class Fragile(NGrams):
        def __call__(self, texts: list[Fields]) -> np.ndarray:
            if any("doctor" in text[0] and "[UNK]" in text[0] for text in texts):
                raise RuntimeError("out of\nmemory \ud800")
            return super().__call__(texts)

    examples = gold([("A young doctor smiled warmly",), ("The old man walked home",)])
    broken, fine = attack(examples, Fragile(), compat=compat)
    assert (broken.status, broken.message) == ("error", "RuntimeError: out of memory \\ud800")
    assert results([fine]) == results(attack(examples[1:], compat=compat))


@pytest.mark.parametrize(
    "answer",
    [
        lambda n: np.full((n, 3), np.nan, np.float32),
        lambda n: np.ones((n + 1, 1), np.float32),
        lambda n: np.full((n, 2), 7.0, np.float32),
    ],
)
def test_a_victim_that_breaks_its_contract_is_told(answer: Any) -> None:
    (outcome,) = attack([Example("a", ("some text",), 0)], lambda texts: answer(len(texts)))
    assert outcome.status == "error" and ("victim" in outcome.message or "oracle" in outcome.message)


def test_many_classes_get_no_second_softmax() -> None:
    def victim(texts: list[Fields]) -> np.ndarray:
        rows = np.full((len(texts), 200), 0.1 / 199, np.float32)
        rows[:, 7] = np.float32(0.90001)  # the sum misses 1 by 1e-5
        return rows

    (outcome,) = attack([Example("a", ("some lovely text",), 7)], victim, labels=200)
    assert (outcome.status, outcome.score) == ("failed", 0.1)


def test_budget_is_kept_and_said() -> None:
    outcomes = attack(english(2), budget=5)
    assert max(o.queries for o in outcomes) == 5
    assert all("budget" in o.message for o in outcomes if o.status == "failed")
    assert attack(english(1, 1), budget=1)[0].queries == 1


def test_edits_stay_within_the_published_distance(textattack: Any) -> None:
    from xfer.attackers.textattack.adapters import NearEnough, _Text

    stock_distance = textattack.constraints.overlap.LevenshteinEditDistance(3)
    draw = random.Random(0)
    for _ in range(300):
        old, new = ("".join(draw.choices("ab", k=draw.randrange(9))) for _ in range(2))
        expected = stock_distance._check_constraint(_Text(new), _Text(old))
        assert NearEnough(3)._check_constraint(_Text(new), _Text(old)) == expected


def test_span_texts_agree_with_textattack_where_both_can(textattack: Any) -> None:
    from xfer.attackers.textattack.text import SpanText

    draw = random.Random(1)
    for example in english(2):
        text = SpanText.split(example.fields)
        plain = textattack.shared.AttackedText(OrderedDict(zip(("premise", "hypothesis"), example.fields, strict=True)))
        assert text.words == plain.words and text.text == plain.text and text.num_words == plain.num_words
        for _ in range(6):
            index, word = draw.randrange(text.num_words), "".join(draw.choices("abcä", k=draw.randint(1, 9)))
            text, plain = (t.replace_word_at_index(index, word) for t in (text, plain))
            assert text.fields == tuple(plain._text_input.values()) and text.words == plain.words
            assert text.attack_attrs["modified_indices"] == plain.attack_attrs["modified_indices"]


def test_stop_words_are_lower_case_words() -> None:
    words = shim.english_stopwords()
    assert {"the", "not", "don't", "whether"} <= words and len(words) > 200
    assert all(word == word.lower() and word.replace("'", "").isalpha() for word in words)


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs ``code`` in a fresh process."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=110)


LOAD = """
import logging, os, random, sys
file, stream = logging.FileHandler(sys.argv[1] if sys.argv[1:] else os.devnull, "w"), logging.StreamHandler()
mine, off = logging.getLogger("mine"), logging.getLogger("transformers")
mine.addHandler(file); mine.setLevel(logging.INFO); off.setLevel(logging.CRITICAL)
logging.getLogger().addHandler(stream)
import numpy as np, nltk, warnings
from nltk.corpus.util import LazyCorpusLoader
from xfer.attackers.textattack import attacker, load as textattack_shim
heavy = {"torch", "transformers", "datasets", "textattack"} & set(sys.modules)
assert not heavy, heavy
def state():
    loggers = ["mine", "transformers", "root"]
    return (dict(os.environ), list(logging.getLogger().handlers), logging.getLogger().level,
            [(logging.getLogger(n).disabled, logging.getLogger(n).level) for n in loggers], random.getstate(),
            str(np.random.get_state()), list(nltk.data.path), nltk.download, list(warnings.filters),
            logging.config.dictConfig, type(nltk.corpus.stopwords))
random.seed(1); np.random.seed(1)
before = state()
module = textattack_shim.load_textattack()
assert textattack_shim.load_textattack() is module is sys.modules["textattack"]
after = state()
for one, two in zip(before, after):
    assert one == two, (one, two)
assert after[-1] is LazyCorpusLoader
assert file.stream is not None and not file._closed, "an open log file was closed"
assert "flair" not in sys.modules or hasattr(sys.modules["flair"], "__file__")
import huggingface_hub.constants
assert os.environ["HOME"] in huggingface_hub.constants.HF_HOME
"""


def test_loading_leaves_the_process_as_it_was(tmp_path: Path) -> None:
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    clean = {
        "HF_HOME": str(tmp_path / "home" / "hf"),
        "TMPDIR": str(tmp_path / "tmp"),
        "TOKENIZERS_PARALLELISM": "false",
    }
    done = python(LOAD, HOME=str(tmp_path / "home"), **clean)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("sys.modules['textattack'] = None", shim.INSTALL_COMMAND),
        ("sys.meta_path.insert(0, Blocker())", shim.INSTALL_COMMAND),
        ("metadata.version = lambda _: '0.3.4'", shim.INSTALL_COMMAND),
        ("sys.modules['nltk'] = None", "nltk"),
    ],
)
def test_a_missing_textattack_is_one_line(block: str, message: str) -> None:
    done = python(f"""
import sys
from importlib import metadata
from xfer.attackers.textattack.attacker import TextAttack
from xfer.core.errors import MissingPart
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == "textattack": raise ModuleNotFoundError("blocked", name=name)
{block}
try:
    TextAttack().make_slot(None)
except MissingPart as error:
    print(error)
assert not [name for name in sys.modules if name.startswith("textattack.")]
""")
    assert done.returncode == 0, done.stderr
    assert message in done.stdout and done.stdout.count("\n") == 1
