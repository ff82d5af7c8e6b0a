"""What recipes and studies may call their parts. Names become folders, columns of tables and modules of a network: what
one of these takes for its own is refused when a recipe is checked, and not found out by a report."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

LONGEST_NAME = 100  # characters; file systems take 255 bytes, and names are put together
TABLE_COLUMNS = frozenset(("gap", "bought", "oracle"))  # of every report, beside one for each evaluation
NETWORK_WORDS = frozenset(  # what torch.nn.ModuleDict has for its own
    """T_destination add_module apply bfloat16 buffers call_super_init children clear compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    items keys load_state_dict modules mtia named_buffers named_children named_modules named_parameters
    parameters pop register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory smart_apply
    state_dict to to_empty train training type update values xpu zero_grad""".split()
)


def _check_name(value: str) -> str:
    """Letters, digits, ``_``, ``-`` and ``.``, not starting with a dot."""
    if not value or value[0] == "." or not all(c.isalnum() or c in "_-." for c in value):
        raise _bad_name(value, "cannot name a folder", "use letters, digits, '_', '-' and '.'")
    if len(value.encode("utf-8")) > LONGEST_NAME:
        raise _bad_name(
            f"{value[:20]}...", f"is too long a name: {len(value)} characters", f"use {LONGEST_NAME} at most"
        )
    return value


def _check_part(value: str) -> str:
    """As a name, and without dots, which stand between names."""
    if "." in value:
        raise _bad_name(value, "has a dot, which stands between names", f"write '{value.replace('.', '_')}'")
    return value


def _check_evaluation(value: str) -> str:
    if value in TABLE_COLUMNS:
        raise _bad_name(value, "is a column of every report", f"call it 'test_{value}', or what it tests")
    return value


def _check_task(value: str) -> str:
    if value in NETWORK_WORDS:
        raise _bad_name(value, "is a word of torch's own for the parts of a network", f"call it '{value}_task'")
    return value


def _bad_name(value: str, what: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("bad_name", "'{value}' {what}", {"value": value, "what": what, "hint": hint})


Name = Annotated[str, AfterValidator(_check_name)]  # of a recipe, a study, a level
PartName = Annotated[Name, AfterValidator(_check_part)]  # of a stage
EvaluationName = Annotated[PartName, AfterValidator(_check_evaluation)]
TaskName = Annotated[PartName, AfterValidator(_check_task)]
