"""The head of a task: transformers' class for the form, or one that does the same where a family has none of it.

An option needs one number, which a classifier with one label gives; the two ends of an answer are two labels a subword.
What is saved is an ordinary folder of the class that was taken.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PreTrainedConfig, PreTrainedModel

from xfer.core.errors import MissingPart
from xfer.forms.base import Form
from xfer.models import bottleneck
from xfer.models.base import Origin
from xfer.models.dropout import use_fast_dropout
from xfer.models.folders import check_complete, load_config, read_weights
from xfer.models.packed import enable_packing
from xfer.models.positions import position_limit

CLASSES: dict[str, Any] = {  # a transformers Auto class -> the head of each family
    "AutoModel": transformers.MODEL_MAPPING,
    "AutoModelForTextEncoding": transformers.MODEL_FOR_TEXT_ENCODING_MAPPING,
    "AutoModelForMaskedLM": transformers.MODEL_FOR_MASKED_LM_MAPPING,
    "AutoModelForMultipleChoice": transformers.MODEL_FOR_MULTIPLE_CHOICE_MAPPING,
    "AutoModelForQuestionAnswering": transformers.MODEL_FOR_QUESTION_ANSWERING_MAPPING,
    "AutoModelForSequenceClassification": transformers.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    "AutoModelForTokenClassification": transformers.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING,
}
STAND_INS = {
    "AutoModelForMultipleChoice": "AutoModelForSequenceClassification",
    "AutoModelForQuestionAnswering": "AutoModelForTokenClassification",
}
DEBERTA_HEAD = "lm_predictions."  # of DeBERTa's own masked-LM head, which its configuration leaves out by default
BLOCK_READERS = ("canine",)  # their layers between the first and the last read blocks of characters
WITHOUT_OFFSETS = ("canine", "perceiver")  # their tokenizers are slow ones
_HELD_ENCODERS: dict[tuple[str, type], bool] = {}  # found once: a head is built in 50 ms, and asked about often
ONE_SCORE = {"num_labels": 1, "id2label": {0: "score"}, "label2id": {"score": 0}}  # of a sequence


def head_auto(config: PreTrainedConfig, form: Form) -> str:
    """The Auto class of the head of a form on an encoder of this configuration. Raises MissingPart if there is none."""
    alone = CLASSES["AutoModelForTextEncoding"].get(type(config), None)
    if form.auto == "AutoModel" and alone not in (None, CLASSES["AutoModel"].get(type(config), None)):
        return "AutoModelForTextEncoding"  # mT5 without its decoder
    for auto in filter(None, (form.auto, STAND_INS.get(form.auto))):
        if type(config) in CLASSES[auto] and (auto == "AutoModel" or _holds_encoder(auto, config)):
            return auto
    what = f"transformers has no head for the form {form.name} on encoders of type {config.model_type}"
    raise MissingPart(f"{what}; take another encoder, or another task")


def _holds_encoder(auto: str, config: PreTrainedConfig) -> bool:
    """Whether the encoder of a head stands where the family's checkpoints have it, so that its weights are found."""
    known = _HELD_ENCODERS.get((auto, type(config)))
    if known is None:
        prefix = CLASSES["AutoModel"][type(config)].base_model_prefix
        known = _HELD_ENCODERS[auto, type(config)] = hasattr(_empty_head(auto, config), prefix)
    return known


def _empty_head(auto: str, config: PreTrainedConfig) -> PreTrainedModel:
    """A head of no memory, to be asked what it is made of."""
    with torch.device("meta"):
        head: PreTrainedModel = CLASSES[auto][type(config)](config)
    return head


def scores_sequences(head: PreTrainedModel) -> bool:
    """Whether a head that chooses takes sequences one by one, as classifiers do, and not all options of a row."""
    return isinstance(head, CLASSES["AutoModelForSequenceClassification"].get(type(head.config), ()))


def head_config(config: PreTrainedConfig, form: Form) -> PreTrainedConfig:
    """The configuration with what the head of a form needs."""
    config = type(config).from_dict(config.to_dict() | form.head_config())
    if form.auto != "AutoModelForMultipleChoice":
        return config
    auto = head_auto(config, form)
    if auto != form.auto:
        return type(config).from_dict(config.to_dict() | ONE_SCORE)
    if hasattr(_empty_head(auto, config), "sequence_summary") and not hasattr(config, "summary_type"):
        config.summary_type = "first"  # unsaid it is the last place of the batch, which may be padding
    return config


