"""Words cut into other subwords than a tokenizer's own: draws over its vocabulary, exact where nothing is drawn.

The vocabulary, its scores or its merges are read from the tokenizer's JSON. A word is drawn anew only where our own
cut without any draw is the tokenizer's, so that what differs is the draw and nothing else.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple, Protocol

from tokenizers import Encoding, Tokenizer
from transformers import PreTrainedTokenizerBase

from xfer.core.errors import MissingPart
from xfer.core.seeds import seeded_random

SUBWORD_SEPARATOR = "\x1f"  # between subwords, in texts that are read back by one that knows whole subwords only
SPACE_MARKS = ("▁", "Ġ")  # how vocabularies write the space before a word
Cuts = list[str]


class DrawSetting(Protocol):
    """What is read of ``augment.subwords``: shares of words and merges, and a power of probabilities."""

    @property
    def words(self) -> float:
        """Share of the words that are cut anew."""
        ...

    @property
    def drop(self) -> float:
        """Chance that a merge of byte pairs is left out."""
        ...

    @property
    def alpha(self) -> float:
        """Power of a cut's probability in unigram vocabularies."""
        ...


class BytePairVocabulary:
    """A byte-pair vocabulary: the pairs that are merged, by rank."""

    def __init__(self, model: dict[str, Any]) -> None:
        pairs = (tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in model["merges"])
        self.ranks = {pair: rank for rank, pair in enumerate(pairs)}
        self.vocabulary: dict[str, int] = model["vocab"]
        self.whole = bool(model.get("ignore_merges"))

    def best(self, word: str) -> Cuts | None:
        """The vocabulary's own cut of a word."""
        return [word] if self.whole and word in self.vocabulary else self.cut(word, None, 0.0)

    def drawn(self, word: str, random: Random, setting: DrawSetting) -> Cuts:
        """A cut in which each possible merge is left out with chance ``drop`` at each turn (BPE-dropout)."""
        return self.cut(word, random, setting.drop)

    def cut(self, word: str, random: Random | None, drop: float) -> Cuts:
        """Merges the first pair of the lowest rank until none is left."""
        parts = list(word)
        while True:
            candidates = [
                (rank, i)
                for i in range(len(parts) - 1)
                if (rank := self.ranks.get((parts[i], parts[i + 1]))) is not None
                and (random is None or random.random() >= drop)
            ]
            if not candidates:
                return parts
            _, i = min(candidates)
            parts[i : i + 2] = [parts[i] + parts[i + 1]]


class UnigramVocabulary:
    """A unigram vocabulary: the log-probability of each subword."""

    def __init__(self, model: dict[str, Any]) -> None:
        self.scores: dict[str, float] = dict(reversed([(piece, float(score)) for piece, score in model["vocab"]]))
        self.vocabulary = {piece: i for i, (piece, _) in reversed([*enumerate(model["vocab"])])}
        self.longest = max(map(len, self.scores))

    def ending(self, word: str, end: int) -> Iterator[tuple[int, float]]:
        """Where subwords that end at ``end`` begin, and their scores."""
        for start in range(max(0, end - self.longest), end):
            score = self.scores.get(word[start:end])
            if score is not None:
                yield start, score

    def best(self, word: str) -> Cuts | None:
        """The most probable cut; None where a letter is in no subword."""
        reached: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(word) + 1):
            options = [(reached[start][0] + score, start) for start, score in self.ending(word, end)]
            reached.append(max(options, key=lambda way: way[0]) if options else (-math.inf, 0))
        if reached[-1][0] == -math.inf:
            return None
        cuts, end = [], len(word)
        while end:
            start = reached[end][1]
            cuts.append(word[start:end])
            end = start
        return cuts[::-1]

    def drawn(self, word: str, random: Random, setting: DrawSetting) -> Cuts:
        """A cut drawn by its probability to the power of ``alpha``: forward sums, then backward draws."""
        reached = [0.0]
        for end in range(1, len(word) + 1):
            reached.append(_log_sum([reached[s] + setting.alpha * score for s, score in self.ending(word, end)]))
        cuts, end = [], len(word)
        while end:
            options = [(start, reached[start] + setting.alpha * score) for start, score in self.ending(word, end)]
            remaining = random.random()
            start = options[-1][0]
            for begin, weight in options:
                remaining -= math.exp(weight - reached[end])
                if remaining < 0:
                    start = begin
                    break
            cuts.append(word[start:end])
            end = start
        return cuts[::-1]


def _log_sum(values: Sequence[float]) -> float:
    top = max(values, default=-math.inf)
    return top if top == -math.inf else top + math.log(sum(math.exp(value - top) for value in values))


class Subword(NamedTuple):
    """One subword of a text and the code points that it stands for."""

    text: str
    start: int
    end: int


