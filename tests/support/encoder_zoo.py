"""Tiny checkpoints of the families of encoders: random weights, and a tokenizer of each family's kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = (
    "The cat sat on the mat and looked at the grey sky.",
    "A man is playing a guitar on the stage tonight.",
    "Nobody saw the small dog that ran across the street.",
    "Der Hund läuft über die Straße und sieht die Katze.",
    "นกบินข้ามแม่น้ำ",
    "北京是中国的首都",
    "ذهب الولد إلى المدرسة",
)
WIDE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
FIRST = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2, "sep_token_id": 3}
TokenizerBuilder = Callable[[], Any]


class Family(NamedTuple):
    """One family: its configuration class, what differs from the common sizes, and its kind of tokenizer."""

    config: str
    tokenizer: str
    settings: Mapping[str, Any] = MappingProxyType({})
    pretrained: str = "ForMaskedLM"  # how its checkpoints' class ends


FAMILIES: dict[str, Family] = {
    "albert": Family("Albert", "sentencepiece", {"embedding_size": 16}),
    "bert": Family("Bert", "wordpiece"),
    "big_bird": Family("BigBird", "sentencepiece", {"attention_type": "original_full"}),
    "camembert": Family("Camembert", "sentencepiece"),
    "canine": Family("Canine", "characters", {"num_hash_buckets": 256}, "Model"),
    "convbert": Family("ConvBert", "wordpiece", {"embedding_size": 16}),
    "data2vec-text": Family("Data2VecText", "bytes"),
    "deberta": Family("Deberta", "bytes", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]}),
    "deberta-v2": Family(
        "DebertaV2", "sentencepiece", {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "legacy": False}
    ),
    "distilbert": Family("DistilBert", "wordpiece", {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64}),
    "electra": Family("Electra", "wordpiece", {"embedding_size": 16}),
    "ernie": Family("Ernie", "wordpiece"),
    "esm": Family("Esm", "sentencepiece", {"mask_token_id": 4, "position_embedding_type": "absolute"}),
    "eurobert": Family("EuroBert", "bytes"),
    "fnet": Family("FNet", "sentencepiece"),
    "gte": Family("Gte", "sentencepiece"),
    "jina_embeddings_v3": Family("JinaEmbeddingsV3", "sentencepiece"),
    "lilt": Family("Lilt", "sentencepiece", {"channel_shrink_ratio": 4, "hidden_size": 48}, "Model"),
    "markuplm": Family("MarkupLM", "bytes", {}, "Model"),
    "megatron-bert": Family("MegatronBert", "wordpiece"),
    "modernbert": Family("ModernBert", "bytes"),
    "mpnet": Family("MPNet", "sentencepiece"),
    "mt5": Family(
        "MT5", "sentencepiece", {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}, "Model"
    ),
    "nomic_bert": Family("NomicBert", "wordpiece"),
    "qwen3": Family("Qwen3", "decoder", {"num_key_value_heads": 2, "head_dim": 16}, "ForCausalLM"),
    "rembert": Family("RemBert", "sentencepiece", {"input_embedding_size": 16, "output_embedding_size": 24}),
    "roberta": Family("Roberta", "bytes"),
    "roformer": Family("RoFormer", "wordpiece"),
    "xlm": Family(
        "XLM", "sentencepiece", {"emb_dim": 32, "n_layers": 2, "n_heads": 2, "n_langs": 1}, "WithLMHeadModel"
    ),
    "xlm-roberta": Family("XLMRoberta", "sentencepiece", {"type_vocab_size": 1}),
    "xlm-roberta-xl": Family("XLMRobertaXL", "sentencepiece"),
    "xmod": Family(
        "Xmod", "sentencepiece", {"languages": ["en_XX"], "default_language": "en_XX", "type_vocab_size": 1}
    ),
}


def save_family(name: str, folder: Path, head: str | None = None, seed: int = 0) -> Any:
    """Writes a tiny checkpoint with the family's own pretrained head, or a bare encoder; returns the model."""
    family = FAMILIES[name]
    tokenizer = family_tokenizer(name)
    size = len(tokenizer)
    names = ("pad_token_id", "bos_token_id", "eos_token_id")
    marks = {field: getattr(tokenizer, field) for field in names if getattr(tokenizer, field) is not None}
    marks |= {"cls_token_id": tokenizer.cls_token_id, "sep_token_id": tokenizer.sep_token_id}
    sizes = WIDE | marks | {"vocab_size": size, "n_words": size, "max_position_embeddings": 128} | dict(family.settings)
    if name == "canine":
        sizes = WIDE | dict(family.settings)
    config = getattr(transformers, f"{family.config}Config")(**sizes)
    kind = family.pretrained if head is None else head
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = getattr(transformers, family.config + kind)(config)
        for parameter in model.parameters():  # so that what differs does so by more than rounding
            with torch.no_grad():
                parameter.add_(0.05 * torch.randn(parameter.shape))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


def family_tokenizer(name: str) -> Any:
    """The tokenizer of a family, trained on a few sentences."""
    return TOKENIZERS[FAMILIES[name].tokenizer]()


def _wordpiece() -> Any:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(TEXTS, trainers.WordPieceTrainer(vocab_size=200, special_tokens=special))
    tokenizer.post_processor = _frame("[CLS]", "[SEP]", "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", tokenizer)
    names = ["input_ids", "token_type_ids", "attention_mask"]
    return _fast(tokenizer, "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", names)


def _sentencepiece() -> Any:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]
    tokenizer.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=200, special_tokens=special))
    pair = "<s> $A </s> $B:1 </s>:1"
    tokenizer.post_processor = _frame("<s>", "</s>", "<s> $A </s>", pair, tokenizer)
    return _fast(tokenizer, "<pad>", "<unk>", "<s>", "</s>", "<mask>", ["input_ids", "attention_mask"])


def _bytes() -> Any:
    tokenizer = _byte_level(["<pad>", "<unk>", "<s>", "</s>", "<mask>"])
    tokenizer.post_processor = _frame("<s>", "</s>", "<s> $A </s>", "<s> $A </s> </s> $B </s>", tokenizer)
    return _fast(tokenizer, "<pad>", "<unk>", "<s>", "</s>", "<mask>", ["input_ids", "attention_mask"])


def _decoder() -> Any:
    """As decoders have it: no special subword before or after a text, and no padding."""
    tokenizer = _byte_level(["<end>"])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")


def _characters() -> Any:
    return transformers.CanineTokenizer()


def _byte_level(special: list[str]) -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(TEXTS, trainer)
    return tokenizer


def _frame(cls: str, sep: str, single: str, pair: str, tokenizer: Any) -> Any:
    marks = [(mark, tokenizer.token_to_id(mark)) for mark in (cls, sep)]
    return processors.TemplateProcessing(single=single, pair=pair, special_tokens=marks)


def _fast(tokenizer: Any, pad: str, unk: str, cls: str, sep: str, mask: str, names: list[str]) -> Any:
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=pad,
        unk_token=unk,
        cls_token=cls,
        bos_token=cls,
        sep_token=sep,
        eos_token=sep,
        mask_token=mask,
        model_input_names=names,
    )


TOKENIZERS: dict[str, TokenizerBuilder] = {
    "wordpiece": _wordpiece,
    "sentencepiece": _sentencepiece,
    "bytes": _bytes,
    "decoder": _decoder,
    "characters": _characters,
}
