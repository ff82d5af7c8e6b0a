"""Components: names, plug-ins, short forms, round trips and identities."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, ClassVar

import pytest
from pydantic import Field, ValidationError

from xfer.attackers.base import Attacker
from xfer.attackers.methods.typos import Typos
from xfer.core.component import INCIDENTAL, Block, Component, changed_fields, field_version
from xfer.models.base import Model
from xfer.models.scratch import Scratch
from xfer.readers.base import Reader
from xfer.readers.nli import Xnli
from xfer.recipe.schema import component_kinds
from xfer.trainers.base import Trainer
from xfer.trainers.finetune import Finetune

MINE = """\
from xfer.readers.base import Reader
from xfer.readers.nli import Xnli

class Mine(Xnli):
    '''A data set of one's own.'''

class Other:
    '''Not a reader.'''
"""


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    for base in component_kinds().values():
        monkeypatch.setattr(base, "names", dict(base.names))


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Puts a module of this text on the path, and forgets it after the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def module(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)

    return module


@pytest.fixture
def plugin(tmp_path: Path, module: Callable[[str, str], None]) -> Callable[..., None]:
    """``plugin(text, mine="mod:Class")``: an installed distribution with entry points for readers."""

    def plugin(text: str, **points: str) -> None:
        module("plugged", text)
        info = tmp_path / "plugged-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
        lines = [f"{name} = {target}" for name, target in points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[xfer.readers]", *lines, ""]))

    return plugin


def fault(kind: type[Component], value: Any) -> dict[str, Any]:
    with pytest.raises(ValidationError) as caught:
        kind.model_validate(value)
    (found,) = caught.value.errors()
    return dict(found)


# dispatch


def test_type_chooses_the_class() -> None:
    built = Model.model_validate({"type": "scratch", "width": 64})
    assert (type(built), built.width) == (Scratch, 64)


def test_a_bare_word_is_short_for_its_type() -> None:
    assert Reader.model_validate("xnli") == Reader.model_validate({"type": "xnli"}) == Xnli()


def test_a_kind_with_a_default_needs_no_type() -> None:
    built = Trainer.model_validate({"epochs": 2})
    assert (type(built), built.epochs) == (Finetune, 2)


def test_a_kind_without_a_default_needs_a_type() -> None:
    found = fault(Reader, {"languages": ["en"]})
    assert "needs a type" in found["msg"]
    assert "xnli" in found["ctx"]["hint"]


@pytest.mark.parametrize("name", [5, ["xnli"], {"a": 1}, True])
def test_type_must_be_a_word(name: Any) -> None:
    assert "type" in fault(Reader, {"type": name})["msg"]


def test_an_unknown_name_is_a_fault_with_the_nearest() -> None:
    found = fault(Reader, "xnl")
    assert found["msg"] == "reader 'xnl' is not known"
    assert found["ctx"]["hint"] == "did you mean 'xnli'?"


def test_an_unknown_field_is_a_fault() -> None:
    assert fault(Reader, {"type": "xnli", "lang": 1})["loc"] == ("lang",)


def test_a_leaf_takes_its_own_block_with_and_without_type() -> None:
    assert Typos.model_validate({"type": "typos", "rate": 0.3}) == Typos.model_validate({"rate": 0.3})


def test_a_leaf_does_not_take_the_block_of_another() -> None:
    with pytest.raises(ValidationError):
        Typos.model_validate({"type": "textattack", "rate": 0.3})


def test_validation_leaves_the_input_alone() -> None:
    block = {"type": "scratch", "width": 64}
    Model.model_validate(block)
    assert block == {"type": "scratch", "width": 64}


def test_a_component_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Xnli().source = "hub"  # type: ignore[misc]


# lazy names


def test_an_unused_module_is_not_imported() -> None:
    program = dedent("""
        import sys
        from xfer.models.base import Model
        Model.model_validate("scratch")
        print(*(name for name in sys.modules if name.startswith("xfer.models")))
    """)
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert set(found) == {"xfer.models", "xfer.models.base", "xfer.models.habits", "xfer.models.scratch"}


def test_listing_names_imports_no_component() -> None:
    program = dedent("""
        import sys
        from xfer.models.base import Model
        print(Model.known_names(), "xfer.models.scratch" in sys.modules)
    """)
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "'scratch'" in found and found.endswith("False\n")


# dotted names and plug-ins


def test_a_dotted_name_is_imported(module: Callable[[str, str], None]) -> None:
    module("dotted", MINE)
    built = Reader.model_validate({"type": "dotted:Mine", "languages": ["sw"]})
    assert (type(built).__name__, built.languages) == ("Mine", ("sw",))


def test_a_dotted_name_round_trips(module: Callable[[str, str], None]) -> None:
    module("dotted", MINE)
    built = Reader.model_validate("dotted:Mine")
    assert built.model_dump()["type"] == "dotted:Mine"
    assert type(Reader.model_validate(built.model_dump())) is type(built)


def test_a_subclass_of_a_built_in_is_not_taken_for_it(module: Callable[[str, str], None]) -> None:
    module("dotted", MINE)
    assert Reader.model_validate("dotted:Mine").identity() != Reader.model_validate("xnli").identity()


def test_a_dotted_name_that_was_used_is_not_offered() -> None:
    before = Reader.known_names()
    Reader.model_validate("xfer.readers.nli:Xnli")
    assert Reader.known_names() == before


@pytest.mark.parametrize(
    "name",
    [
        "gone:Mine",
        "dotted:Gone",
        "dotted:Other",
        ":Mine",
        "dotted:",
        ".dotted:Mine",
        "dotted:Mine.x",
        "a..b:C",
        "dotted:os",
    ],
)
def test_a_wrong_dotted_name_is_a_fault(name: str, module: Callable[[str, str], None]) -> None:
    module("dotted", MINE)
    assert name in fault(Reader, name)["msg"]


def test_a_model_is_not_a_reader() -> None:
    assert fault(Reader, "xfer.models.scratch:Scratch")["ctx"]["hint"].startswith("it is no reader of xfer's")


def test_a_plug_in_is_found_by_its_entry_point(plugin: Callable[..., None]) -> None:
    plugin(MINE, mine="plugged:Mine")
    assert "mine" in Reader.known_names()
    built = Reader.model_validate("mine")
    assert built.model_dump()["type"] == "mine"
    assert built.identity()["type"] == "mine"


def test_a_plug_in_of_another_kind_is_not_offered(plugin: Callable[..., None]) -> None:
    plugin(MINE, mine="plugged:Mine")
    assert "mine" not in Model.known_names()


def test_a_plug_in_cannot_take_the_name_of_a_built_in(plugin: Callable[..., None]) -> None:
    plugin(MINE, xnli="plugged:Mine")
    assert type(Reader.model_validate("xnli")) is Xnli


BROKEN = ["import nowhere_at_all", "def x(:", "raise RuntimeError('at import')", "1 / 0"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_plug_in_that_cannot_be_imported_is_a_fault(text: str, plugin: Callable[..., None]) -> None:
    plugin(text, mine="plugged:Mine")
    found = fault(Reader, "mine")
    assert "reader 'mine'" in found["msg"]


def test_a_plug_in_that_takes_a_built_in_name_at_import_is_a_fault(plugin: Callable[..., None]) -> None:
    plugin(MINE.replace("class Mine", "@Reader.register('xnli')\nclass Mine"), mine="plugged:Mine")
    assert "taken" in fault(Reader, "mine")["msg"]


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_plug_in_hides_no_other_name(text: str, plugin: Callable[..., None], xfer: Callable[..., Any]) -> None:
    plugin(text, mine="plugged:Mine")
    found = xfer("list", "readers", "--json")
    names = {line["name"]: line["summary"] for line in found.json["reader"]}
    assert found.code == 0
    assert {"mine", "mnli", "xnli", "text", "files"} <= set(names)
    assert "mine" in names["mine"]


def test_a_broken_plug_in_does_not_stop_the_schema(plugin: Callable[..., None], xfer: Callable[..., Any]) -> None:
    plugin("import nowhere_at_all", mine="plugged:Mine")
    found = xfer("schema")
    assert found.code == 0
    assert "reader.xnli" in found.json["$defs"]


# registering


def test_a_registered_class_is_known_by_its_name() -> None:
    @Reader.register("fresh")
    class Fresh(Xnli):
        pass

    assert "fresh" in Reader.known_names()
    assert type(Reader.model_validate("fresh")) is Fresh
    assert Fresh().model_dump()["type"] == "fresh"
    assert Xnli().model_dump()["type"] == "xnli"


def test_two_classes_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"reader 'xnli' is taken by xfer\.readers\.nli:Xnli"):

        @Reader.register("xnli")
        class Again(Xnli):
            pass

    assert type(Reader.model_validate("xnli")) is Xnli


def test_a_class_may_be_registered_again() -> None:
    assert Reader.register("xnli")(Xnli) is Xnli


def test_kinds_have_their_own_names() -> None:
    @Reader.register("scratch")
    class Read(Xnli):
        pass

    assert type(Model.model_validate("scratch")) is Scratch


# identities


def test_identity_is_kind_type_version_and_what_differs() -> None:
    assert Scratch(width=64).identity() == {"kind": "model", "type": "scratch", "version": Scratch.version, "width": 64}


def test_identity_leaves_out_defaults_that_are_given() -> None:
    assert Typos(rate=0.1, seed=0).identity() == Typos().identity()


def test_identity_leaves_out_incidental_fields() -> None:
    assert Finetune(checkpoint_seconds=1).identity() == Finetune().identity()
    assert Finetune(clip=0.5).identity() != Finetune().identity()


def test_identity_takes_a_whole_number_however_it_is_written() -> None:
    assert Finetune(epochs=3).identity() == Finetune(epochs=3.0).identity()
    assert type(Finetune(epochs=3.0).identity()["epochs"]) is int


def test_identity_follows_components_in_fields() -> None:
    class Keeper(Component, kind="keeper"):
        pass

    @Keeper.register("holder")
    class Holder(Keeper):
        inner: Attacker = Field(Typos())
        watch: int = Field(0, json_schema_extra=INCIDENTAL)

    changed = Holder.model_validate({"inner": {"type": "typos", "rate": 0.5}, "watch": 3})
    assert Holder().identity() == {"kind": "keeper", "type": "holder", "version": 1}
    assert changed.identity()["inner"] == {"kind": "attacker", "type": "typos", "version": Typos.version, "rate": 0.5}
    assert "watch" not in changed.identity()


def test_identity_tells_versions_apart() -> None:
    class Newer(Scratch):
        version: ClassVar[int] = Scratch.version + 1

    assert Newer().identity() != Scratch().identity()


def test_an_infinite_number_is_a_fault() -> None:
    with pytest.raises(ValidationError):
        Finetune(learning_rate=float("inf"))


@pytest.mark.parametrize("kind", sorted(component_kinds()))
def test_every_built_in_has_a_summary_and_described_fields(kind: str) -> None:
    base = component_kinds()[kind]
    for name in [name for name in base.names if ":" not in name]:  # others were looked up by their dotted path
        leaf = base.find_class(name)
        assert leaf.type_name == name
        assert leaf.__doc__
        assert [field for field, info in leaf.model_fields.items() if not info.description] == []


@pytest.mark.parametrize("kind", sorted(component_kinds()))
def test_every_built_in_is_registered_under_its_name_in_the_catalogue(kind: str) -> None:
    from xfer.catalog import CATALOG

    base = component_kinds()[kind]
    for name, target in CATALOG[kind].items():
        leaf = base.find_class(name)
        assert f"{leaf.__module__}:{leaf.__qualname__}" == target


# versions of fields


def test_a_field_that_does_something_else_now_gives_new_keys_only_where_it_is_used() -> None:
    plain, decayed = Finetune(steps=3).identity(), Finetune(steps=3, layer_decay=0.8).identity()
    assert "layer_decay" not in plain and decayed["layer_decay"] == {"value": 0.8, "version": 2}
    for method, wanted in (("houlsby", {"value": "houlsby", "version": 2}), ("dora", "dora")):
        assert Finetune.model_validate({"adapt": {"method": method}}).identity()["adapt"] == {"method": wanted}
    assert Finetune.model_validate({"adapt": {"rank": 4}}).identity()["adapt"] == {"rank": 4}


def test_a_field_with_a_version_of_its_own_tells_it_for_the_values_that_changed() -> None:
    """What a changed meaning of one field must do: other keys where it is set, the same keys everywhere else."""

    class Piece(Block):
        every: int = Field(0, json_schema_extra=field_version(2))
        some: str = Field("a", json_schema_extra=field_version(3, "b"))
        by_number: dict[int, int] = Field({})

    assert changed_fields(Piece()) == {}
    assert changed_fields(Piece(every=5)) == {"every": {"value": 5, "version": 2}}
    assert changed_fields(Piece(some="b")) == {"some": {"value": "b", "version": 3}}
    assert changed_fields(Piece(some="c")) == {"some": "c"}
    assert changed_fields(Piece(by_number={1: 2, 3: 4})) == {"by_number": {"1": 2, "3": 4}}
