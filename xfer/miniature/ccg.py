"""CCG supertags of English sentences: derivations in CCGbank's manner, as its AUTO files and as jiant's tables.

The categories follow from what stands beside a word: a verb's from its object and its negation, a preposition's from
whether its phrase opens the sentence. Adjuncts of the verb are ``(S\\NP)\\(S\\NP)`` (Hockenmaier and Steedman 2007,
section 3).
"""

from dataclasses import replace
from pathlib import Path
from random import Random

from xfer.miniature.choice import draw_chance, pick_one, seeded_stream
from xfer.miniature.files import write_lines
from xfer.miniature.grammar import sentence_words
from xfer.miniature.languages import BY_CODE
from xfer.miniature.meaning import Meaning
from xfer.miniature.pairs import draw_pair
from xfer.miniature.world import NAMES, SOMEONE

CCG_SIZES = {"train": 1500, "dev": 200, "test": 300}
SECTIONS = {"train": "00", "dev": "19", "test": "22"}  # folders of CCGbank in jiant's splits
AUTO_FILE_SIZE = 100  # sentences of one AUTO file
OPENED = 0.35  # of the sentences that say where, when or why, those that begin with it
AT_SUBJECT = 0.4  # of the places that do not open a sentence
DROPPED_OBJECTS = 0.4  # of the objects of verbs that can do without
DROPPING = ("eat", "drink", "read", "write")
ADJUNCTS = ("place", "time", "reason")

_VP = "(S\\NP)\\(S\\NP)"
_NAME, _NOUN, _ADJECTIVE, _ARTICLE = "N", "N", "N/N", "NP[nb]/N"
CCG_TAGS = (
    _NOUN, _ADJECTIVE, _ARTICLE, "NP", ".", "S[dcl]\\NP", "(S[dcl]\\NP)/NP", "(S[dcl]\\NP)/(S[b]\\NP)",
    "(S[dcl]\\NP)/(S[adj]\\NP)", "S[b]\\NP", "(S[b]\\NP)/NP", "S[adj]\\NP", _VP, f"({_VP})/NP", f"({_VP})/PP",
    "PP/NP", "(S/S)/NP", "(S/S)/PP", "S/S", "(NP\\NP)/NP", "NP\\NP",
)  # fmt: skip

DerivationTree = tuple[str, str, list["DerivationTree"]]  # category, word ("" for an inner node), children
OpenedMeaning = tuple[
    Meaning, str, bool
]  # a meaning, the slot that opens the sentence ("": none), is its place the subject's?


def write_ccg(folder: Path, codes: tuple[str, ...], seed: int) -> None:
    """Both layouts; the sentences of a split are the same in them, and none stands in two splits."""
    seen: set[OpenedMeaning] = set()
    for split, size in CCG_SIZES.items():
        trees = [
            derivation_tree(*sentence)
            for sentence in _draw_sentences(seeded_stream(seed, "supertags", split), size, seen)
        ]
        leaves = [_leaves(tree) for tree in trees]
        rows = (f"{' '.join(word for _, word in line)}\t{' '.join(tag for tag, _ in line)}" for line in leaves)
        write_lines(folder / "ccg" / f"ccg.{split}", rows)
        section = SECTIONS[split]
        for start in range(0, size, AUTO_FILE_SIZE):
            name = f"wsj_{section}{start // AUTO_FILE_SIZE:02}"
            lines = []
            for number, tree in enumerate(trees[start : start + AUTO_FILE_SIZE], 1):
                lines += [f"ID={name}.{number} PARSER=GOLD NUMPARSE=1", _auto_line(tree)]
            write_lines(folder / "ccgbank_1_1" / "data" / "AUTO" / section / f"{name}.auto", lines)


def _draw_sentences(rng: Random, size: int, seen: set[OpenedMeaning]) -> list[OpenedMeaning]:
    sentences: list[OpenedMeaning] = []
    while len(sentences) < size:
        meaning, opening = draw_pair(rng).premise, ""
        if meaning.verb in DROPPING and draw_chance(rng, DROPPED_OBJECTS):
            meaning = replace(meaning, object="", colour="", number=0)
        filled = [slot for slot in ADJUNCTS if getattr(meaning, slot)]
        if filled and draw_chance(rng, OPENED):
            opening = pick_one(rng, filled)
        common = meaning.agent not in (*NAMES, SOMEONE)
        at_subject = common and bool(meaning.place) and opening != "place" and draw_chance(rng, AT_SUBJECT)
        sentence = (meaning, opening, at_subject)
        if sentence not in seen:
            seen.add(sentence)
            sentences.append(sentence)
    return sentences


