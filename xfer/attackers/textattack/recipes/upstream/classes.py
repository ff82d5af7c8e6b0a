"""TextAttack's own classes as its recipes use them, joined to local resources where they would download.

What is replaced is who computes (encoder, tagger, language model); sizes, thresholds and faults stay.
Importing this module imports TextAttack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from xfer.attackers.lexicons.located import located
from xfer.attackers.search.scheduler import ask_oracle
from xfer.attackers.textattack import load
from xfer.attackers.textattack.proposals import Masking
from xfer.attackers.textattack.recipes.edits import word_gradients
from xfer.attackers.textattack.recipes.resources import RECIPE_ENCODER, RECIPE_TAGGER

if TYPE_CHECKING:  # names for readers: importing TextAttack is left to ``load``
    from textattack.shared import AttackedText
    from textattack.transformations import Transformation

_textattack: Any = load.load_textattack()
_swaps: Any = _textattack.transformations
_constraints: Any = _textattack.constraints
_models: Any = _constraints.grammaticality.language_models


class UpstreamEncoder(_constraints.semantics.sentence_encoders.SentenceEncoder):
    """TextAttack's similarity, its sentence vectors from the queue ``ENCODER``."""

    def encode(self, sentences: Sequence[str]) -> torch.Tensor:
        """The vectors of sentences, [sentences, width]."""
        return torch.from_numpy(np.stack(ask_oracle(RECIPE_ENCODER, list(sentences))))

    def _score_list(self, starting_text: AttackedText, transformed_texts: Sequence[AttackedText]) -> torch.Tensor:
        """The similarity of each text, [texts]. What TextAttack computes of short ones it throws away: they get 1."""
        scores = torch.ones(len(transformed_texts))
        short = self.window_size if self.skip_text_shorter_than_window else 0
        long_enough = [i for i, text in enumerate(transformed_texts) if len(text.words) >= short]
        if long_enough:
            scores[long_enough] = (
                super()._score_list(starting_text, [transformed_texts[i] for i in long_enough]).float()
            )
        return scores


class UpstreamPartOfSpeech(_constraints.grammaticality.PartOfSpeech):
    """TextAttack's part-of-speech check, its tags from the queue ``TAGGER``; the first equal word's tag counts."""

    def _get_pos(self, before_ctx: list[str], word: str, after_ctx: list[str]) -> str:
        words = (*before_ctx, word, *after_ctx)
        tag: str = ask_oracle(RECIPE_TAGGER, [words])[0][words.index(word)]
        return tag


class Proposed(_swaps.WordSwapMaskedLM):
    """TextAttack's masked-LM swap, its candidates from the queue ``proposals``."""

    def _bae_replacement_words(self, current_text: AttackedText, indices_to_modify: Sequence[int]) -> list[list[str]]:
        mask = self._lm_tokenizer.mask_token
        texts = [current_text.replace_word_at_index(index, mask).text for index in indices_to_modify]
        return ask_oracle("proposals", [Masking(text, self.max_candidates, self.min_confidence) for text in texts])


class _TaggedText:
    """Mixed into a transformation that asks a text for its tags: they come from the queue ``TAGGER``."""

    def _get_transformations(self, current_text: AttackedText, indices_to_modify: Iterable[int]) -> list[Any]:
        tags = ask_oracle(RECIPE_TAGGER, [tuple(current_text.words)])[0] if current_text.num_words else ()
        current_text.pos_of_word_index = lambda index: tags[index]
        current_text.ner_of_word_index = lambda index, *_: SimpleNamespace(value=_entity_ends(tags, index), score=1.0)
        candidates: list[Any] = super()._get_transformations(current_text, indices_to_modify)  # type: ignore[misc]
        return candidates


class UpstreamMerge(_TaggedText, _swaps.WordMergeMaskedLM):
    """TextAttack's merge."""


class HowNet(_TaggedText, _swaps.WordSwapHowNet):
    """TextAttack's sememe swap with a table of our own format."""

    def __init__(self, bank: dict[str, dict[str, list[str]]]) -> None:
        self.letters_to_insert, self.max_candidates, self.candidates_bank = "", -1, bank
        self.pos_dict = {"ADJ": "adj", "NOUN": "noun", "ADV": "adv", "VERB": "verb"}


class ChangeName(_TaggedText, _swaps.WordSwapChangeName):
    """TextAttack's change of names."""


class ChangeLocation(_TaggedText, _swaps.WordSwapChangeLocation):
    """TextAttack's change of places."""


class WordNet(_swaps.WordSwap):
    """TextAttack's synonyms, from any folder."""

    def __init__(self, synonyms: Callable[[str], Sequence[str]]) -> None:
        super().__init__()
        self.synonyms = synonyms

    def _get_replacement_words(self, word: str) -> list[str]:
        return [new for new in self.synonyms(word) if _textattack.shared.utils.is_one_word(new)]


