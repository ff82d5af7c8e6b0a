"""Scores of one file of predictions against one of gold answers, in XTREME's submission layout.

Scores are those of google-research/xtreme's evaluate.py (838c13b) and the scripts that it calls, or of SQuAD 2.0's own
(evaluate-v2.0.py): every row of the gold file counts once. Where those stop, or compare rows that do not belong
together (unequal lengths, unknown labels), a UsageError names file and line. Where their value is not what a file seems
to mean (a label of another type, an empty line in BUCC's), it stands and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from xfer.core.errors import UsageError
from xfer.metrics import qa
from xfer.metrics.benchmarks import BenchmarkTask, Layout
from xfer.metrics.classification import accuracy
from xfer.readers import submission
from xfer.readers.submission import GoldQuestion, RepeatedId, SentenceTags, file_fault

Scores = dict[str, float]


class FileScores(NamedTuple):
    """``scores``: ``rows`` and ``missing`` as counts, the metrics in percent. ``notes``: a sentence each."""

    scores: Scores
    notes: list[str]


class _Files(NamedTuple):
    """What is scored, and the notes that are taken meanwhile."""

    task: BenchmarkTask
    gold: Path
    predictions: Path
    language: str | None
    notes: list[str]


def score_file(task: BenchmarkTask, gold: Path, predictions: Path, language: str | None) -> FileScores:
    """``rows`` and the metrics of one pair of files. Raises UsageError."""
    files = _Files(task, gold, predictions, language, [])
    try:
        found = _SCORERS[task.layout](files)
    except ValueError as error:  # what the pure metrics refuse
        raise file_fault(predictions, 0, str(error)) from None
    percent = {name: value if name in ("rows", "missing") else 100 * value for name, value in found.items()}
    return FileScores(percent, files.notes)


def _labels(files: _Files) -> Scores:
    known = files.task.labels
    return _accuracy(files, submission.read_labels(files.gold, known), submission.read_labels(files.predictions, known))


def _choices(files: _Files) -> Scores:
    gold, predicted = (submission.read_choices(path, files.task.labels) for path in (files.gold, files.predictions))
    found = _accuracy(files, gold, predicted)
    unlike = [line for (line, one), (_, other) in zip(predicted, gold, strict=True) if _looks_equal(one, other)]
    if unlike:
        what = f"{files.predictions}:{unlike[0]}: a label that is text never equals one that is a number"
        files.notes.append(f"{what}: {_count(len(unlike), 'row')} counted as wrong, as the official script does")
    return found


def _looks_equal(one: Any, other: Any) -> bool:
    """Whether one of two labels is the other one as text."""
    return isinstance(one, str) != isinstance(other, str) and float(one) == float(other)


def _accuracy(files: _Files, gold: Sequence[tuple[int, Any]], predicted: Sequence[tuple[int, Any]]) -> Scores:
    """The share of equal labels, each side as (line, label). Raises UsageError for unequal lengths."""
    if len(gold) != len(predicted):
        line = min(len(gold), len(predicted)) + 1
        raise file_fault(
            files.predictions, line, f"{len(predicted)} predictions, but {files.gold} has {len(gold)} rows"
        )
    return {"rows": len(gold), "accuracy": accuracy(*([label for _, label in side] for side in (gold, predicted)))}


def _tags(files: _Files) -> Scores:
    from xfer.metrics.tagging import entity_f1, token_accuracy  # late: numpy, which labels do without

    # A model may answer O for any word, and treebanks mark a word without a tag by an underscore.
    known = {*files.task.labels, "O", "_"} if files.task.labels else ()
    gold, predicted = (submission.read_tags(path, known) for path in (files.gold, files.predictions))
    for number, (one, other) in enumerate(zip(gold, predicted, strict=False), 1):
        if len(one.tags) != len(other.tags):
            what = f"sentence {number} has {len(other.tags)} tags, but {len(one.tags)} in {files.gold}:{one.line}"
            raise _bad_sentence(files, other, what)
    if len(gold) != len(predicted):
        extra = next(iter(predicted[len(gold) :]), None)
        raise _bad_sentence(files, extra, f"{len(predicted)} sentences, but {files.gold} has {len(gold)}")
    sides = [sentence.tags for sentence in gold], [sentence.tags for sentence in predicted]
    return {"rows": len(gold), **entity_f1(*sides), "accuracy": token_accuracy(*sides)}


def _bad_sentence(files: _Files, sentence: SentenceTags | None, what: str) -> UsageError:
    """The fault of a predicted sentence, or of one that is not there."""
    if sentence is not None and not sentence.tags:
        what += "; an empty line after another one is an empty sentence"
    return file_fault(files.predictions, sentence.line if sentence else 0, what)


def _pairs(files: _Files) -> Scores:
    from xfer.metrics.retrieval import mining_f1  # late, as above

    sides = []
    for path in (files.gold, files.predictions):
        lines = submission.read_pairs(path)
        sides.append([cells for _, cells in lines])
        if empty := [line for line, cells in lines if not any(cells)]:
            what = f"{path}:{empty[0]}: the official script counts empty lines as one pair"
            files.notes.append(f"{what}; {_count(len(empty), 'line')} of this file is empty")
    found = mining_f1(*sides)
    return {"rows": len(sides[0]), "f1": found.f1, "precision": found.precision, "recall": found.recall}


def _answers(files: _Files) -> Scores:
    gold, predicted = submission.read_gold_answers(files.gold), submission.read_answers(files.predictions)
    repeated = submission.repeated_id(files.gold, gold)
    given = [_given(files, question, predicted) for question in gold]
    texts = [question.answers for question in gold]
    counts = {"rows": len(gold), "missing": given.count(None)}
    if files.task.name == "squad_v2":
        _refuse_what_squad_v2_cannot(files, gold, given, repeated)
        return counts | qa.score_squad_v2(texts, given)
    if none := [question.id for question in gold if not question.answers and question.id in predicted]:
        raise file_fault(
            files.gold, 0, f"question '{none[0]}' has no answer that its prediction could be compared with"
        )
    if repeated:
        what = f"{_count(repeated.total, 'id')} given to several questions, such as '{repeated.id}' on lines"
        what += f" {repeated.first} and {repeated.second}"
        files.notes.append(f"{files.gold}: {what}: each question counts, with the one prediction of its id")
    if files.task.name != "mlqa":
        return counts | qa.score_squad(texts, given)
    if files.language is None:
        raise file_fault(files.predictions, 0, "MLQA's rules depend on the language; give --language")
    return counts | qa.score_mlqa(texts, given, files.language)


def _given(files: _Files, question: GoldQuestion, predicted: Mapping[str, Any]) -> str | None:
    """The prediction for a question; None where there is none."""
    answer = predicted.get(question.id)
    if question.id in predicted and not isinstance(answer, str):
        raise file_fault(files.predictions, 0, f"the answer to question '{question.id}' is not text")
    return answer


def _refuse_what_squad_v2_cannot(
    files: _Files, gold: Sequence[GoldQuestion], given: Sequence[str | None], repeated: RepeatedId | None
) -> None:
    """SQuAD 2.0's script keeps scores by id: of equal ids it counts one, and without a prediction it stops."""
    if repeated:
        what = f"question '{repeated.id}' stands here and on line {repeated.first}"
        raise file_fault(files.gold, repeated.second, f"{what}; the script of SQuAD 2.0 would count only one of them")
    if missing := [question.id for question, answer in zip(gold, given, strict=True) if answer is None]:
        what = f"has no answer to question '{missing[0]}' ({len(missing)} missing), where the script of SQuAD 2.0 stops"
        raise file_fault(files.predictions, 0, f'{what}; write "" where a system answers nothing')