def derivation_tree(meaning: Meaning, opening: str = "", at_subject: bool = False) -> DerivationTree:
    """The sentence as a tree of categories: ``opening`` comes first, and the place may belong to the subject."""
    slots: dict[str, list[str]] = {}
    for word in sentence_words(meaning, "en"):
        slots.setdefault(word.slot, []).append(word.text)
    subject = _noun_phrase_tree(slots["agent"], meaning)
    predicate = _predicate(slots["verb"], _noun_phrase_tree(slots["object"], meaning) if "object" in slots else None)
    if at_subject:
        subject = ("NP", "", [subject, _adjunct(slots["place"], "NP\\NP")])
    for slot in ADJUNCTS:
        if slot in slots and slot != opening and not (slot == "place" and at_subject):
            predicate = (predicate[0], "", [predicate, _adjunct(slots[slot], _VP)])
    sentence: DerivationTree = ("S[dcl]", "", [subject, predicate])
    if opening:
        sentence = ("S[dcl]", "", [_adjunct(slots[opening], "S/S"), sentence])
    return _capitalised_tree(("S[dcl]", "", [sentence, (".", BY_CODE["en"].stop, [])]))


def _capitalised_tree(tree: DerivationTree) -> DerivationTree:
    category, word, children = tree
    if children:
        return (category, "", [_capitalised_tree(children[0]), *children[1:]])
    return (category, word[:1].upper() + word[1:], [])


def _noun_phrase_tree(spoken: list[str], meaning: Meaning) -> DerivationTree:
    """Article, adjectives or numeral, noun; a name or a bare noun is a noun that stands for a noun phrase."""
    english = BY_CODE["en"]
    if [word.lower() for word in spoken] in ([english.someone], [english.nobody]) and meaning.agent == SOMEONE:
        return ("NP", spoken[0], [])
    article, rest = (spoken[:1], spoken[1:]) if spoken[0].lower() == "the" else ([], spoken)
    noun: DerivationTree = (_NOUN, rest[-1], [])
    for word in reversed(rest[:-1]):
        noun = ("N", "", [(_ADJECTIVE, word, []), noun])
    return ("NP[nb]", "", [(_ARTICLE, article[0], []), noun]) if article else ("NP", "", [noun])


def _predicate(verb: list[str], thing: DerivationTree | None) -> DerivationTree:
    """``sleeps``, ``is silent``, ``does not sleep``, ``is not silent``, each with its object."""
    inner = "S[adj]\\NP" if verb[0] == "is" and len(verb) > 1 else "S[b]\\NP"
    category = "S[dcl]\\NP" if len(verb) == 1 else inner
    head: DerivationTree = (f"({category})/NP" if thing else category, verb[-1], [])
    phrase: DerivationTree = (category, "", [head, thing]) if thing else head
    if len(verb) == 1:
        return phrase
    helper: DerivationTree = (f"(S[dcl]\\NP)/({inner})", verb[0], [])
    if verb[1] == "not":
        helper = (helper[0], "", [helper, (_VP, "not", [])])
    return ("S[dcl]\\NP", "", [helper, phrase])


def _adjunct(spoken: list[str], category: str) -> DerivationTree:
    """``outside``, ``in the house``, ``because of the rain``."""
    whole = f"({category})"
    if len(spoken) == 1:
        return (category, spoken[0], [])
    if spoken[1] == "of":
        inner: DerivationTree = ("PP", "", [("PP/NP", "of", []), _bare_phrase(spoken[2:])])
        return (category, "", [(f"{whole}/PP", spoken[0], []), inner])
    return (category, "", [(f"{whole}/NP", spoken[0], []), _bare_phrase(spoken[1:])])


def _bare_phrase(spoken: list[str]) -> DerivationTree:
    return _noun_phrase_tree(spoken, Meaning(NAMES[0], ""))


def _leaves(tree: DerivationTree) -> list[tuple[str, str]]:
    category, word, children = tree
    return [leaf for child in children for leaf in _leaves(child)] if children else [(category, word)]


def _auto_line(tree: DerivationTree) -> str:
    """The line of an AUTO file; parts of speech are not told apart, as no reader of supertags asks for them."""
    category, word, children = tree
    if not children:
        return f"(<L {category} X X {word} {category}>)"
    head = 0 if len(children) == 1 or children[0][0] in ("S[dcl]\\NP", "S[dcl]") else 1
    return f"(<T {category} {head} {len(children)}> {' '.join(map(_auto_line, children))} )"
