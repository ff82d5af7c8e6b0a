"""Searches on every form: unmodified TextAttack searches against tiny networks, and what must be true of the rows."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from small_parts import make

from xfer.attackers.base import Attacker
from xfer.attackers.search.base import Setting
from xfer.attackers.textattack.recipes.table import RECIPES, recipe_resources
from xfer.core.component import Component
from xfer.forms.base import build_form
from xfer.models.network import build_network
from xfer.models.scratch import Scratch
from xfer.models.victims.build import build_victim

WORDS = "the old man never saw a green house near some very quiet water today and nobody asked him why".split()
LONGEST = 40
NETWORKS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "classify": (["a", "b", "c"], {}),
    "choose": ([], {}),
    "tag": (["O", "B-PER", "I-PER", "B-LOC"], {}),
    "span": ([], {"stride": 8, "question": 8, "longest": 4}),
    "retrieve": ([], {"task": "nearest"}),
}


def sentence(seed: int, count: int = 7) -> list[str]:
    return [str(word) for word in np.random.default_rng(seed).choice(WORDS, size=count)]


def rows(name: str, count: int = 8) -> list[dict[str, Any]]:
    """Rows of a form, some of them hostile."""
    made = []
    for i in range(count):
        text = " ".join(sentence(i)) + "."
        row: dict[str, Any] = {"id": f"r{i}", "language": "en", "text": text}
        if name == "classify":
            row |= {"pair": " ".join(sentence(i + 50, 4)), "label": "abc"[i % 3]}
        elif name == "choose":
            row |= {
                "question": "asked why?" if i % 2 else None,
                "options": ["the man", "a house", "him"],
                "label": i % 3,
            }
        elif name == "tag":
            tags = ["O", "B-PER", "I-PER", "O", "B-LOC", "O", "O"]
            row |= {"words": sentence(i), "tags": tags, "text": " ".join(sentence(i))}
        elif name == "span":
            row |= {"text": f"{text} Yes, {text}", "pair": "who asked?"}
            row |= {
                "answers": [text[:-1].split()[i % 4]],
                "starts": [len(" ".join(text.split()[: i % 4])) + (i % 4 > 0)],
            }
        else:
            row |= {"pair": None, "side": "query", "gold": [f"c{i}"], "part": "test", "pool": "en"}
        made.append(row)
    return made


def candidates(count: int = 8) -> list[dict[str, Any]]:
    blank = {"pair": None, "side": "candidate", "gold": None, "part": "test"}
    return [{"id": f"c{i}", "language": "en", "text": " ".join(sentence(i)) + " today", **blank} for i in range(count)]


@pytest.fixture(scope="module")
def victims() -> dict[str, Any]:
    origin = Scratch(layers=1, width=16, heads=2, vocabulary=300, positions=LONGEST + 4).load_origin(lambda: WORDS * 9)
    found = {}
    for name, (labels, options) in NETWORKS.items():
        network = build_network(origin, {name: build_form(name, labels, options)}, 3).eval()
        for part, weights in network.named_parameters():
            if "classifier" in part or "qa_outputs" in part:
                weights.data.mul_(50)  # a fresh head tells nothing apart
        found[name] = build_victim(network, name, LONGEST, candidates() if name == "retrieve" else ())
    return found


def told(victims: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Rows whose labels are mostly what the victim says, so that there is something to turn."""
    made = rows(name)
    for row in made if name == "classify" else ():
        (answer,) = victims[name]([(row["text"], row["pair"])])
        row["label"] = "abc"[int(answer.argmax())]
    return made


