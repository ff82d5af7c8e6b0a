"""Tiny resources for TextAttack's recipes, made on the spot: models with random weights, vectors, WordNet, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

GROUPS = (
    ("film", "movie", "picture"),
    ("good", "fine", "great"),
    ("bad", "poor", "awful"),
    ("old", "aged", "ancient"),
    ("man", "person", "human"),
    ("saw", "watched", "viewed"),
    ("city", "town", "place"),
    ("liked", "loved", "enjoyed"),
)
OTHERS = "the a in he she is was not very this that two 12 and , . film's mary john london paris do don't".split()
WORDS = [*(word for group in GROUPS for word in group), *OTHERS]
NOUNS = {*GROUPS[0], *GROUPS[4], *GROUPS[6]}
TAGS = ("NOUN", "VERB", "ADJ", "X")
LABELS = ("entailment", "neutral", "contradiction")


def tokenizer(extra: tuple[str, ...] = (), longest: int = 64) -> Any:
    """Whole small words, BERT's marks around them."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    known = {word: i for i, word in enumerate([*special, *WORDS, *extra])}
    made = Tokenizer(models.WordLevel(known, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    marks = [("[CLS]", known["[CLS]"]), ("[SEP]", known["[SEP]"])]
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", marks)
    names = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, mask_token="[MASK]", model_max_length=longest, **names)


def bert(kind: str, folder: Path | None, words: Any = None, **options: Any) -> Any:
    """A BERT of one layer, 16 wide, with random weights; saved with its tokenizer if a folder is given."""
    import torch
    import transformers

    words = words or tokenizer()
    config = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=max(64, words.model_max_length),
        pad_token_id=0,
        initializer_range=0.6,  # else all texts are nearly alike
        **options,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = getattr(transformers, kind)(config)
    if folder is not None:
        made.eval().save_pretrained(folder)
        words.save_pretrained(folder)
    return made.eval()


def gpt(folder: Path) -> None:
    """A GPT-2 of one layer over the same words."""
    import torch
    import transformers

    words = tokenizer()
    words.bos_token = "[CLS]"
    config = transformers.GPT2Config(
        vocab_size=len(words), n_embd=16, n_layer=1, n_head=2, n_positions=64, initializer_range=0.6
    )
    config.bos_token_id = config.eos_token_id = 2
    with torch.random.fork_rng():
        torch.manual_seed(4)
        transformers.GPT2LMHeadModel(config).eval().save_pretrained(folder)
    words.save_pretrained(folder)


def vectors(file: Path) -> None:
    """Words of one group lie together, groups far apart; the two first words of a file have one vector."""
    rng, lines = np.random.default_rng(5), []
    for number, group in enumerate(GROUPS):
        centre = np.zeros(len(GROUPS))
        centre[number] = 1.0
        for word in group:
            values = centre + rng.normal(0, 0.02, len(GROUPS))
            lines.append(f"{word} " + " ".join(f"{value:.4f}" for value in values))
    file.write_text("\n".join([f"{len(lines)} {len(GROUPS)}", *lines]) + "\n", encoding="utf-8")


def wordnet(folder: Path) -> None:
    """A WordNet in which each group of nouns, verbs or adjectives is one synset."""
    folder.mkdir(parents=True)
    (folder / "lexnames").write_text("".join(f"{i:02d}\tname.{i}\t1\n" for i in range(45)))
    kinds: dict[str, list[tuple[str, ...]]] = {"noun": [], "verb": [], "adj": [], "adv": []}
    for group in GROUPS:
        kinds["noun" if set(group) <= NOUNS else "verb" if group[0] in ("saw", "liked") else "adj"].append(group)
    letters = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
    for kind, groups in kinds.items():
        text, index = "  1 This is WordNet 3.0 Copyright of the test\n", dict[str, list[str]]()
        for group in groups:
            offset = f"{len(text):08d}"
            members = " ".join(f"{word} 0" for word in group)
            frames = "01 + 02 00 " if kind == "verb" else ""
            text += f"{offset} 00 {letters[kind]} {len(group):02x} {members} 000 {frames}| a gloss  \n"
            for word in group:
                index.setdefault(word, []).append(offset)
        (folder / f"data.{kind}").write_text(text)
        lines = [
            f"{word} {letters[kind]} {len(found)} 0 {len(found)} 0 {' '.join(found)}  \n"
            for word, found in sorted(index.items())
        ]
        (folder / f"index.{kind}").write_text("".join(lines))
        (folder / f"{kind}.exc").write_text("")
    for name in ("cntlist.rev", "index.sense"):
        (folder / name).write_text("")


def synonyms(file: Path) -> None:
    """Each group of nouns as a table of words by part of speech."""
    kind = {group: "noun" if set(group) <= NOUNS else "*" for group in GROUPS}
    lines = [f"{word}\t{kind[g]}\t{' '.join(o for o in g if o != word)}" for g in GROUPS for word in g]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def network(**options: Any) -> Any:
    """A victim with weights: an oracle of ``victim`` that white-box recipes can read."""
    from xfer.forms.classify import ClassifyForm
    from xfer.models.network import Network
    from xfer.models.victims.build import build_victim

    labels = dict(enumerate(LABELS))
    named = {"id2label": labels, "label2id": {label: number for number, label in labels.items()}}
    head = bert("BertForSequenceClassification", None, **named, **options)
    return build_victim(Network({"task": head}, {"task": ClassifyForm(LABELS)}, tokenizer()), "task", 64)


def make(folder: Path) -> dict[str, str]:
    """All resources: field -> file or folder."""
    bert("BertForMaskedLM", folder / "masked")
    bert("BertModel", folder / "encoder")
    tags = dict(enumerate(TAGS))
    bert("BertForTokenClassification", folder / "tagger", id2label=tags, label2id={v: k for k, v in tags.items()})
    gpt(folder / "gpt")
    vectors(folder / "vectors.txt")
    wordnet(folder / "wordnet")
    synonyms(folder / "synonyms.tsv")
    (folder / "names.tsv").write_text("city\tLondon\ncity\tParis\ncity\tNew York\nfirst\tMary\nfirst\tJohn\n")
    (folder / "intentional.txt").write_text("0061 ; 0430 # a\n0065 ; 0435 # e\n006F ; 043E # o\n", encoding="utf-8")
    found = {"masked_lm": "masked", "encoder": "encoder", "tagger": "tagger", "language_model": "gpt"}
    found |= {"vectors": "vectors.txt", "wordnet": "wordnet", "synonyms": "synonyms.tsv", "name_list": "names.tsv"}
    return {name: str(folder / file) for name, file in (found | {"homoglyphs": "intentional.txt"}).items()}
