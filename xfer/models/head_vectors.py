"""What a head that reads one vector of a text is given, where a recipe or the model's folder says how texts are pooled.

Families read the first state, the mean or the last one, and write that into their heads. Here the pooled vector is put
at every place before a head reads any: whichever it reads is that vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel

from xfer.forms.base import Form
from xfer.forms.pooling import pooled_states

CONFIG_FIELD = "xfer_pooling"  # of a saved head; transformers keeps it and does not read it (docs/encoders.md)


@contextmanager
def given_vectors(head: PreTrainedModel, form: Form, mask: Tensor) -> Iterator[None]:
    """Inside, a head is given the vector of each sequence, [sequences, width], as ``form.pooling`` makes it of the last
    states by ``mask`` [sequences, subwords]: in place of every state, and of what the encoder's own pooler gives.
    Nothing changes for forms without one, nor in the encoder's ``hidden_states``."""
    pooling = asked_pooling(form)
    hook = head.base_model.register_forward_hook(partial(_pool_output, mask, pooling)) if pooling else None
    try:
        yield
    finally:
        if hook:
            hook.remove()


def asked_pooling(form: Form) -> str | None:
    """How a form's head is to be given one vector; None where it pools as its family does, or reads no such vector."""
    return getattr(form, "pooling", None) if form.facts.reads_vector else None


def note_pooling(head: PreTrainedModel, form: Form) -> None:
    """Writes into the configuration of a head what it is to be given, for those who load the saved folder."""
    if pooling := asked_pooling(form):
        setattr(head.config, CONFIG_FIELD, pooling)


def _pool_output(mask: Tensor, pooling: str, encoder: nn.Module, inputs: object, output: Any) -> Any:
    """A hook: the last states of an encoder [sequences, subwords, width] become the vector of their sequence, by
    ``mask`` [sequences, subwords], and so does its pooler's output.

    A pooler is a layer that was pretrained on the first state, or a fresh one: it stays where that state is asked for.
    """
    states = output["last_hidden_state"]
    vectors = pooled_states(states, mask, pooling)
    output["last_hidden_state"] = vectors[:, None].expand_as(states)
    if pooling != "cls" and output.get("pooler_output") is not None:
        output["pooler_output"] = vectors
    return output