def _rankings(files: _Files) -> Scores:
    from xfer.metrics.retrieval import mean_average_precision, mean_reciprocal_rank  # late, as above

    (relevant, known), ranked = submission.read_relevant(files.gold), submission.read_rankings(files.predictions)
    if none := [query for query, ids in relevant.items() if not ids]:
        raise file_fault(files.gold, 0, f"query '{none[0]}' has no relevant id")
    _check_rankings(files, relevant, known, ranked)
    counts = {"rows": len(relevant), "missing": len(set(relevant) - set(ranked))}
    if files.task.name != "mewslix":
        return counts | {"map@20": mean_average_precision(relevant, ranked)}
    if several := [query for query, ids in relevant.items() if len(ids) > 1]:
        files.notes.append(f"{files.gold}: query '{several[0]}' has several ids; the official script takes the first")
    first = {query: [ids[0].strip()] for query, ids in relevant.items()}
    return counts | {"map@20": mean_reciprocal_rank(first, ranked)}


def _check_rankings(
    files: _Files, relevant: Mapping[str, Sequence[str]], known: Collection[str], ranked: Mapping[str, Sequence[str]]
) -> None:
    """A note for ids with blanks; UsageError for rankings of other queries, or of ids that are no candidates."""
    if ranked and relevant and not set(relevant) & set(ranked):
        what = f"ranks nothing for any query of {files.gold}, such as '{next(iter(relevant))}'"
        raise file_fault(files.predictions, 0, what)
    for query, ids in ranked.items() if known else ():
        if strange := [name for name in ids if name not in known]:
            what = f"query '{query}' ranks '{strange[0]}', which {files.gold.parent} has no candidate of"
            raise file_fault(files.predictions, 0, what)
    blank = [(query, name) for query, ids in ranked.items() for name in ids if name != name.strip()]
    for query, name in blank[:1]:
        what = f"{files.predictions}: query '{query}' ranks '{name}', and blanks are a part of an id"
        files.notes.append(f"{what}: {_count(len(blank), 'id')} with blanks around")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("s" if number != 1 else "")


_SCORERS: dict[Layout, Callable[[_Files], Scores]] = {
    "labels": _labels,
    "choices": _choices,
    "tags": _tags,
    "pairs": _pairs,
    "answers": _answers,
    "rankings": _rankings,
}
