"""A changed default gives old results a new meaning: it must raise the component's ``version``.

``tests/identities.json`` holds the defaults of every component. After raising a version (or adding a
component or a field) write it anew with ``python tests/test_identities.py --write``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from xfer.catalog import CATALOG
from xfer.core.component import _canonical_value
from xfer.recipe.schema import component_kinds

FILE = Path(__file__).with_name("identities.json")
WRITE = "python tests/test_identities.py --write"

Known = dict[str, dict[str, Any]]  # "kind type" -> {"version", "defaults"}


def present() -> Known:
    """Version and defaults of every built-in component, as they are now."""
    found: Known = {}
    for kind, base in sorted(component_kinds().items()):
        for name in sorted(CATALOG[kind]):
            leaf = base.find_class(name)
            defaults = {}
            for field, info in sorted(leaf.model_fields.items()):
                extra = info.json_schema_extra
                if not (isinstance(extra, dict) and extra.get("incidental")):
                    value = (
                        "(required)"
                        if info.is_required()
                        else _canonical_value(info.get_default(call_default_factory=True))
                    )
                    defaults[field] = value
            found[f"{kind} {name}"] = {"version": leaf.version, "defaults": defaults}
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def silent_changes(old: Known, new: Known) -> list[str]:
    """Each default that changed, or field that went, under a version that did not rise."""
    found = []
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name]["defaults"], new[name]["defaults"]
        if new[name]["version"] <= old[name]["version"]:
            for field in sorted(before):
                here = f"{name}.{field}"
                if field not in after:
                    found.append(f"{here} is gone")
                elif after[field] != before[field]:
                    found.append(f"{here}: {json.dumps(before[field])} -> {json.dumps(after[field])}")
    return found


def test_no_default_changed_without_a_higher_version() -> None:
    changes = silent_changes(json.loads(FILE.read_text()), present())
    assert not changes, f"raise `version` of the class, then run `{WRITE}`:\n" + "\n".join(changes)


def test_the_file_of_defaults_is_current() -> None:
    assert json.loads(FILE.read_text()) == present(), f"components or fields were added: run `{WRITE}`"


def test_every_component_is_in_the_file() -> None:
    wanted = {f"{kind} {name}" for kind, names in CATALOG.items() for name in names}
    assert set(json.loads(FILE.read_text())) == wanted
    assert {"reader xnli", "model scratch", "trainer finetune", "mixer proportional", "attacker typos"} <= wanted


# the guard itself

OLD: Known = {"reader a": {"version": 1, "defaults": {"x": 1, "y": [2]}}}


def changed(version: int = 1, **defaults: Any) -> Known:
    return {"reader a": {"version": version, "defaults": OLD["reader a"]["defaults"] | defaults}}


def test_the_guard_sees_a_changed_default() -> None:
    assert silent_changes(OLD, changed(x=2)) == ["reader a.x: 1 -> 2"]


def test_the_guard_sees_a_field_that_went() -> None:
    assert silent_changes(OLD, {"reader a": {"version": 1, "defaults": {"x": 1}}}) == ["reader a.y is gone"]


def test_the_guard_sees_a_lowered_version() -> None:
    assert silent_changes(OLD, changed(version=0, x=2)) == ["reader a.x: 1 -> 2"]


def test_the_guard_lets_a_raised_version_pass() -> None:
    assert silent_changes(OLD, changed(version=2, x=2)) == []


def test_the_guard_lets_new_fields_and_components_pass() -> None:
    assert silent_changes(OLD, changed(z=3) | {"reader b": {"version": 1, "defaults": {}}}) == []


def test_an_incidental_field_is_not_guarded() -> None:
    assert "checkpoint_seconds" not in present()["trainer finetune"]["defaults"]
    assert "clip" in present()["trainer finetune"]["defaults"]


def main() -> None:
    """Writes the file, unless a default changed without a higher version."""
    changes = silent_changes(json.loads(FILE.read_text()), present()) if FILE.is_file() else []
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: {WRITE}")
    if changes:
        sys.exit("raise `version` of these classes first:\n" + "\n".join(changes))
    FILE.write_text(json.dumps(present(), indent=1, ensure_ascii=False, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
