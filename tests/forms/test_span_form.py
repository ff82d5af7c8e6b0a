"""``span``: windows, targets, the best answers of each window, and one prediction a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from xfer.core.errors import BadRow, MissingPart
from xfer.forms.base import EncodedUnits, build_form
from xfer.forms.span import SpanForm
from xfer.forms.windows import cut_windows, own_subwords
from xfer.graph.jobs import RowForm, ScoreJob
from xfer.models.base import Origin
from xfer.models.network import Network, build_network, load_network
from xfer.models.predictor import predict_encoded, predict_rows
from xfer.models.scratch import Scratch
from xfer.steps.rows import write_rows
from xfer.steps.steps import score_step
from xfer.trainers.finetune import Finetune
from xfer.trainers.loop.fit import Context, TaskData, fit
from xfer.trainers.mixers import Proportional

WORDS = "the old cat sleeps in a garden while two birds sing on grey roofs and nobody hears them".split()
LONG = " ".join(WORDS * 4)
SCRIPTS = {
    "de": "Die alte Katze schläft im Garten, während zwei Vögel über die Straße fliegen.",
    "hi": "बूढ़ी बिल्ली बगीचे में सोती है। दो पक्षी छत पर गाते हैं।",
    "ar": "تنام القطة العجوز في الحديقة، ويغني طائران على السطح.",
    "zh": "老猫在花园里睡觉。两只鸟在屋顶上唱歌。",
    "th": "แมวแก่นอนหลับในสวน นกสองตัวร้องเพลงบนหลังคา",
    "emoji": "A cat \U0001f431 sleeps \U0001f468\u200d\U0001f469\u200d\U0001f467 here\u2028and ﬁnds ½ e\u0301clair.",
}


def rows(*texts: str, answers: Any = None, question: str = "who sleeps") -> dict[str, list[Any]]:
    """One question a text; ``answers`` holds a list of texts, of which each stands where it is found first."""
    answers = answers or [None] * len(texts)
    starts = [
        None if own is None else [text.index(one) for one in own] for text, own in zip(texts, answers, strict=True)
    ]
    count = len(texts)
    return {
        "id": [str(i) for i in range(count)],
        "language": ["en"] * count,
        "text": list(texts),
        "pair": [question] * count,
        "answers": answers,
        "starts": starts,
    }


def units(encoded: EncodedUnits) -> list[list[int]]:
    return [part.tolist() for part in np.split(encoded.ids, encoded.starts[1:-1])]


# windows


@pytest.mark.parametrize("segmented", [False, True])
def test_a_window_is_what_the_tokenizer_makes_of_the_pair(segmented: bool, tokenizer: Any, segments: Any) -> None:
    used = segments if segmented else tokenizer
    encoded = SpanForm().encode(rows("the old cat sleeps", "two birds sing"), used, 64)
    for i, text in enumerate(("the old cat sleeps", "two birds sing")):
        whole = used("who sleeps", text)
        assert units(encoded)[i] == whole["input_ids"]
        if segmented:
            assert encoded.types is not None
            part = encoded.types[encoded.starts[i] : encoded.starts[i + 1]]
            assert part.tolist() == whole["token_type_ids"]
    assert (encoded.types is not None) == segmented


@pytest.mark.parametrize("name", ["roberta", "bert"])
def test_long_contexts_have_the_tokenizers_own_windows(name: str, tokenizer: Any, segments: Any) -> None:
    """Transformers counts the overlap of two windows where the paper counts the step."""
    used = tokenizer if name == "roberta" else segments
    encoded = SpanForm(stride=10).encode(rows(LONG), used, 40)
    first = encoded.kept["places"][0]
    room = first[1] - first[0]
    own = used(
        "who sleeps",
        LONG,
        truncation="only_second",
        max_length=40,
        stride=int(room) - 10,
        return_overflowing_tokens=True,
    )
    assert units(encoded) == own["input_ids"]


@pytest.mark.parametrize("max_length", [16, 24, 40, 64])
@pytest.mark.parametrize("text", [LONG, *SCRIPTS.values()])
def test_windows_cover_every_character(text: str, max_length: int, tokenizer: Any) -> None:
    encoded = SpanForm(stride=7).encode(rows(text), tokenizer, max_length)
    assert encoded.lengths.max() <= max_length
    covered = np.zeros(len(text), dtype=bool)
    for part in encoded.kept["offsets"]:
        for start, end in part:
            covered[start:end] = True
    left = "".join(char for char, known in zip(text, covered, strict=True) if not known)
    assert not left.strip()


@pytest.mark.parametrize("max_length", [20, 33, 64])
def test_each_subword_is_owned_by_one_window(max_length: int, tokenizer: Any) -> None:
    encoded = SpanForm().encode(rows(LONG), tokenizer, max_length)
    owned = [
        tuple(encoded.kept["offsets"][unit][place - first])
        for unit, (first, _, own, past) in enumerate(encoded.kept["places"])
        for place in range(own, past)
    ]
    subwords = tokenizer(LONG, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    assert owned == [tuple(pair) for pair in subwords]


def test_a_subword_is_owned_where_its_poorer_side_is_richest() -> None:
    assert own_subwords([(0, 10), (5, 15)]) == [
        (0, 8),
        (8, 15),
    ]  # subword 7: 2 after it there, 2 before it here: a tie
    assert own_subwords([(0, 10)]) == [(0, 10)]
    assert own_subwords([(0, 4), (2, 6), (4, 7)]) == [(0, 3), (3, 5), (5, 7)]


def test_long_questions_are_cut(tokenizer: Any) -> None:
    many = rows("the old cat", question="nobody hears them " * 90)
    asked = len(tokenizer("nobody hears them " * 90, add_special_tokens=False)["input_ids"])
    assert asked > 64
    first = SpanForm().encode(many, tokenizer, 384).kept["places"][0][0]
    assert first == 1 + 64 + 2  # <s> question </s></s>
    assert SpanForm(question=20).encode(many, tokenizer, 384).kept["places"][0][0] == 1 + 20 + 2
    assert SpanForm().encode(many, tokenizer, 32).kept["places"][0][0] == 1 + 14 + 2  # half of what 32 - 4 leaves


def test_published_windows_step_by_128() -> None:
    context = np.arange(700)
    frame: Any = type("Frame", (), {"before": context[:1], "between": context[:2], "after": context[:1]})
    offsets = np.stack([context, context + 1], 1)
    made = cut_windows(0, frame, context[:16], context, offsets, (400, 402), 364, 128)
    assert [int(part.offsets[0, 0]) for part in made] == [0, 128, 256, 384]
    assert [part.target for part in made] == [(0, 0), (291, 293), (163, 165), (35, 37)]


def test_no_room_for_a_context_is_told(tokenizer: Any) -> None:
    with pytest.raises(MissingPart, match="max_length is 5"):
        SpanForm().encode(rows("a cat"), tokenizer, 5)


def test_a_slow_tokenizer_is_told() -> None:
    slow: Any = type("Slow", (), {"is_fast": False})
    with pytest.raises(MissingPart, match="fast tokenizer"):
        SpanForm().encode(rows("a cat"), slow, 64)


def test_contexts_without_subwords_have_a_window(tokenizer: Any) -> None:
    found = SpanForm().encode(rows("\u200b"), tokenizer, 32)
    assert len(found.lengths) == 1 and found.kept["targets"].tolist() == [[0, 0]]


def test_unpaired_surrogates_keep_offsets(tokenizer: Any) -> None:
    text = "a \ud83d\ude00 old cat"  # two code points, as an attack may leave them
    encoded = SpanForm().encode(rows(text, answers=[["cat"]]), tokenizer, 64)
    start, end = encoded.kept["targets"][0] - encoded.kept["places"][0][0]
    offsets = encoded.kept["offsets"][0]
    assert text[offsets[start, 0] : offsets[end, 1]].strip() == "cat"


def test_a_composed_mark_goes_with_its_letter(tokenizer: Any) -> None:
    ends = SpanForm().encode(rows("a cafe\u0301 in"), tokenizer, 64).kept["offsets"][0][:, 1]
    assert 7 in ends and 6 not in ends


# targets


@pytest.mark.parametrize("language", SCRIPTS)
def test_targets_lead_back_to_the_answer(language: str, tokenizer: Any) -> None:
    """Each piece between two spaces as an answer: what the targets cut out holds it."""
    text = SCRIPTS[language]
    for piece in text.split():
        start = text.index(piece)
        encoded = SpanForm().encode(rows(text, answers=[[piece]]), tokenizer, 128)
        first, last = encoded.kept["targets"][0] - encoded.kept["places"][0][0]
        offsets = encoded.kept["offsets"][0]
        assert offsets[first, 0] <= start and offsets[last, 1] >= start + len(piece)
        assert piece in text[offsets[first, 0] : offsets[last, 1]]
        assert offsets[first, 1] > start and offsets[last, 0] < start + len(piece)


def test_an_answer_may_stand_in_two_windows(tokenizer: Any) -> None:
    text = LONG.replace("nobody", "Xenia", 1)
    encoded = SpanForm(stride=6).encode(rows(text, answers=[["Xenia"]]), tokenizer, 40)
    having = [unit for unit, target in enumerate(encoded.kept["targets"]) if target[0]]
    assert len(having) >= 2
    for unit in having:
        (start, end), first = encoded.kept["targets"][unit], encoded.kept["places"][unit][0]
        offsets = encoded.kept["offsets"][unit]
        assert text[offsets[start - first, 0] : offsets[end - first, 1]].strip() == "Xenia"
    others = [unit for unit in range(len(encoded.lengths)) if unit not in having]
    assert others and all(encoded.kept["targets"][unit].tolist() == [0, 0] for unit in others)


def test_no_answer_is_the_first_subword(tokenizer: Any) -> None:
    encoded = SpanForm().encode(rows("the old cat", "the old cat", answers=[[], None]), tokenizer, 32)
    assert encoded.kept["targets"].tolist() == [[0, 0], [0, 0]]


def test_the_first_of_several_answers_is_learnt(tokenizer: Any) -> None:
    encoded = SpanForm().encode(rows("the old cat", answers=[["cat", "the"]]), tokenizer, 32)
    alone = SpanForm().encode(rows("the old cat", answers=[["cat"]]), tokenizer, 32)
    assert encoded.kept["targets"].tolist() == alone.kept["targets"].tolist()


# losses and answers


def logits(batch: dict[str, torch.Tensor], *scores: tuple[int, int, int, float]) -> torch.Tensor:
    """Zero but for (unit, place, 0 start or 1 end, score)."""
    made = torch.zeros((*batch["input_ids"].shape, 2))
    for unit, place, side, value in scores:
        made[unit, place, side] = value
    return made


def batch_of(span: SpanForm, encoded: EncodedUnits, tokenizer: Any) -> dict[str, torch.Tensor]:
    return span.build_batch(encoded, np.zeros(0), np.arange(len(encoded.lengths)), tokenizer)


def test_the_loss_is_the_mean_of_both_ends(tokenizer: Any) -> None:
    span = SpanForm()
    batch = batch_of(span, span.encode(rows("the old cat", answers=[["cat"]]), tokenizer, 32), tokenizer)
    start, end = batch["labels"][0].tolist()
    length = batch["input_ids"].shape[1]
    found = span.unit_losses(logits(batch, (0, start, 0, 3.0)), batch)
    likely = 3 - np.log(np.exp(3) + length - 1)
    assert found.tolist() == pytest.approx([-(likely - np.log(length)) / 2], abs=1e-5)
    assert end >= start > 0


def test_padding_does_not_change_the_loss(tokenizer: Any) -> None:
    span = SpanForm()
    both = rows("the old cat", "the old cat sleeps in a garden while two birds sing", answers=[["cat"], ["garden"]])
    encoded = span.encode(both, tokenizer, 64)
    drawn = torch.randn((2, int(encoded.lengths.max()), 2))
    together = span.unit_losses(drawn, batch_of(span, encoded, tokenizer))
    alone = span.build_batch(encoded, np.zeros(0), np.array([0]), tokenizer)
    assert span.unit_losses(drawn[:1, : int(encoded.lengths[0])], alone)[0] == pytest.approx(together[0].item())


def test_the_best_answers_are_all_pairs_that_may_be(tokenizer: Any) -> None:
    """Against every pair one by one: in order, within the context, started where owned, not too long."""
    span = SpanForm(longest=4, best=12)
    encoded = span.encode(rows(LONG), tokenizer, 24)
    batch = batch_of(span, encoded, tokenizer)
    drawn = torch.from_numpy(np.random.default_rng(0).normal(size=(*batch["input_ids"].shape, 2))).float()
    found = span.unit_answers(drawn, batch)
    for unit, (_, past, own, own_past) in enumerate(encoded.kept["places"].tolist()):
        pairs = {
            (i, j): float(drawn[unit, i, 0] + drawn[unit, j, 1])
            for i in range(own, own_past)
            for j in range(i, min(i + 4, past))
        }
        wanted = sorted(pairs, key=lambda pair: -pairs[pair])[:12]
        assert [tuple(pair) for pair in found["spans"][unit].tolist()][: len(wanted)] == wanted
        assert found["scores"][unit][: len(wanted)] == pytest.approx([pairs[pair] for pair in wanted], rel=1e-5)
        assert (found["scores"][unit][len(wanted) :] < -1e30).all()
        assert found["null"][unit] == pytest.approx(float(drawn[unit, 0].sum()))


def decoded(
    span: SpanForm, made: dict[str, Any], encoded: EncodedUnits, batch: Any, scores: torch.Tensor
) -> dict[str, Any]:
    return span.decode(span.unit_answers(scores, batch) | dict(encoded.kept), made)


def test_the_best_window_gives_the_prediction(tokenizer: Any) -> None:
    span, text = SpanForm(stride=6), LONG.replace("nobody", "Xenia", 1)
    made = rows(text, answers=[["Xenia", "them"]])
    encoded = span.encode(made, tokenizer, 40)
    batch = batch_of(span, encoded, tokenizer)
    scores = []
    for unit, (start, end) in enumerate(encoded.kept["targets"].tolist()):
        first, _, own, past = encoded.kept["places"][unit].tolist()
        owner = start and own <= start < past
        places = (start, end) if owner else (first, first)
        scores += [(unit, places[0], 0, 9.0 if owner else 3.0), (unit, places[1], 1, 9.0 if owner else 3.0)]
    found = decoded(span, made, encoded, batch, logits(batch, *scores))
    assert found["predicted"] == ["Xenia"] and found["credit"] == [1.0]
    assert found["gold"] == [["Xenia", "them"]] and 0.99 < found["score"][0] <= 1
    assert span.score(found) == {"f1": 1.0, "exact": 1.0}


def test_credit_is_f1_and_none_where_the_answer_is_withheld(tokenizer: Any) -> None:
    span = SpanForm()
    made = rows("the old cat sleeps", "the old cat sleeps", answers=[["old cat"], None])
    encoded = span.encode(made, tokenizer, 32)
    batch = batch_of(span, encoded, tokenizer)
    start, end = encoded.kept["targets"][0].tolist()
    strong = [(unit, end, side, 9.0) for unit in (0, 1) for side in (0, 1)]
    found = decoded(span, made, encoded, batch, logits(batch, *strong))
    last = "cat"[-len(found["predicted"][0]) :]
    assert found["predicted"][0] == found["predicted"][1] and found["predicted"][0].endswith(last)
    assert found["credit"][1] is None
    assert found["credit"][0] == span._marks([["old cat"]], found["predicted"][:1], "en")[0].f1
    assert start <= end


@pytest.mark.parametrize(("null", "predicted"), [(5.0, ""), (4.0, "cat")])
def test_squad_v2_answers_nothing_where_that_scores_higher(null: float, predicted: str, tokenizer: Any) -> None:
    made = rows("the old cat", "the old cat", answers=[["cat"], []])
    for rules in ("squad", "squad_v2"):
        span = SpanForm(rules=rules)
        encoded = span.encode(made, tokenizer, 32)
        batch = batch_of(span, encoded, tokenizer)
        start, end = encoded.kept["targets"][0].tolist()
        each = ((start, 0, 4.5), (end, 1, 4.5), (0, 0, null), (0, 1, null))
        strong = [(unit, *one) for unit in (0, 1) for one in each]
        found = decoded(span, made, encoded, batch, logits(batch, *strong))
        wanted = predicted if rules == "squad_v2" else "cat"
        assert found["predicted"] == [wanted] * 2
        if rules == "squad_v2":
            assert found["null"] == pytest.approx([2 * null - 9] * 2)
            assert found["credit"] == ([0.0, 1.0] if wanted == "" else [1.0, 0.0])
        else:
            assert found["credit"] == [1.0, 0.0] and "null" not in found


def test_the_threshold_moves_the_line(tokenizer: Any) -> None:
    made = rows("the old cat", answers=[["cat"]])
    for threshold, predicted in ((0.5, ""), (1.5, "cat")):
        span = SpanForm(rules="squad_v2", threshold=threshold)
        encoded = span.encode(made, tokenizer, 32)
        batch = batch_of(span, encoded, tokenizer)
        start, end = encoded.kept["targets"][0].tolist()
        strong = [(0, start, 0, 4.5), (0, end, 1, 4.5), (0, 0, 0, 5.0), (0, 0, 1, 5.0)]
        assert decoded(span, made, encoded, batch, logits(batch, *strong))["predicted"] == [predicted]


def test_no_answer_must_win_in_every_window(tokenizer: Any) -> None:
    """The score of no answer is the lowest of any window: one that holds the answer is enough."""
    span = SpanForm(rules="squad_v2")
    made = rows(LONG, answers=[[]])
    encoded = span.encode(made, tokenizer, 40)
    batch = batch_of(span, encoded, tokenizer)
    count = len(encoded.lengths)
    assert count > 1
    sure = [(unit, 0, side, 8.0) for unit in range(count) for side in (0, 1)]
    assert decoded(span, made, encoded, batch, logits(batch, *sure))["predicted"] == [""]
    assert decoded(span, made, encoded, batch, logits(batch, *sure[2:]))["null"] == [0.0]


def test_a_context_without_subwords_is_answered_with_nothing(tokenizer: Any) -> None:
    for rules in ("squad", "squad_v2"):
        span, made = SpanForm(rules=rules), rows("\u200b", answers=[[]])
        encoded = span.encode(made, tokenizer, 32)
        batch = batch_of(span, encoded, tokenizer)
        found = decoded(span, made, encoded, batch, logits(batch))
        assert found["predicted"] == [""] and np.isfinite(found["score"]).all()


def test_mlqa_rows_are_marked_by_the_rules_of_their_language(tokenizer: Any) -> None:
    span = SpanForm(rules="mlqa")
    gold = {"language": ["ar", "zh", "en"], "gold": [["القطة"], ["北京大学"], ["cats"]]}
    credit = span._credit(gold | {"predicted": ["قطة", "北京", "cat"]})
    assert credit == [1.0, pytest.approx(2 / 3), 0.0]
    part = {"language": ["zh"], "gold": [["北京大学"]], "predicted": ["北京"]}
    assert span.score(part)["f1"] == pytest.approx(2 / 3)
    assert SpanForm().score(part)["f1"] == 0.0


# rows


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"text": " "}, "has no text"),
        ({"pair": None}, "has no question"),
        ({"pair": " "}, "has no question"),
        ({"starts": []}, "not one start for each answer"),
        ({"starts": None}, "not one start for each answer"),
        ({"starts": [3]}, "the answer 'cat' does not stand at 3"),
        ({"starts": [-3]}, "does not stand at -3"),
        ({"answers": [""], "starts": [0]}, "the answer '' does not stand at 0"),
    ],
)
def test_rows_that_cannot_be_are_told(changes: dict[str, Any], words: str) -> None:
    good = {"id": "7", "language": "en", "text": "the cat", "pair": "who", "answers": ["cat"], "starts": [4]}
    SpanForm().check_row(good, "place", 3)
    SpanForm().check_row(good | {"answers": [], "starts": []}, "place", 3)
    SpanForm().check_row(good | {"answers": None, "starts": None}, "place", 3)
    with pytest.raises(BadRow, match=words) as caught:
        SpanForm().check_row(good | changes, "place", 3)
    assert (caught.value.file, caught.value.line) == ("place", 3)


# the whole way


def taught(count: int = 60) -> dict[str, list[Any]]:
    """The answer is the word after "two"; half of the contexts need several windows."""
    texts, answers = [], []
    for i in range(count):
        said = [WORDS[(i * 7 + k * 5) % 8] for k in range(8 + (i % 2) * 24)]
        place = (i * 11) % (len(said) - 1)
        said[place : place + 2] = ["two", WORDS[9 + i % 5]]
        texts.append(" ".join(said))
        answers.append([said[place + 1]])
    made = rows(*texts, answers=answers, question="two")
    made["starts"] = [[text.index(f"two {own[0]}") + 4] for text, own in zip(texts, answers, strict=True)]
    return made


def origin() -> Origin:
    made = taught()
    return Scratch(layers=1, width=64, heads=4, vocabulary=300, positions=32).load_origin(lambda: made["text"])


def trained(folder: Path, rules: str = "squad") -> tuple[Network, dict[str, Any]]:
    net = build_network(origin(), {"qa": build_form("span", options={"rules": rules})}, 1)
    made = taught()
    settings = Finetune(
        steps=150, batch_size=16, learning_rate=3e-3, weight_decay=0.0, warmup=0.1, max_length=32, precision="fp32"
    )
    context = Context(folder, 1, None, Proportional(), lambda *_, **__: None)
    result = fit(settings, net, [TaskData("qa", 1.0, made, made, ("en",))], context)
    return net, result


def test_a_small_network_learns_to_find_answers(tmp_path: Path) -> None:
    before = build_network(origin(), {"qa": build_form("span")}, 1)
    made = taught()
    untaught = before.forms["qa"].score(before.forms["qa"].decode(predict_rows(before, "qa", made, 32), made))
    net, result = trained(tmp_path)
    assert result["rows"]["qa"] > 60  # windows
    span = net.forms["qa"]
    found = span.decode(predict_rows(net, "qa", made, 32), made)
    assert [len(found[name]) for name in ("id", "predicted", "score", "credit")] == [60] * 4
    scores = span.score(found)
    assert scores["f1"] == pytest.approx(np.mean(found["credit"]))
    assert scores["f1"] > max(0.6, untaught["f1"] + 0.3)
    assert result["selected"][1] == pytest.approx(scores["f1"])


def test_scores_begin_with_what_the_credit_is(tmp_path: Path) -> None:
    """A report names its column by the first metric of the file and shows the mean credit of the rows."""
    job = ScoreJob(label="x", form=RowForm(name="span", labels=(), options={}), smoothing=None)
    columns = {"id": ["1", "2"], "language": ["en"] * 2, "gold": [["red cat"], ["dog"]], "predicted": ["cat", "dog"]}
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    write_rows(tmp_path / "in" / "predictions.parquet", columns | {"score": [1.0] * 2, "credit": [2 / 3, 1.0]})
    entry: Any = type("Entry", (), {"out": tmp_path / "in"})
    summary = score_step(job, {"predict": entry}, tmp_path, lambda *_, **__: None)
    scores = json.loads((tmp_path / "out" / "scores.json").read_text())["en"]
    assert [name for name in scores if name != "rows"] == ["f1", "exact"]
    assert scores["f1"] == pytest.approx(5 / 6) and summary["mean"] == round(5 / 6, 4)


def test_progress_counts_windows(tmp_path: Path) -> None:
    net, made, seen = build_network(origin(), {"qa": build_form("span")}, 1), taught(), []
    encoded = net.forms["qa"].encode(made, net.tokenizer, 32)
    predict_encoded(net, "qa", encoded, made, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(encoded.lengths), len(encoded.lengths)) and len(encoded.lengths) > 60


def test_a_saved_folder_is_an_ordinary_model(tmp_path: Path) -> None:
    net = build_network(origin(), {"qa": build_form("span")}, 1).eval()
    net.save_tasks(tmp_path)
    plain = transformers.AutoModelForQuestionAnswering.from_pretrained(tmp_path / "qa").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "qa")
    encoded = net.forms["qa"].encode(taught(4), net.tokenizer, 32)
    batch = net.forms["qa"].build_batch(encoded, np.zeros(0), np.arange(2), tokenizer)
    with torch.inference_mode():
        ours = net("qa", batch)
        theirs = plain(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
        again = load_network(tmp_path, "qa", build_form("span"))("qa", batch)
    assert torch.equal(ours[..., 0], theirs.start_logits) and torch.equal(ours[..., 1], theirs.end_logits)
    assert torch.equal(ours, again)
    assert plain.config.id2label == {0: "start", 1: "end"}


def test_a_classifier_becomes_a_span_finder_with_a_fresh_head(tmp_path: Path) -> None:
    first = build_network(origin(), {"nli": build_form("classify", ["a", "b", "c"])}, 1)
    first.save_tasks(tmp_path)
    second = build_network(Origin(tmp_path / "nli"), {"qa": build_form("span")}, 1)
    assert second.heads["qa"].qa_outputs.out_features == 2
    carried = dict(first.encoder.named_parameters())
    assert all(torch.equal(value, carried[name]) for name, value in second.encoder.named_parameters())
