"""The recipes of TextAttack by name: their papers, the forms they fit, and what they read at run time."""

from __future__ import annotations

from typing import NamedTuple

from xfer.forms.sheet import CLASSIFY, SEARCHED_FORMS


class Resource(NamedTuple):
    """Something a recipe reads. ``field`` is where a recipe of xfer names it; ``default`` what is taken if it does
    not, "" where it must; ``upstream`` what TextAttack takes, with licence and size as far as known; ``omit`` what is
    left out where it is ``none``, "" where it cannot be; ``compat`` the only mode that reads it, if not both."""

    field: str
    what: str
    default: str
    upstream: str
    omit: str = ""
    compat: str = ""


class PublishedRecipe(NamedTuple):
    """A published attack. ``edits`` says how texts change, ``forms`` whose labels can follow; where words
    ``come_and_go`` entities can follow, parts of speech cannot."""

    paper: str
    edits: str
    needs: tuple[Resource, ...] = ()
    forms: tuple[str, ...] = SEARCHED_FORMS
    options: tuple[str, ...] = ()  # further fields that it takes
    come_and_go: bool = False


_CLASSIFY_ONLY = (CLASSIFY.name,)  # the answer must stay, or the victim's gradient is read
_COUNTER = "counter-fitted PARAGRAM vectors of 65,713 words (Mrksic et al. 2016; from TextAttack's S3)"
_USE = "Universal Sentence Encoder 3 (Apache 2.0, about 1 GB, needs TensorFlow, which xfer does not load)"
_NLTK = "NLTK's English tagger averaged_perceptron_tagger_eng (MIT, some MB), mapped to universal tags"
_FLAIR = "flair's upos-fast (MIT, English), not beside transformers 5"


def _vectors_resource() -> Resource:
    return Resource("vectors", "word vectors as a word2vec or GloVe text file", "", _COUNTER)


def _encoder_resource(upstream: str = _USE, default: str = "") -> Resource:
    return Resource(
        "encoder",
        "a sentence encoder: any local or hub encoder, by its mean state",
        default,
        upstream,
        "the similarity",
    )


def _tagger_resource(upstream: str = _NLTK, omit: str = "the check of parts of speech") -> Resource:
    return Resource(
        "tagger", "a tagger of parts of speech: a token classifier, local or on the hub", "", upstream, omit
    )


def _masked_resource(default: str, upstream: str) -> Resource:
    return Resource("masked_lm", "a masked language model, local or on the hub", default, upstream)


def _language_model_resource(upstream: str, default: str = "") -> Resource:
    return Resource(
        "language_model", "a causal language model, local or on the hub", default, upstream, "its constraint"
    )


_BERT = ("google-bert/bert-base-uncased", "bert-base-uncased (Apache 2.0, 440 MB)")
_ROBERTA = ("distilbert/distilroberta-base", "distilroberta-base (Apache 2.0, 330 MB)")
_SBERT = "sentence-transformers/stsb-distilbert-base"

