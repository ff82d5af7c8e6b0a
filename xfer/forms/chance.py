"""What systems score that never read a row: the chance level of each form, and how its answers are counted. Light.

The chance level of a metric is the best score that giving one answer to every row gets on the same gold, whichever
answer that is. Where a row has choices of its own, which mean nothing by their number, it is what a blind guess among
them scores on average:

- classify: accuracy: the share of the most frequent label (a third on XNLI); F1 of a positive label with share p: that
  of answering it everywhere, 2p / (1 + p); where a language has one label alone, accuracy of a blind guess, 1 / labels;
- tag: one tag on every word; accuracy: the share of the most frequent tag; F1: 0 for O, else that of the entities that
  are one word long or a whole sentence;
- span: the better of no answer and the most frequent answer;
- choose: the mean over rows of 1 / options;
- retrieve: a random order; accuracy: the mean of right candidates / candidates; mAP@20: its expectation; F1 of mined
  pairs: 0, of extracting nothing;
- mask: not known from what is stored.

Gold is that of the rows of one language, where it is known. Metrics are named and scaled (in [0, 1]) as the form's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from xfer.forms.sheet import form_facts, load_target
from xfer.metrics import qa
from xfer.metrics.retrieval import RANK_CUTOFF
from xfer.metrics.tagging import extract_entities

Scores = dict[str, float]  # metric -> score, the form's main metric first
Rows = Mapping[str, Sequence[Any]]


class Baseline:
    """Systems of one form that never read a row."""

    gold: ClassVar[str]  # the column of a data set's rows that holds the gold
    columns: ClassVar[tuple[str, ...]] = ()  # further ones that say what a row chooses from

    def __init__(self, labels: Sequence[str], options: Mapping[str, Any]) -> None:
        self.labels, self.options = list(labels), options

    def constants(self, gold: Sequence[Any], language: str) -> dict[str, Scores]:
        """answer -> what giving it to every row scores; of the answers that can be the best one."""
        return {}

    def chance(self, gold: Sequence[Any], choices: Sequence[int], language: str) -> Scores:
        """The chance level of each metric, where it is known; ``choices`` is the number of options or candidates of
        each row."""
        every = list(self.constants(gold, language).values())
        return {metric: max(scores[metric] for scores in every) for metric in every[0]} if every else {}

    def choices(self, rows: Rows) -> list[int]:
        """From how many options or candidates each row of a data set, or each prediction, chooses; nothing where that
        is the same for all or is not known."""
        return []

    def graded(self, rows: Rows) -> list[int]:
        """The rows of a data set that have an answer to judge by."""
        return [i for i, answer in enumerate(rows[self.gold]) if answer is not None]

    def units(self, answers: Iterable[Any]) -> Iterator[str]:
        """Answers, gold or predicted, as what is counted to see whether one is given everywhere."""
        yield from map(str, answers)

    def phrase(self, unit: str) -> str:
        """An answer in a sentence."""
        return f"'{unit if len(unit) <= 40 else unit[:39] + '…'}'" if unit else "nothing"


class ClassifyBaseline(Baseline):
    gold: ClassVar[str] = "label"

    def chance(self, gold: Sequence[Any], choices: Sequence[int], language: str) -> Scores:
        return (
            {"accuracy": 1 / len(self.labels)} if self.options.get("blind") else super().chance(gold, choices, language)
        )

    def constants(self, gold: Sequence[Any], language: str) -> dict[str, Scores]:
        counts, positive = Counter(gold), self.options.get("positive")
        found = {label: {"accuracy": count / len(gold)} for label, count in counts.items()}
        if positive is not None:
            right = counts[positive]
            found = {label: scores | {"f1": 0.0} for label, scores in found.items()}
            found[positive] = {"accuracy": right / len(gold), "f1": 2 * right / (len(gold) + right)}
        return found


class ChooseBaseline(Baseline):
    gold: ClassVar[str] = "label"
    columns: ClassVar[tuple[str, ...]] = ("options",)

    def constants(self, gold: Sequence[Any], language: str) -> dict[str, Scores]:
        return {str(place): {"accuracy": count / len(gold)} for place, count in Counter(gold).items()}

    def chance(self, gold: Sequence[Any], choices: Sequence[int], language: str) -> Scores:
        return {"accuracy": sum(1 / count for count in choices) / len(choices)}

    def choices(self, rows: Rows) -> list[int]:
        return list(map(len, rows["options"] if "options" in rows else rows["logits"]))

    def phrase(self, unit: str) -> str:
        return f"option {int(unit) + 1}"


class TagBaseline(Baseline):
    gold: ClassVar[str] = "tags"

    def constants(self, gold: Sequence[Any], language: str) -> dict[str, Scores]:
        counts = Counter(tag for tags in gold for tag in tags)
        words = sum(counts.values())
        found = {tag: {"accuracy": counts[tag] / words} for tag in dict.fromkeys([*counts, *self.labels])}
        if self.options.get("metric", "f1") == "accuracy":
            return found
        f1 = _entities_everywhere(gold, found)
        return {tag: {"f1": f1[tag], **scores} for tag, scores in found.items()}

    def units(self, answers: Iterable[Any]) -> Iterator[str]:
        return (tag for tags in answers for tag in tags)


def _entities_everywhere(gold: Sequence[Sequence[str]], tags: Iterable[str]) -> Scores:
    """The entity F1 of each tag on every word: it makes each word an entity (``B-PER``, ``SYM``), or each sentence
    (``I-PER``, ``NOUN``), or none (``O``)."""
    found = [(entity, len(sentence)) for sentence in gold for entity in extract_entities(sentence)]
    single = Counter(kind for (kind, start, end), _ in found if start == end)
    whole = Counter(kind for (kind, start, end), length in found if (start, end) == (0, length - 1))
    words, f1 = sum(map(len, gold)), dict[str, float]()
    for tag in tags:
        twice = extract_entities([tag, tag])
        right, predicted = (single, words) if len(twice) == 2 else (whole, len(gold))
        f1[tag] = 2 * right[twice[0][0]] / (predicted + len(found)) if twice else 0.0
    return f1


class SpanBaseline(Baseline):
    gold: ClassVar[str] = "answers"

    def constants(self, gold: Sequence[Any], language: str) -> dict[str, Scores]:
        frequent = Counter(self.units(gold)).most_common(1)[0][0]
        return {text: self._scores(gold, text, language) for text in dict.fromkeys(("", frequent))}

    def _scores(self, gold: Sequence[Any], text: str, language: str) -> Scores:
        rules, predicted = self.options.get("rules", "squad"), [text] * len(gold)
        if rules == "mlqa":
            return qa.score_mlqa(gold, predicted, language)
        scores = (qa.score_squad_v2 if rules == "squad_v2" else qa.score_squad)(gold, predicted)
        return {metric: scores[metric] for metric in ("f1", "exact")}

    def units(self, answers: Iterable[Any]) -> Iterator[str]:
        for found in answers:
            yield found if isinstance(found, str) else found[0] if found else ""


class RetrieveBaseline(Baseline):
    gold: ClassVar[str] = "gold"
    columns: ClassVar[tuple[str, ...]] = ("side", "part")

    def chance(self, gold: Sequence[Any], choices: Sequence[int], language: str) -> Scores:
        task = self.options.get("task", "nearest")
        if task == "mining":
            return {"f1": 0.0}
        if not choices:
            return {}
        pairs = [(len(set(right)), count) for right, count in zip(gold, choices, strict=True)]
        if task == "nearest":
            return {"accuracy": sum(right / count for right, count in pairs) / len(pairs)}
        return {f"map@{RANK_CUTOFF}": sum(random_precision(right, count) for right, count in pairs) / len(pairs)}

    def choices(self, rows: Rows) -> list[int]:
        """Nothing of predictions, which are without candidates."""
        if "side" not in rows:
            return []
        sizes = pool_sizes(rows, self.options.get("pool") == "shared")
        return [sizes[language] for language in rows["language"]]

    def graded(self, rows: Rows) -> list[int]:
        return [i for i in super().graded(rows) if (rows["side"][i], rows["part"][i]) == ("query", "test")]

    def units(self, answers: Iterable[Any]) -> Iterator[str]:
        return (ids[0] if ids else "" for ids in answers)

    def phrase(self, unit: str) -> str:
        return f"candidate {unit}" if unit else "nothing"


def random_precision(relevant: int, candidates: int, k: int = RANK_CUTOFF) -> float:
    """The expected average precision at ``k`` of a random order of candidates, of which some are relevant.

    At rank r a relevant one stands with the chance relevant / candidates, and then on average
    1 + (r - 1) (relevant - 1) / (candidates - 1) of the first r are relevant.
    """
    ranks = range(1, min(k, candidates) + 1)
    others = (relevant - 1) / (candidates - 1) if candidates > 1 else 0.0
    found = sum((1 + (rank - 1) * others) / rank for rank in ranks) * relevant / candidates
    return found / min(relevant, k) if relevant else 0.0


def pool_sizes(rows: Rows, shared: bool) -> dict[str, int]:
    """How many candidates the queries of each language search, in part test; of all languages where they are shared."""
    candidates = [
        language
        for language, side, part in zip(rows["language"], rows["side"], rows["part"], strict=True)
        if (side, part) == ("candidate", "test")
    ]
    counts = Counter(candidates)
    return {language: len(candidates) if shared else counts[language] for language in dict.fromkeys(rows["language"])}


def baseline(form: str, labels: Sequence[str], options: Mapping[str, Any]) -> Baseline | None:
    """The systems of a form with these labels and options that never read a row; None where the form has none."""
    target = form_facts(form).baseline_class
    if not target:
        return None
    built: Baseline = load_target(target)(labels, options)
    return built