def build_head(origin: Origin, form: Form) -> tuple[PreTrainedModel, list[str]]:
    """The head of a form over the encoder of an origin, and the names of the pretrained parts that the origin lacks.

    A head of masked LM alone is pretrained; others start fresh as they should.
    """
    config = origin.config or load_config(origin.folder)
    if origin.folder is None:
        config = head_config(config, form)
        return _with_speed(getattr(transformers, head_auto(config, form)).from_config(config)), []
    carried = read_weights(origin.folder)
    if any(name.startswith(DEBERTA_HEAD) for name in carried) and getattr(config, "legacy", False):
        config.legacy = False
    config = head_config(config, form)
    auto = head_auto(config, form)
    kind, inner = CLASSES[auto][type(config)], _empty_head(auto, config)
    bare = inner.base_model is inner
    if not form.facts.masks_text:
        outer = {name for name, _ in inner.named_children() if name != kind.base_model_prefix and not bare}
        fresh = outer - _pretraining_modules(config)
        carried = {name: value for name, value in carried.items() if name.split(".")[0] not in fresh}
    options: dict[str, Any] = {"config": config, "state_dict": carried, "dtype": torch.float32}
    head, info = kind.from_pretrained(None, **options, output_loading_info=True)
    check_complete(origin.folder, info["missing_keys"], "" if bare else f"{head.base_model_prefix}.")
    bottleneck.read_adapters(head, origin.folder)
    return _with_speed(head), sorted(info["missing_keys"]) if form.facts.masks_text else []


def _with_speed(head: PreTrainedModel) -> PreTrainedModel:
    use_fast_dropout(head)
    enable_packing(head)
    return head


def _pretraining_modules(config: PreTrainedConfig) -> set[str]:
    """The modules beside the encoder that the masked LM of this family has, by name.

    Where another head has them too (``head`` of ModernBERT), they are pretrained and go along, as in transformers.
    """
    if type(config) not in CLASSES["AutoModelForMaskedLM"]:
        return set()
    head = _empty_head("AutoModelForMaskedLM", config)
    return {name for name, _ in head.named_children()} - {head.base_model_prefix}


def reads_forward(config: PreTrainedConfig) -> bool:
    """Whether it is a decoder, whose states know nothing of what comes after them."""
    kind = type(config)
    return kind in transformers.MODEL_FOR_CAUSAL_LM_MAPPING and kind not in transformers.MODEL_FOR_MASKED_LM_MAPPING


def check_pooling(config: PreTrainedConfig, pooling: str | None) -> None:
    """Raises MissingPart where texts are to be told apart by their first state, and that reads nothing but itself."""
    if pooling == "cls" and reads_forward(config):
        what = f"pooling: cls takes the first state, and a {config.model_type} model reads from left to right"
        raise MissingPart(f"{what}: texts with one first word would be equal; say pooling: last or mean")


def check_states(config: PreTrainedConfig, form: Form) -> None:
    """Raises MissingPart where the vector that a form makes of a text would tell nothing, or is of something else."""
    check_pooling(config, getattr(form, "pooling", None))
    wanted = getattr(form, "hidden", None)
    if wanted and config.model_type in BLOCK_READERS and wanted(config.num_hidden_layers) < config.num_hidden_layers:
        what = f"the inner states of a {config.model_type} encoder are of blocks of characters, four to a block"
        raise MissingPart(f"{what}; leave layer out, which takes the last states: those are of characters")


def folder_reads_forward(folder: Path) -> bool:
    """Whether the model of a folder is a decoder. Raises MissingPart where its config cannot be read."""
    return reads_forward(load_config(folder))


def folder_positions(folder: Path) -> int | None:
    """Subwords of the longest input that the model of a folder has positions for; None where it has no such limit."""
    return position_limit(load_config(folder), default=0) or None


def check_folder(folder: Path, form: Form) -> None:
    """Raises MissingPart where the model of a folder has no head for a form, or its states would tell nothing."""
    config = load_config(folder)
    head_auto(config, form)
    check_states(config, form)
    if form.facts.locates_answers and config.model_type in WITHOUT_OFFSETS:
        what = f"form {form.name} needs a fast tokenizer, which tells where each subword stands in the text"
        raise MissingPart(f"{what}; {config.model_type} has none")