RECIPES: dict[str, PublishedRecipe] = {
    "deepwordbug": PublishedRecipe(
        "Gao et al. 2018, sections III and IV", "letters swapped, replaced, deleted, inserted"
    ),
    "pruthi": PublishedRecipe(
        "Pruthi et al. 2019, section 3.1", "one word: inner letters swapped, deleted, inserted, mistyped"
    ),
    "textbugger": PublishedRecipe(
        "Li et al. 2019, algorithm 1",
        "letters, look-alikes, spaces, near words",
        (_vectors_resource(), _encoder_resource()),
    ),
    "textfooler": PublishedRecipe(
        "Jin et al. 2020, algorithm 1", "near words", (_vectors_resource(), _encoder_resource(), _tagger_resource())
    ),
    "pwws": PublishedRecipe(
        "Ren et al. 2019, section 3",
        "synonyms of WordNet",
        (
            Resource(
                *("wordnet", "WordNet's files, or an NLTK data folder with omw-1.4 for other languages", "$NLTK_DATA"),
                "WordNet 3.0 and omw-1.4 (WordNet licence, 30 and 26 MB; in OMW each language has its own licence)",
            ),
        ),
    ),
    "bae": PublishedRecipe(
        "Garg and Ramakrishnan 2020, BAE-R",
        "words of a masked LM",
        (_masked_resource(*_BERT), _encoder_resource(), _tagger_resource()),
    ),
    "bert-attack": PublishedRecipe(
        "Li et al. 2020, algorithm 1",
        "words of a masked LM, subword by subword",
        (_masked_resource(*_BERT), _encoder_resource()),
    ),
    "clare": PublishedRecipe(
        "Li et al. 2021, section 2",
        "words of a masked LM replaced, inserted, merged",
        (_masked_resource(*_ROBERTA), _encoder_resource(), _tagger_resource(_FLAIR, "merging")),
        come_and_go=True,
    ),
    "a2t": PublishedRecipe(
        "Yoo and Qi 2021, section 3",
        "near words, ranked by the victim's gradient",
        (_vectors_resource(), _encoder_resource(f"{_SBERT} (Apache 2.0, 265 MB)", _SBERT), _tagger_resource()),
        _CLASSIFY_ONLY,
    ),
    "iga": PublishedRecipe("Wang et al. 2019, algorithm 1", "near words, bred", (_vectors_resource(),)),
    "alzantot": PublishedRecipe(
        "Alzantot et al. 2018, algorithm 1",
        "near words, bred",
        (
            _vectors_resource(),
            _language_model_resource("Google's 1-billion-word LM (a TensorFlow 1 graph, about 4 GB, from the network)"),
        ),
    ),
    "faster-alzantot": PublishedRecipe(
        "Jia et al. 2019, section 5",
        "near words, bred",
        (
            _vectors_resource(),
            _language_model_resource("the learning-to-write LM (Lua and pickle files from the network)"),
        ),
    ),
    "pso": PublishedRecipe(
        "Zang et al. 2020, section 4",
        "words of equal sememes, by a particle swarm",
        (
            Resource(
                *("synonyms", "a table of words by part of speech: word, tab, noun|verb|adj|adv|*, tab, others", ""),
                "candidates from HowNet (free for research; a pickle, which xfer never loads)",
            ),
            _tagger_resource(_FLAIR, "what the table lists by part of speech"),
        ),
    ),
    "kuleshov": PublishedRecipe(
        "Kuleshov et al. 2018, algorithm 1",
        "near words",
        (_vectors_resource(), _language_model_resource("gpt2 (MIT, 550 MB)", "openai-community/gpt2")),
    ),
    "input-reduction": PublishedRecipe(
        "Feng et al. 2018, section 2", "words deleted while the answer stays", (), _CLASSIFY_ONLY
    ),
    "checklist": PublishedRecipe(
        "Ribeiro et al. 2020, section 3",
        "contractions, names, places, numbers",
        (
            Resource(
                *("name_list", "names that replace each other: a kind, a tab, a name a line", "TextAttack's lists"),
                "English lists that come with TextAttack (MIT)",
                compat="fixed",
            ),
            Resource(
                *("tagger", "a tagger of entities (B-PER, I-LOC ...)", ""),
                "flair's ner (MIT, English, 430 MB), not beside transformers 5",
                *("the change of names and places", "upstream"),
            ),
        ),
        come_and_go=True,
    ),
    "hotflip": PublishedRecipe(
        "Ebrahimi et al. 2018, section 3",
        "at most two words flipped along the victim's gradient",
        (_vectors_resource(), _tagger_resource()),
        _CLASSIFY_ONLY,
    ),
    "bad-characters": PublishedRecipe(
        "Boucher et al. 2022, section 3",
        "look-alikes, invisible letters, deletions, reorderings, by differential evolution",
        (
            Resource(
                *("homoglyphs", "Unicode's intentional.txt", ""),
                "Unicode's intentional.txt (Unicode licence, 30 KB), missing from its package",
                compat="upstream",
            ),
        ),
        options=("perturbation", "perturbations"),
    ),
}
RESOURCES = tuple(dict.fromkeys(resource.field for recipe in RECIPES.values() for resource in recipe.needs))


def recipe_resources(recipe: str, compat: str) -> tuple[Resource, ...]:
    """What a recipe reads in a mode."""
    return tuple(resource for resource in RECIPES[recipe].needs if resource.compat in ("", compat))
