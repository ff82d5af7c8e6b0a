"""What a head that reads one vector of a text is given, where a recipe or the model's folder says how texts are pooled.

Families read the first state, the mean or the last one, and write that into their heads. Here the pooled vector is put
at every place before a head, or the encoder's own pooler, reads any: whichever it reads is that vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from xfer.forms.base import Form
from xfer.forms.pooling import pooled_states

CONFIG_FIELD = "xfer_pooling"  # of a saved head; transformers keeps it and does not read it (docs/encoders.md)


@contextmanager
def given_vectors(head: PreTrainedModel, form: Form, mask: Tensor) -> Iterator[None]:
    """Inside, a head is given states [sequences, subwords, width] that are all the vector of their sequence, as
    ``form.pooling`` makes it by ``mask`` [sequences, subwords]; nothing changes for forms without one, nor in the
    encoder's ``hidden_states``."""
    pooling = getattr(form, "pooling", None) if form.facts.reads_vector else None
    if pooling is None:
        yield
        return
    encoder: Any = head.base_model
    hooks = [encoder.register_forward_hook(partial(_pool_output, mask, pooling))]
    pooler = getattr(encoder, "pooler", None)
    if pooler is not None:
        hooks += _pool_inputs(pooler, encoder, mask, pooling)
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def note_pooling(head: PreTrainedModel, form: Form) -> None:
    """Writes into the configuration of a head what it is to be given, for those who load the saved folder."""
    pooling = getattr(form, "pooling", None) if form.facts.reads_vector else None
    if pooling is not None:
        setattr(head.config, CONFIG_FIELD, pooling)


def _pool_output(mask: Tensor, pooling: str, encoder: nn.Module, inputs: object, output: Any) -> Any:
    """A hook: the last states of an encoder become the vector of their sequence."""
    states = output["last_hidden_state"]
    output["last_hidden_state"] = pooled_states(states, mask, pooling)[:, None].expand_as(states)
    return output


def _pool_inputs(pooler: nn.Module, encoder: Any, mask: Tensor, pooling: str) -> list[RemovableHandle]:
    """Hooks: the encoder's own pooler reads the vector. Those of ALBERT and BigBird are given the first state alone."""
    stack_states: list[Tensor] = []

    def note(stack: nn.Module, inputs: object, output: Any) -> None:
        stack_states[:] = [output["last_hidden_state"]]

    def pool(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        states = stack_states[0] if stack_states else inputs[0]
        vectors = pooled_states(states, mask, pooling)
        return (vectors if stack_states else vectors[:, None].expand_as(states), *inputs[1:])

    noting = [encoder.encoder.register_forward_hook(note)] if isinstance(pooler, nn.Linear) else []
    return [*noting, pooler.register_forward_pre_hook(pool)]
