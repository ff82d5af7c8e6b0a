"""Synonyms from WordNet (Miller 1995), and for other languages from the Open Multilingual Wordnet, read by NLTK.

The folder holds WordNet's own files (``data.noun``, ``index.noun`` ...), or is an NLTK data folder with
``corpora/wordnet`` and, for other languages, ``corpora/omw-1.4``. Nothing is downloaded.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any
from warnings import catch_warnings, simplefilter

from xfer.attackers.lexicons.located import located
from xfer.core.errors import MissingPart

# ISO 639-1 to the codes of the Open Multilingual Wordnet (Bond and Foster 2013).
WORDNET_CODES = {
    **{"ar": "arb", "bg": "bul", "el": "ell", "en": "eng", "es": "spa", "eu": "eus", "fi": "fin", "fr": "fra"},
    **{"he": "heb", "hr": "hrv", "id": "ind", "it": "ita", "ja": "jpn", "lt": "lit", "ms": "zsm", "nl": "nld"},
    **{"pl": "pol", "pt": "por", "ro": "ron", "sk": "slk", "sl": "slv", "sv": "swe", "th": "tha", "zh": "cmn"},
    **{"ca": "cat", "da": "dan", "gl": "glg", "is": "isl", "no": "nob", "nb": "nob", "nn": "nno", "sq": "als"},
}
ENGLISH_INDEX = "data.noun"
WORDNET_HELP = "get it with `python -m nltk.downloader wordnet omw-1.4`, or from Debian's package wordnet-base"


class WordNetSynonyms:
    """Synonyms of single words in one language, sorted: sets have another order in every process."""

    def __init__(self, reader: Any, code: str) -> None:
        self.reader, self.code = reader, code

    def __call__(self, word: str) -> list[str]:
        """All lemmas of one word that share a synset with ``word``."""
        lemmas = {
            name for synset in self.reader.synsets(word, lang=self.code) for name in synset.lemma_names(lang=self.code)
        }
        return sorted(name for name in lemmas if name != word and "_" not in name)


def load_synonyms(folder: str | None, language: str) -> WordNetSynonyms:
    """The synonyms of a language. Raises MissingPart where there is no wordnet of it."""
    code = WORDNET_CODES.get(language.lower().replace("_", "-").split("-")[0])
    if code is None:
        raise MissingPart(f"wordnet: there is none of language '{language}'; it has {', '.join(sorted(WORDNET_CODES))}")
    english, others = wordnet_folders(folder)
    if code != "eng" and others is None:
        where = folder or "NLTK_DATA"
        raise MissingPart(f"wordnet: {where} has no corpora/omw-1.4, which '{language}' needs; {WORDNET_HELP}")
    return _load_wordnet(english, others if code != "eng" else None, code)


def wordnet_folders(folder: str | None) -> tuple[Path, Path | None]:
    """The folders of WordNet and of the multilingual one. Raises MissingPart."""
    roots = [Path(folder)] if folder else nltk_folders()
    for root in (located(str(named)) for named in roots):
        for english in (root, root / "corpora" / "wordnet", root / "wordnet"):
            if (english / ENGLISH_INDEX).is_file():
                candidates = (root / "corpora" / "omw-1.4", english.parent / "omw-1.4", root / "omw-1.4")
                return english, next((path for path in candidates if path.is_dir()), None)
    looked = ", ".join(map(str, roots)) or "NLTK_DATA, which is not set"
    raise MissingPart(f"wordnet: no {ENGLISH_INDEX} of WordNet in {looked}; {WORDNET_HELP}")


def nltk_folders() -> list[Path]:
    """The folders of $NLTK_DATA and the usual place."""
    named = [Path(path) for path in os.environ.get("NLTK_DATA", "").split(os.pathsep) if path]
    return [*named, *(Path(path) for path in ("~/nltk_data", "/usr/share/nltk_data", "/usr/share/wordnet"))]


@lru_cache(maxsize=8)
def _load_wordnet(english: Path, others: Path | None, code: str) -> WordNetSynonyms:
    import nltk  # late: only this list needs it
    from nltk.corpus.reader import CorpusReader
    from nltk.corpus.reader.wordnet import WordNetCorpusReader

    class Reader(WordNetCorpusReader):
        """NLTK's reader, of one version: its own also looks for another that it could map numbers from."""

        def map_wn(self, version: str = "wordnet") -> None:
            return None

    for folder in map(str, (english, others) if others else (english,)):
        if folder not in nltk.data.path:  # NLTK reads from places that are named there, and from no other
            nltk.data.path.append(folder)
    try:
        with catch_warnings():
            simplefilter("ignore")  # it warns where no other languages are
            many = CorpusReader(str(others), r".*/wn-data-[a-z\-]*\.tab") if others else None
            reader = Reader(str(english), many)
        if others and reader.get_version() != "3.0":  # the others count by its numbers
            raise ValueError(f"is WordNet {reader.get_version()}, and omw-1.4 goes with 3.0")
        reader.synsets("a", lang=code)
    except (OSError, LookupError, ValueError, AssertionError) as error:
        raise MissingPart(f"wordnet: {english} cannot be read: {' '.join(str(error).split())[:160]}") from None
    return WordNetSynonyms(reader, code)