class OneWord(_models.Google1BillionWordsLanguageModel):
    """TextAttack's ranking by a language model, which reads one word before the swapped one."""

    def __init__(self, top_n_per_index: int) -> None:
        self.lm, self.top_n, self.top_n_per_index = self, None, top_n_per_index
        self.compare_against_original = False

    def get_words_probs(self, prefix: str, words: Sequence[str]) -> np.ndarray:
        """The chance of each word after another, [words]."""
        return np.exp(np.array(ask_oracle("language_model", [(f"{prefix} ", str(word)) for word in words])))


class Windowed(_models.LanguageModelConstraint):
    """The learning-to-write constraint: the log-probability of a window of words alone, by a causal model."""

    def __init__(self, window_size: int, **options: Any) -> None:
        self.window_size = window_size
        super().__init__(**options)

    def get_log_probs_at_index(self, text_list: Sequence[AttackedText], word_index: int) -> list[float]:
        windows = [text.text_window_around_index(word_index, self.window_size) for text in text_list]
        words = [" ".join(_textattack.shared.utils.words_from_text(window)) for window in windows]
        return ask_oracle("language_model", [("", window) for window in words])


class FirstPiece(_models.LanguageModelConstraint):
    """The GPT-2 constraint: each word's first subword, as if no space stood before it (oracle ``FirstSubword``)."""

    def get_log_probs_at_index(self, text_list: Sequence[AttackedText], word_index: int) -> list[float]:
        prefix = text_list[0].text_until_word_index(word_index)
        if not _textattack.shared.utils.has_letter(prefix):
            return [0.0] * len(text_list)
        return ask_oracle("language_model", [(prefix, text.words[word_index]) for text in text_list])


class UpstreamVictim:
    """What TextAttack's gradient ranking asks of a model: a gradient by subword, and the subwords as it names them."""

    model = None

    def __init__(self, network: Any, gold: Callable[[], int], longest: int) -> None:
        self.network, self.gold, self.tokenizer, self.longest = network, gold, network.tokenizer, longest

    def get_grad(self, text_input: Any) -> dict[str, Any]:
        """The gradient of the loss [subwords, width]."""
        fields = (text_input,) if isinstance(text_input, str) else tuple(text_input)
        return {"gradient": ask_oracle("slopes", [(fields, self.gold())])[0]}

    def tokenize(self, inputs: Sequence[Any], strip_prefix: bool = False) -> list[list[str]]:
        """The subwords of each text, without the prefixes that TextAttack knows."""
        token_lists = []
        for text in inputs:
            fields = (text,) if isinstance(text, str) else tuple(text)
            ids = self.tokenizer(*fields, truncation=True, max_length=self.longest)["input_ids"]  # as the gradient's
            tokens = self.tokenizer.convert_ids_to_tokens(ids)
            token_lists.append([_without_prefix(token) for token in tokens] if strip_prefix else tokens)
        return token_lists


class UpstreamFlip(_swaps.WordSwap):
    """TextAttack's gradient swap, which proposes one flip for the whole text, for any encoder."""

    is_black_box = False

    def __init__(self, gold: Callable[[], int], top_n: int = 1) -> None:
        super().__init__()
        self.gold, self.top_n = gold, top_n

    def _get_transformations(self, current_text: AttackedText, indices_to_modify: Iterable[int]) -> list[Any]:
        slopes = word_gradients(current_text, self.gold(), 1)
        flips = [(-gain, i, word) for i in sorted(indices_to_modify) for word, gain in slopes.flips[i]]
        return [current_text.replace_word_at_index(i, word) for _, i, word in sorted(flips)[: self.top_n]]


def homoglyph_swap(file: str | None) -> Transformation:
    """TextAttack's homoglyphs; the list that its package lacks is read from ``file`` if given."""
    swap = _swaps.WordSwapHomoglyphSwap.__new__(_swaps.WordSwapHomoglyphSwap)
    with suppress(FileNotFoundError):  # its own table of letters is set by then
        swap.__init__()
    swap.homos_intentional = intentional_homoglyphs(located(file)) if file else {}
    return swap


def intentional_homoglyphs(path: Path) -> dict[str, list[str]]:
    """Unicode's ``intentional.txt`` (UTS 39): a code point, a semicolon, and another that looks the same on purpose."""
    table: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        codes = line.partition("#")[0].split(";")
        if len(codes) == 2:
            char, twin = (chr(int(code.strip(), 16)) for code in codes)
            table.setdefault(char, []).append(twin)
    return table


def _entity_ends(tags: Sequence[str], index: int) -> str:
    """An entity tag (B-, I-, O) as TextAttack's tagger writes it, with the ends of names marked (E-, S-)."""
    tag, following = tags[index], tags[index + 1] if index + 1 < len(tags) else "O"
    if "-" not in tag:
        return tag
    mark, kind = tag.split("-", 1)
    last = following != f"I-{kind}"
    return f"{('S' if mark == 'B' else 'E') if last else mark}-{kind}"


def _without_prefix(token: str) -> str:
    return token.replace("##", "").replace("Ġ", "").replace("__", "")
