"""One encoder and one head a task, both as Hugging Face builds them.

Each task's head is a transformers model (``AutoModelForSequenceClassification`` ...) whose encoder is
replaced by the shared one, so that every encoder of the library works and a saved task is an ordinary
Hugging Face folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from xfer.core.errors import MissingPart
from xfer.core.seeds import derive_seed
from xfer.forms.base import Form
from xfer.models import bottleneck
from xfer.models.base import Origin
from xfer.models.domain.form import DomainForm
from xfer.models.folders import load_config, load_tokenizer
from xfer.models.head_vectors import given_vectors, note_pooling
from xfer.models.heads import build_head, check_states, head_auto, scores_sequences
from xfer.models.inputs import match_tokenizer
from xfer.models.spread import shard_like

transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


STACK_NAMES = ("layer", "layers", "h", "block")  # what encoders call their stack


class Network(torch.nn.Module):
    """The tasks of a stage over one encoder. ``heads[task]`` is a whole transformers model.

    ``judges[task]`` is the discriminator of a task that has one in place of a head. ``aside`` holds what an adversary
    trains beside them; it is never saved.
    """

    def __init__(
        self,
        heads: Mapping[str, torch.nn.Module],
        forms: Mapping[str, Form],
        tokenizer: PreTrainedTokenizerBase,
        judges: Mapping[str, torch.nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.heads = torch.nn.ModuleDict(heads)
        self.judges = torch.nn.ModuleDict(judges or {})
        self.aside = torch.nn.ModuleDict()
        self.forms, self.tokenizer = dict(forms), tokenizer
        self.pooled_by: str | None = None  # how heads that classify pool, once it was asked (``pooling``)
        self.random_heads: list[str] = []  # tasks whose masked-LM head should be pretrained, and is not

    @property
    def encoder(self) -> torch.nn.Module:
        """The shared encoder."""
        first: Any = next(iter(self.heads.values()))
        return first.base_model

    def forward(self, task: str, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Logits [rows, labels]; with ``positions`` [positions, vocabulary]; with ``options`` [rows, options].

        Tasks with a discriminator give what its ``judged`` does, as a dict.
        Heads that find a span give [rows, subwords, 2]. ``options`` says which sequence each option is; -1, where
        a row has fewer, gets minus infinity. Encoders without a head give pooled vectors [sequences, width].
        """
        inputs: dict[str, torch.Tensor] = {
            name: batch[name] for name in ("input_ids", "attention_mask", "token_type_ids") if name in batch
        }
        if task in self.judges:
            return self._judge_outputs(task, inputs, batch)
        head: Any = self.heads[task]
        if self.forms[task].facts.searches_pool:
            return self._pooled_vectors(head, self.forms[task], inputs)
        with given_vectors(head, self.forms[task], inputs["attention_mask"]):
            return self._head_answers(head, task, inputs, batch)

    def _head_answers(
        self, head: PreTrainedModel, task: str, inputs: dict[str, torch.Tensor], batch: dict[str, torch.Tensor]
    ) -> torch.Tensor:
        """What ``forward`` gives of a task with a head; ``inputs`` are [sequences, subwords] each."""
        if "options" in batch:
            if scores_sequences(head):
                scores = head(**inputs).logits[:, 0]
            else:  # all sequences go in as options of one row: any encoder takes that, and none is padded
                scores = head(**{name: tensor[None] for name, tensor in inputs.items()}).logits[0]
            return scores[batch["options"].clamp(min=0)].masked_fill(batch["options"] < 0, -torch.inf)
        if "positions" not in batch:
            output = head(**inputs)
            return output.logits if "logits" in output else torch.stack([output.start_logits, output.end_logits], -1)
        outer = [name for name, _ in head.named_children() if name != head.base_model_prefix]
        if len(outer) != 1 and not self.forms[task].facts.masks_text:  # its dropout is drawn for every place
            return head(**inputs).logits.flatten(0, 1)[batch["positions"]]
        with _states_at(head, batch["positions"]):
            return head(**inputs).logits[0]

    def _judge_outputs(self, task: str, inputs: dict[str, torch.Tensor], batch: dict[str, torch.Tensor]) -> Any:
        """What the discriminator of a task gives: ``logits`` [units, values] and what else its head needs.

        ``inputs`` are [sequences, subwords] each.
        """
        form: Any = self.forms[task]
        source: Any = self.heads[form.conditions] if form.conditions else self.encoder
        layers = int(source.config.num_hidden_layers)
        wanted = form.hidden(layers)
        inner = bool(form.conditions) or wanted < layers
        mask = inputs["attention_mask"]
        given = given_vectors(source, self.forms[form.conditions], mask) if form.conditions else nullcontext()
        with given, torch.set_grad_enabled(torch.is_grad_enabled() and "critic" not in batch):
            output = source(**inputs, output_hidden_states=inner)
        with torch.autocast(batch["input_ids"].device.type, enabled=False):
            states = output.hidden_states[wanted] if inner else output.last_hidden_state
            extra = {"chances": form.condition_probabilities(output.logits, batch)} if form.conditions else {}
            return form.head.judge_features(self.judges[task], form.features(states, batch), batch | extra)

    @staticmethod
    def _pooled_vectors(encoder: PreTrainedModel, form: Any, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """One vector a sequence, [sequences, width], from inputs [sequences, subwords]."""
        layers = int(encoder.config.num_hidden_layers)
        wanted = form.hidden(layers)
        output = encoder(**inputs, output_hidden_states=wanted < layers)
        states = output.hidden_states[wanted] if wanted < layers else output.last_hidden_state
        pooled: torch.Tensor = form.vectors(states, inputs["attention_mask"])
        return pooled

    def layer_stack(self) -> torch.nn.ModuleList | None:
        """The encoder's layers from the lowest to the highest; None where there is no single stack of them."""
        named = self.encoder.named_modules()
        stacks = [m for name, m in named if name.split(".")[-1] in STACK_NAMES and isinstance(m, torch.nn.ModuleList)]
        return stacks[0] if len(stacks) == 1 else None

    def freeze_lowest(self, layers: int, embeddings: bool) -> None:
        """Takes the lowest ``layers`` layers and, if asked, the embeddings out of training."""
        stack = self.layer_stack()
        if layers and (stack is None or layers > len(stack)):
            count = "no single stack of layers" if stack is None else f"{len(stack)} layers"
            raise MissingPart(f"model.freeze_layers is {layers}, but the encoder has {count}")
        frozen: list[Any] = list(stack[:layers]) if layers and stack is not None else []
        if embeddings:
            encoder: Any = self.encoder
            frozen.append(getattr(encoder, "embeddings", None) or encoder.get_input_embeddings())
        for module in frozen:
            module.requires_grad_(False)

    def set_dropout(self, rate: float) -> None:
        """Sets every dropout of this run to ``rate``; the config that is saved keeps the model's own."""
        module: Any
        for module in self.heads.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = rate
                continue
            for name, value in vars(module).items():  # some encoders hand a number on, to attention or to a function
                if "dropout" in name and isinstance(value, float):
                    setattr(module, name, rate)

    def save_tasks(self, folder: Path) -> None:
        """Each task as a Hugging Face folder ``folder/<task>`` with safetensors and tokenizer.

        A discriminator is ``discriminator.safetensors`` there, and nothing else.
        """
        for task, head in self.heads.items():
            note_pooling(head, self.forms[task])
            bottleneck.save_with_adapters(head, folder / task)
            self.tokenizer.save_pretrained(folder / task)
        for task, judge in self.judges.items():
            (folder / task).mkdir(parents=True, exist_ok=True)
            tensors = {name: tensor.cpu().clone() for name, tensor in judge.state_dict().items()}
            metadata = {"values": json.dumps(self.forms[task].labels)}
            save_file(tensors, folder / task / "discriminator.safetensors", metadata)

    def named_weights(self) -> dict[str, torch.Tensor]:
        """Every parameter and buffer once, by name, in any shape."""
        tensors = dict(self.named_parameters()) | dict(self.named_buffers())
        return {name: tensor.detach() for name, tensor in tensors.items()}

    def weight_places(self, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """What ``named_weights`` gave, of any shape, under a name for each place that holds one: tied weights have
        several places, and a module that several heads share is one place."""
        names = {id(t): name for name, t in (*self.named_parameters(), *self.named_buffers())}
        placed: dict[str, torch.Tensor] = {}
        for path, module in self.named_modules():
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None:
                    placed[f"{path}.{name}"] = tensors[names[id(tensor)]]
        return placed

    def load_weights(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Puts back what ``named_weights`` gave: tensors of any shape, by name."""
        with torch.no_grad():
            for name, tensor in self.named_weights().items():
                tensor.copy_(shard_like(tensors[name], tensor))


def build_network(origin: Origin, forms: Mapping[str, Form], seed: int) -> Network:
    """A network from an origin: its encoder is carried, classification heads start fresh from ``seed``.

    A masked-LM head is kept where the origin has one: it belongs to the encoder's own pretraining.
    """
    tokenizer = origin.tokenizer or load_tokenizer(origin.folder)
    heads: dict[str, Any] = {}
    lacking: dict[str, list[str]] = {}
    for task, form in forms.items():
        if not isinstance(form, DomainForm):
            with seeded_torch(derive_seed("head", task, seed)):
                heads[task], lacking[task] = build_head(origin, form)
            check_states(heads[task].config, form)
    _check_encoders(heads)
    # some encoders are built without the pooler that other heads need, and none minds one
    shared = heads[max(heads, key=lambda task: (_has_pooler(heads[task]), not forms[task].facts.masks_text))]
    for task, head in heads.items():
        if head is head.base_model:  # vectors need no head
            heads[task] = shared.base_model
        elif head is not shared:
            setattr(head, head.base_model_prefix, shared.base_model)
            head.tie_weights()
    match_tokenizer(tokenizer, shared)
    network = Network(heads, forms, tokenizer, _build_judges(shared.config, forms, seed))
    network.random_heads = [task for task, names in lacking.items() if names]
    return network


def _check_encoders(heads: Mapping[str, PreTrainedModel]) -> None:
    """Raises MissingPart where tasks cannot share an encoder: that of mT5's tags is half of that of its classes."""
    kinds = {type(head.base_model): task for task, head in heads.items()}
    if len(kinds) > 1:
        (first, one), (second, other) = list(kinds.items())[:2]
        what = f"tasks {one} and {other} cannot share an encoder: that of one is a {first.__name__}"
        raise MissingPart(f"{what}, that of the other a {second.__name__}; train them in recipes of their own")


def _build_judges(config: PreTrainedConfig, forms: Mapping[str, Form], seed: int) -> dict[str, torch.nn.Module]:
    """A fresh discriminator for each task that has one. Raises MissingPart where the encoder lacks its layer."""
    judges: dict[str, torch.nn.Module] = {}
    for task, form in forms.items():
        if isinstance(form, DomainForm):
            form.hidden(int(config.num_hidden_layers))
            check_states(config, form)
            classes = len(forms[form.conditions].labels) if form.conditions else 1
            with seeded_torch(derive_seed("head", task, seed)):
                judges[task] = form.judge(int(config.hidden_size), classes)
    return judges


def load_network(folder: Path, task: str, form: Form) -> Network:
    """A saved task, ready to predict."""
    config = load_config(folder / task)
    auto = getattr(transformers, head_auto(config, form))
    options = {"config": config, "use_safetensors": True, "dtype": torch.float32, "trust_remote_code": False}
    head = auto.from_pretrained(folder / task, **options)
    bottleneck.read_adapters(head, folder / task)
    tokenizer = load_tokenizer(folder / task)
    match_tokenizer(tokenizer, head)
    return Network({task: head}, {task: form}, tokenizer).eval()


def _has_pooler(head: PreTrainedModel) -> bool:
    return getattr(head.base_model, "pooler", None) is not None


@contextmanager
def _states_at(head: PreTrainedModel, positions: torch.Tensor) -> Iterator[None]:
    """Inside, a head is given the last states at the flat ``positions`` [places] alone, as one sequence."""

    def select(module: torch.nn.Module, inputs: object, output: Any) -> Any:
        output["last_hidden_state"] = output["last_hidden_state"].flatten(0, 1)[positions][None]
        return output

    hook = head.base_model.register_forward_hook(select)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def seeded_torch(seed: int) -> Iterator[None]:
    """Inside, torch draws from ``seed``; outside, as if nothing had been drawn."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield
