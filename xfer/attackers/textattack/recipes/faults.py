"""What is wrong in TextAttack 0.3.11 where its recipes pass, and what ``compat: fixed`` does in its place.

``compat: upstream`` keeps every fault but those marked with ``always``, without which nothing could run at all.
"""

from __future__ import annotations

from typing import NamedTuple

EVERY_RECIPE: tuple[str, ...] = ()


class UpstreamFault(NamedTuple):
    """``recipes`` it is met in (all if empty), ``wrong`` upstream, what we do ``instead``."""

    number: int
    recipes: tuple[str, ...]
    wrong: str
    instead: str
    always: bool = False


_MASKED = ("bae", "bert-attack", "clare")
_RANKED = ("deepwordbug", "textbugger", "textfooler", "pwws", "bae", "bert-attack", "a2t", "input-reduction")
_ENCODED = ("textbugger", "textfooler", "bae", "bert-attack", "clare", "a2t")
_TAGGED = ("textfooler", "bae", "a2t", "hotflip")
_STARTING = ("pruthi", "clare", "kuleshov", "checklist", "hotflip")

FAULTS = (
    UpstreamFault(
        1, EVERY_RECIPE, "every query is padded to 512 subwords", "batches are padded to what they hold", True
    ),
    UpstreamFault(
        *(2, EVERY_RECIPE, "the cache of answers is emptied after each example"),
        *("the hub keeps answers across examples", True),
    ),
    UpstreamFault(
        *(3, EVERY_RECIPE, "words of Hindi, Thai, Arabic with marks and Japanese are cut at marks, or not at all"),
        "words of every script by Unicode's rules, and by ICU's dictionaries where there are no spaces",
    ),
    UpstreamFault(
        *(4, EVERY_RECIPE, "columns are joined by a line break, so that different pairs share a cached answer"),
        "texts are equal when their columns are",
    ),
    UpstreamFault(
        5,
        EVERY_RECIPE,
        "a text with the letters <SPLIT> ends the run",
        "columns stay apart; upstream: a row that says so",
        True,
    ),
    UpstreamFault(
        *(6, EVERY_RECIPE, "labels outside the classes are skipped without a word, numpy's are refused"),
        *("a row with such a label says so", True),
    ),
    UpstreamFault(
        *(7, ("deepwordbug", "pruthi"), "inserted letters are always Latin, and letters are parted from their marks"),
        "letters of the word's own script, whole graphemes",
    ),
    UpstreamFault(
        *(8, _RANKED, "equal importance is ranked by an unstable sort of a set: by the processor, not by the text"),
        "ties fall in the order of the words",
    ),
    UpstreamFault(
        *(9, _STARTING, "a beam is cut by an unstable sort, and a failed search returns its last step, not its best"),
        "a stable sort, and the best text of all steps",
    ),
    UpstreamFault(
        *(10, EVERY_RECIPE, "stop words are English in every language, where they mean other things (German die)"),
        "stop words only in English texts",
    ),
    UpstreamFault(
        *(11, ("textfooler", "alzantot", "pso", "a2t"), "the premise is spared only in columns of just that name"),
        "the first sentence is spared where the labels are those of entailment",
    ),
    UpstreamFault(
        *(
            12,
            _MASKED,
            "the masked LM takes BERT's and RoBERTa's vocabularies only, and every word with no Latin letter"
            " is dropped",
        ),
        "any tokenizer; a word gives way to words of its own script",
    ),
    UpstreamFault(
        *(13, ("bae", "clare"), "inner subwords (##ing) are proposed as words, against the paper"),
        "whole words only, inner ones where words have no spaces",
    ),
    UpstreamFault(
        *(14, _MASKED, "a word behind the 512th subword has no candidates"),
        "bae and clare read the text around the word",
    ),
    UpstreamFault(
        *(
            15,
            ("bert-attack",),
            "the best joined subwords are sorted and the result thrown away, and all K to the power of n are tried",
        ),
        "the K best exactly, found subword by subword",
    ),
    UpstreamFault(
        *(16, ("clare",), "the masked LM is loaded as a causal one"),
        "it is loaded as what it is",
    ),
    UpstreamFault(
        *(
            17,
            ("clare",),
            "merges heed neither protected nor modified words, and join the last word of one column with"
            " the first of the next",
        ),
        "merges heed both, within a column",
    ),
    UpstreamFault(
        *(18, _TAGGED, "a word gets the tag of the first equal word in its window"),
        "the tag at its own place",
    ),
    UpstreamFault(
        *(19, _ENCODED, "the reference is encoded once for each candidate"),
        *("equal texts are encoded once", True),
    ),
    UpstreamFault(
        *(
            20,
            _ENCODED,
            "both columns are compared as one text, so that the unchanged one makes them alike; the window"
            " is looked up in small letters, which have other places in some languages",
        ),
        "the edited column is compared, words stand at known places",
    ),
    UpstreamFault(
        *(21, ("kuleshov",), "only the first subword of a word is scored, and that as if no space stood before it"),
        "the whole word in its place",
    ),
    UpstreamFault(
        *(22, ("kuleshov",), "the goal is a gold probability below 0.7, which may still be the predicted class"),
        "another class, and a gold probability of at most 0.3: the paper's target of 0.7 for the rest",
    ),
    UpstreamFault(
        *(23, ("kuleshov",), "a text with no known word has no sentence vector, and then nothing is allowed"),
        "such a vector is zero",
    ),
    UpstreamFault(
        *(
            24,
            ("alzantot",),
            "the language model sees one word before the swapped one, and for the first word the last",
        ),
        "it sees all that stands before, in the same column",
    ),
    UpstreamFault(
        *(25, ("alzantot", "faster-alzantot"), "its language models need TensorFlow 1 and a pickle from the network"),
        *("any causal language model", True),
    ),
    UpstreamFault(
        *(
            26,
            ("iga", "alzantot", "faster-alzantot"),
            "parents are drawn the likelier the worse they are, against Alzantot et al. 2018, algorithm 1",
        ),
        "the likelier the better",
    ),
    UpstreamFault(
        *(
            27,
            ("iga",),
            "the first word is never the one to perturb (index 0 is taken for none), and a word without a"
            " better synonym is tried again as often as there are words",
        ),
        "each word once",
    ),
    UpstreamFault(
        *(28, ("pso",), "the synonyms are a pickle from the network, and their tags come from flair"),
        *("a table as plain text, any tagger", True),
    ),
    UpstreamFault(
        *(
            29,
            ("a2t", "hotflip"),
            "the gradient is taken in training mode, with random dropout, for the predicted class",
        ),
        "eval mode, the gold class; upstream: eval mode too, since chance gives no results",
        True,
    ),
    UpstreamFault(
        *(30, ("a2t",), "XLM-R's subwords are not aligned with words, so that all words matter the same"),
        "subwords belong to the word whose letters they cover",
    ),
    UpstreamFault(
        *(31, ("hotflip",), "only LSTMs are taken, and one flip a text is proposed before the constraints see it"),
        *("any encoder with the ten best flips a word; upstream: the best flip a text", True),
    ),
    UpstreamFault(
        *(32, ("input-reduction",), "a text without words ends the run by a division by zero"),
        "such a row is skipped",
    ),
    UpstreamFault(
        *(33, ("textbugger", "bad-characters"), "the list of homoglyphs is missing from the package"),
        *("our own, also of other scripts; upstream: textbugger needs none, bad-characters takes a file", True),
    ),
    UpstreamFault(
        *(34, ("bad-characters",), "pairs come back as one text"),
        "columns stay apart, protected ones untouched",
    ),
    UpstreamFault(
        *(35, ("bad-characters",), "no character to replace, or a spent budget, ends the run by an IndexError"),
        "the search ends there",
    ),
    UpstreamFault(
        *(
            36,
            ("bad-characters",),
            "'leave it' (-1) is rounded up to the first character, and deletions write into the"
            " population of the search",
        ),
        "-1 leaves the text, the population is left alone",
    ),
    UpstreamFault(
        *(37, ("bad-characters",), "the goal is class 0, which a text of class 0 fulfils untouched"),
        "any wrong class",
    ),
    UpstreamFault(
        *(38, ("checklist",), "names and places are found by flair, which does not go with transformers 5"),
        "they are looked up in the list that they are replaced from",
    ),
    UpstreamFault(
        *(39, ("checklist",), "contractions compare positions in a list with word numbers and change another word"),
        "words by their numbers",
    ),
    UpstreamFault(
        *(40, ("checklist",), "number words are found inside others (someone, island) and swallow their neighbours"),
        "whole number words; digits keep their script",
    ),
    UpstreamFault(
        *(41, ("pwws",), "synonyms come in the order of a set, another in each process"),
        *("sorted", True),
    ),
    UpstreamFault(
        *(
            42,
            ("alzantot",),
            "the language model's best four of each word are numbered anew and then looked up in the whole list: as"
            " many candidates stay, but the first ones, whatever the model says",
        ),
        "the likeliest four of each word",
    ),
)


def recipe_faults(recipe: str) -> tuple[UpstreamFault, ...]:
    """The faults that a recipe meets."""
    return tuple(fault for fault in FAULTS if not fault.recipes or recipe in fault.recipes)