def searched(victims: dict[str, Any], name: str, asked: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    more = fields.pop("oracles", {})
    attacker: Any = Attacker.model_validate({"type": "textattack", "budget": 60} | fields)
    labels, options = NETWORKS[name]
    aim = attacker.task_aim(name, labels, options)
    setting = Setting(name, tuple(labels), aim, {"victim": victims[name]} | more, 4)
    found = {one["id"]: one for one in attacker.search_rows(asked, setting)}
    assert isinstance(attacker, Component) and len(found) == len(asked)
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_search_of_textattacks_on_every_form(victims: dict[str, Any], name: str) -> None:
    asked = rows(name)
    found = searched(victims, name, asked)
    assert {one["status"] for one in found.values()} <= {"succeeded", "failed", "skipped"}
    tried = [one for one in found.values() if one["status"] != "skipped"]
    assert tried and any(one["queries"] > 1 for one in tried)
    assert any(one["text"] != row["text"] for one, row in zip(found.values(), asked, strict=True) if one in tried)
    labels, options = NETWORKS[name]
    aim: Any = Attacker.model_validate("textattack").task_aim(name, labels, options)  # type: ignore[attr-defined]
    for row in asked:
        one = found[row["id"]]
        changed = {key: one[key] for key in row}
        build_form(name, labels, options).check_row(changed, "test", 1)
        (answer,) = victims[name]([aim.victim_item(aim.editable_text(changed))])
        score, done = aim.judge_answer(answer, aim.gold_answer(row))
        assert done == (one["status"] in ("succeeded", "skipped"))  # what is told is what the model says of the row
        assert one["status"] == "skipped" or score == pytest.approx(one["score"], abs=1e-4)
        kept = {"choose": ("options", "label"), "tag": ("tags",), "span": ("answers",)}.get(name, ())
        assert all(changed[key] == row[key] for key in (*kept, "id", "language"))
    alone = searched(victims, name, asked[3:4])
    assert alone == {asked[3]["id"]: found[asked[3]["id"]]}


def stub_tags(sentences: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Every word with an e is a noun, else a verb; longer ones are adjectives."""
    return [tuple("ADJ" if len(w) > 6 else "NOUN" if "e" in w else "VERB" for w in words) for words in sentences]


def stub_vectors(texts: list[str]) -> list[np.ndarray]:
    """Counts of letters, at length one."""
    found = [np.array([text.count(letter) + 0.1 for letter in "abcdefghijklmnopqrstuvwxyz"]) for text in texts]
    return [(vector / np.linalg.norm(vector)).astype(np.float32) for vector in found]


CONSTRAINTS: dict[str, dict[str, Any]] = {
    "changed_words": {"changed_words": 0.2},
    "edit_distance": {"edit_distance": 2},
    "edit_share": {"edit_share": 0.06},
    "protected": {"protected": ["HOUSE", "the", "man"]},
    "similarity": {"similarity": {"encoder": "stub", "at_least": 0.985}},
    "angular": {"similarity": {"encoder": "stub", "at_least": 0.95, "measure": "angular"}},
    "part_of_speech": {"part_of_speech": {"tagger": {"model": "stub"}}},
}


@pytest.mark.parametrize("kind", CONSTRAINTS)
@pytest.mark.parametrize("name", ["classify", "tag", "span"])
def test_constraints_hold_in_what_comes_out(victims: dict[str, Any], name: str, kind: str) -> None:
    asked, bounds = told(victims, name), CONSTRAINTS[kind]
    stubs = {"constraint tagger": stub_tags, "constraint encoder": stub_vectors}
    found = searched(victims, name, asked, constraints=bounds, oracles=stubs)
    free = searched(victims, name, asked)
    assert all(one["status"] != "error" for one in found.values()), [one["message"] for one in found.values()]
    changed = [(row, found[row["id"]]) for row in asked if found[row["id"]]["text"] != row["text"]]
    assert changed
    sides = ("text", "pair") if name != "tag" else ("text",)
    for row, one in changed:
        old = [re.findall(r"\w+", row[side]) for side in sides]
        new = [re.findall(r"\w+", one[side]) for side in sides]
        pairs = [(a, b) for x, y in zip(old, new, strict=True) for a, b in zip(x, y, strict=True) if a != b]
        words = sum(len([word for word in side if word.isalpha()]) for side in old)
        letters = sum(slow_distance(row[side], one[side]) for side in sides)
        if kind == "changed_words":
            assert len(pairs) <= 0.2 * words
        elif kind == "edit_distance":
            assert letters <= 2
        elif kind == "edit_share":
            assert letters <= 0.06 * sum(len(row[side]) for side in sides)
        elif kind == "protected":
            assert not {a.lower() for a, _ in pairs} & {"house", "the", "man"}
        elif kind == "part_of_speech":
            assert all(stub_tags([(a,)]) == stub_tags([(b,)]) for a, b in pairs)
        else:
            for side in sides:
                one_vector, two = stub_vectors([row[side], one[side]])
                cosine = float(np.clip(one_vector @ two, -1, 1))
                assert (cosine if kind == "similarity" else 1 - np.arccos(cosine) / np.pi) >= bounds["similarity"][
                    "at_least"
                ] - 1e-5
    assert any(found[row["id"]]["text"] != free[row["id"]]["text"] for row in asked), "the constraint changed nothing"


def slow_distance(one: str, two: str) -> int:
    row = list(range(len(two) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(two, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


@pytest.mark.parametrize("kept", ["kept", "only"])
def test_entities_are_kept_or_all_that_changes(victims: dict[str, Any], kept: str) -> None:
    asked = rows("tag")
    found = searched(victims, "tag", asked, constraints={"entities": kept})
    moved = 0
    for row in asked:
        one = found[row["id"]]
        for old, new, tag in zip(row["words"], one["words"], row["tags"], strict=True):
            moved += old != new
            assert old == new or (tag == "O") == (kept == "kept")
    assert moved


@pytest.mark.parametrize(("name", "side", "column"), [("classify", "premise", "text"), ("span", "question", "pair")])
def test_sides_are_protected_by_what_they_mean(victims: dict[str, Any], name: str, side: str, column: str) -> None:
    asked = told(victims, name)
    found = searched(victims, name, asked, protect=[side])
    other = "pair" if column == "text" else "text"
    assert all(found[row["id"]][column] == row[column] for row in asked)
    assert any(found[row["id"]][other] != row[other] for row in asked)


HOSTILE = {
    "empty": "",
    "emoji": "🙂",
    "marks": "\u202eabc\u202c \u200fשלום\u200e",
    "surrogate": "broken \ud800 text \udfff here",
    "split": "one <SPLIT> two <SPLIT>",
    "lines": "first\nsecond\x00 \u2028 third",
    "long": ("the quick brown fox jumps over it " * 1500)[:50_000],
}


@pytest.mark.parametrize("name", NETWORKS)
def test_hostile_rows_are_rows_that_say_what_became_of_them(victims: dict[str, Any], name: str) -> None:
    asked = []
    for (kind, text), row in zip(HOSTILE.items(), rows(name, len(HOSTILE)), strict=True):
        made = row | {"id": kind, "text": text}
        if name == "tag":
            words = text.split()[:2000] or [text]
            made |= {
                "words": words,
                "text": " ".join(words),
                "tags": ["O", "B-PER"] * (len(words) // 2) + ["B-LOC"] * (len(words) % 2),
            }
        if name == "span":
            made |= {"answers": [text[:3]], "starts": [0], "pair": text[:40]}
        if name == "retrieve":
            made["gold"] = row["gold"]
        asked.append(made)
    asked.append(rows(name, 1)[0])
    bad = {"classify": {"label": "z"}, "choose": {"label": 7}, "tag": {"tags": ["X"] * 7}, "span": {"starts": [5000]}}
    asked.append(rows(name, 1)[0] | {"id": "wrong"} | bad.get(name, {"gold": None}))
    found = searched(victims, name, asked, budget=12)
    assert {one["status"] for one in found.values()} <= {"succeeded", "failed", "skipped", "error"}
    for kind, one in found.items():
        assert one["status"] != "error" or one["message"], kind
        assert "\n" not in one["message"]
        row = next(row for row in asked if row["id"] == kind)
        if one["status"] in ("skipped", "error"):
            assert {key: one[key] for key in row} == row
    assert found["r0"]["status"] != "error" and found["wrong"]["status"] == "error"
    assert found["long"]["status"] == "skipped" or name == "tag"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return make(tmp_path_factory.mktemp("parts"))


@pytest.mark.parametrize("name", ["choose", "tag", "span", "retrieve"])
def test_every_recipe_that_fits_a_form_leaves_its_rows_true(
    victims: dict[str, Any], parts: dict[str, str], name: str
) -> None:
    fitting = [recipe for recipe, about in RECIPES.items() if name in about.forms]
    assert len(fitting) >= 14
    labels, options = NETWORKS[name]
    for recipe in fitting:
        read = {one.field: parts[one.field] for one in recipe_resources(recipe, "fixed")}
        asked = rows(name)[2:5]
        found = searched(victims, name, asked, recipe=recipe, budget=12, **read)
        for row in asked:
            one = found[row["id"]]
            assert one["status"] in ("succeeded", "failed", "skipped"), (recipe, one["message"])
            build_form(name, labels, options).check_row({key: one[key] for key in row}, recipe, 1)
            assert name != "span" or one["answers"] == row["answers"]


def blank_words() -> list[dict[str, Any]]:
    """Tagged sentences with empty words and words of white space: first, last, several, within a name, alone."""
    made = []
    for number, places in enumerate([(0,), (3,), (7,), (0, 1, 8), (2, 3, 4)]):
        words, tags = sentence(number), ["O", "B-PER", "I-PER", "O", "B-LOC", "O", "O"]
        for place, blank in zip(places, ("", "\xa0", "\u3000"), strict=False):
            words.insert(place, blank)
            tags.insert(place, "O")
        made.append({"id": f"b{number}", "language": "en", "text": " ".join(words), "words": words, "tags": tags})
    for name, words in {"inside": ["the", "", "man"], "alone": ["", "\xa0"]}.items():
        tags = ["B-PER", *["I-PER"] * (len(words) - 1)]
        made.append({"id": name, "language": "en", "text": " ".join(words), "words": words, "tags": tags})
    return made


@pytest.mark.parametrize("kind", ["free", "edit_distance", "part_of_speech", "similarity"])
def test_blank_words_stay_in_a_sentence_that_is_searched_all_the_same(
    victims: dict[str, Any], parts: dict[str, str], kind: str
) -> None:
    stubs = {"constraint tagger": stub_tags, "constraint encoder": stub_vectors}
    bounds = {"constraints": CONSTRAINTS[kind], "oracles": stubs} if kind != "free" else {}
    changed = set()
    for recipe in (recipe for recipe, about in RECIPES.items() if "tag" in about.forms):
        read = {one.field: parts[one.field] for one in recipe_resources(recipe, "fixed")}
        asked = blank_words()
        found = searched(victims, "tag", asked, recipe=recipe, budget=25, **read, **bounds)
        for row in asked:
            one = found[row["id"]]
            assert one["status"] in ("succeeded", "failed", "skipped"), (recipe, row["id"], one["message"])
            blanks = [
                [(word, tag) for word, tag in zip(some["words"], some["tags"], strict=True) if not word.strip()]
                for some in (row, one)
            ]
            assert blanks[0] == blanks[1] and one["text"] == " ".join(one["words"]), (recipe, row["id"])
            changed |= {recipe} if one["words"] != row["words"] else set()
    assert len(changed) >= 12


@pytest.mark.parametrize(
    ("name", "method"), [("tag", "delete"), ("tag", "beam"), ("span", "delete"), ("span", "beam"), ("choose", "beam")]
)
def test_words_come_and_go_under_unmodified_transformations(victims: dict[str, Any], name: str, method: str) -> None:
    from xfer.attackers.textattack import load as shim

    upstream: Any = shim.load_textattack()
    from xfer.attackers.textattack.adapters import constraint_guards
    from xfer.attackers.textattack.recipes.goals import Wrong
    from xfer.attackers.textattack.search import RecipeSearch

    class Insert(upstream.transformations.WordInsertion):
        def _get_new_words(self, current_text: Any, index: int) -> list[str]:
            return ["quiet", "green water"]

    labels, options = NETWORKS[name]
    attacker: Any = Attacker.model_validate({"type": "textattack", "constraints": {"changed_words": 0.5}})
    aim, asked = attacker.task_aim(name, labels, options), rows(name)

    def built(language: str, protect: tuple[int, ...]) -> Any:
        other = Insert() if method == "beam" else upstream.transformations.WordSwapNeighboringCharacterSwap()
        edits = [upstream.transformations.WordDeletion(), other]
        searches = upstream.search_methods
        search = searches.BeamSearch(2) if method == "beam" else searches.GreedyWordSwapWIR(wir_method="delete")
        change = upstream.transformations.CompositeTransformation(edits)
        return upstream.Attack(Wrong(aim, query_budget=80), constraint_guards(attacker.constraints), change, search)

    class Built(type(attacker)):  # type: ignore[misc]
        def make_slot(self, setting: Setting) -> Any:
            return RecipeSearch(setting.aim, built, ())

    Built.type_name = "textattack"
    setting = Setting(name, tuple(labels), aim, {"victim": victims[name]}, 3)
    found = list(Built(**attacker.model_dump(exclude={"type"})).search_rows(asked, setting))
    lengths = 0
    for one in found:
        row = next(row for row in asked if row["id"] == one["id"])
        assert one["status"] in ("succeeded", "failed", "skipped"), one["message"]
        changed = {key: one[key] for key in row}
        build_form(name, labels, options).check_row(changed, "test", 1)
        before, after = row["text"].split(), changed["text"].split()
        lengths += len(before) != len(after)
        if name == "tag":
            inside = [word for word, tag in zip(changed["words"], changed["tags"], strict=True) if tag != "O"]
            own = iter(word for word, tag in zip(row["words"], row["tags"], strict=True) if tag != "O")
            assert all(word in own for word in inside), "an entity has a word that was none of it"
        if name == "choose":
            assert changed["options"] == row["options"]
    assert lengths >= 2