class Cutter:
    """What draws of a tokenizer need, made once. Raises MissingPart for vocabularies of other kinds."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer
        if not getattr(tokenizer, "is_fast", False):
            raise MissingPart("augment.subwords needs a fast tokenizer, whose vocabulary can be read")
        self.about = json.loads(tokenizer.backend_tokenizer.to_str())
        kind = self.about["model"]["type"]
        if kind not in ("BPE", "Unigram"):
            raise MissingPart(f"augment.subwords draws from BPE and Unigram vocabularies, and this one is {kind}")
        self.vocabulary: BytePairVocabulary | UnigramVocabulary = (
            BytePairVocabulary if kind == "BPE" else UnigramVocabulary
        )(self.about["model"])
        self.reader = Tokenizer.from_str(json.dumps(self.about))  # with neither truncation nor padding
        self.reader.no_truncation()
        self.reader.no_padding()
        self.best = lru_cache(maxsize=100_000)(self.vocabulary.best)
        self.whole = self._build_presplit()

    def _build_presplit(self) -> PreTrainedTokenizerBase:
        """The tokenizer with another inside, which takes subwords as they stand: all else is done as ever."""
        vocabulary = self.vocabulary.vocabulary
        if any(SUBWORD_SEPARATOR in piece for piece in vocabulary):
            raise MissingPart("augment.subwords cannot read a vocabulary with the character U+001F in a subword")
        unknown = self.tokenizer.unk_token or next(iter(vocabulary))
        description = self.about | {"normalizer": None, "truncation": None, "padding": None}
        description["pre_tokenizer"] = {
            "type": "Split",
            "pattern": {"String": SUBWORD_SEPARATOR},
            "behavior": "Removed",
            "invert": False,
        }
        description["model"] = {"type": "WordLevel", "vocab": vocabulary, "unk_token": unknown}
        presplit = copy.deepcopy(self.tokenizer)
        presplit._tokenizer = Tokenizer.from_str(json.dumps(description))
        return presplit

    def cut_text(self, text: str, setting: DrawSetting, random: Random, exact: bool = False) -> list[Subword]:
        """The subwords of a text, some of its words cut anew; ``exact`` where the code points of each matter."""
        pieces: list[Subword] = []
        for word in _word_groups(self.reader.encode(text, add_special_tokens=False)):
            parts = self._sample_word(word, setting, random, exact) if random.random() < setting.words else None
            pieces += parts or [Subword(value, *span) for value, span in word]
        return pieces

    def _sample_word(
        self, word: list[tuple[str, Any]], setting: DrawSetting, random: Random, exact: bool
    ) -> list[Subword] | None:
        current = [value for value, _ in word]
        joined, start, end = "".join(current), word[0][1][0], word[-1][1][1]
        if self.best(joined) != current:
            return None
        lead = int(joined[0] in SPACE_MARKS and end - start == len(joined) - 1)  # a space that stands for no code point
        if exact and end - start != len(joined) - lead:
            return None  # letters that the tokenizer composed: no telling where one of its subwords begins
        drawn = self.vocabulary.drawn(joined, random, setting)
        if drawn == current:
            return None
        done, subwords = start - lead, list[Subword]()
        for piece in drawn:
            first = max(start, done)
            done += len(piece)
            subwords.append(
                Subword(piece, first, max(done, first + 1))
            )  # the tokenizer lays a bare space on its letter
        return subwords


def _word_groups(encoding: Encoding) -> Iterator[list[tuple[str, Any]]]:
    """The subwords of each word with their places; added tokens are words of their own that nothing cuts."""
    word: list[tuple[str, Any]] = []
    before: Any = None
    for value, number, span in zip(encoding.tokens, encoding.word_ids, encoding.offsets, strict=True):
        if word and (number is None or number != before):
            yield word
            word = []
        word.append((value, span))
        before = number
    if word:
        yield word


class SamplingTokenizer:
    """A tokenizer, as forms call it, whose lists of texts are cut by a draw; equal texts of one are cut alike."""

    def __init__(self, cutter: Cutter, setting: DrawSetting, *names: Any) -> None:
        self.cutter, self.setting, self.names = cutter, setting, names

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cutter.tokenizer, name)

    def __call__(self, texts: Any, pairs: Any = None, **options: Any) -> Any:
        if isinstance(texts, str):  # a form that asks what stands around a text
            return self.cutter.tokenizer(texts, pairs, **options)
        if options.get("return_offsets_mapping"):
            return self._placed(texts)
        return self.cutter.whole(*(self._joined(side) if side else None for side in (texts, pairs)), **options)

    def _joined(self, texts: Sequence[str]) -> list[str]:
        vocabulary = self.cutter.vocabulary.vocabulary
        unknown = self.cutter.tokenizer.unk_token or ""
        added = self.cutter.tokenizer.get_added_vocab()
        cuts = ([piece.text for piece in self._cut(text)] for text in texts)
        return [
            SUBWORD_SEPARATOR.join(piece if piece in vocabulary or piece in added else unknown for piece in cut)
            for cut in cuts
        ]

    def _placed(self, texts: Sequence[str]) -> dict[str, Any]:
        number = self.cutter.tokenizer.get_vocab()
        unknown = self.cutter.tokenizer.unk_token_id
        cuts = [self._cut(text, True) for text in texts]
        ids = [[number.get(piece.text, unknown) for piece in cut] for cut in cuts]
        return {"input_ids": ids, "offset_mapping": [[(piece.start, piece.end) for piece in cut] for cut in cuts]}

    def _cut(self, text: str, exact: bool = False) -> list[Subword]:
        return self.cutter.cut_text(text, self.setting, seeded_random("subwords", *self.names, text), exact)
