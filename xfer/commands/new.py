"""``xfer new``: a working file to begin with, and its test."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import Path

import click

from xfer.commands.options import as_json, echo_json

# what is written -> (template, file) for each kind; NAME and Class are filled in
TEMPLATE_FILES = {
    "recipe": {"recipe.yaml": "NAME.yaml", "recipe_test.py.txt": "test_NAME.py"},
    "study": {"study.yaml": "NAME.yaml", "recipe.yaml": "NAME_recipe.yaml", "study_test.py.txt": "test_NAME.py"},
    "reader": {"reader.py.txt": "NAME.py", "reader_test.py.txt": "test_NAME.py"},
    "attacker": {"attacker.py.txt": "NAME.py", "attacker_test.py.txt": "test_NAME.py"},
    "method": {"method.py.txt": "NAME.py", "method_test.py.txt": "test_NAME.py"},
    "loss": {"loss.py.txt": "NAME.py", "loss_test.py.txt": "test_NAME.py"},
    "form": {"form.py.txt": "NAME.py", "form_class.py.txt": "NAME_form.py", "form_test.py.txt": "test_NAME.py"},
}
ENTRY_POINTS = {  # what is a plug-in -> (group of entry points, what stands there)
    "reader": ("xfer.readers", "NAME:Class"),
    "attacker": ("xfer.attackers", "NAME:Class"),
    "method": ("xfer.adversaries", "NAME:Class"),
    "loss": ("xfer.losses", "NAME:Class"),
    "form": ("xfer.forms", "NAME:FACTS"),
}
NEXT_COMMANDS = {
    "recipe": "xfer train {folder}NAME.yaml --scale miniature",
    "study": "xfer study {folder}NAME.yaml --scale miniature",
    "reader": 'use it in a recipe as reader: {{type: "NAME:Class", source: mirror}}, with xfer train --include NAME',
    "attacker": "xfer attack --include NAME --attacker NAME:Class --language en --text 'A small house stands here'",
    "method": 'use it in a recipe as trainer: {{adversary: "NAME:Class"}}, with xfer train --include NAME',
    "loss": 'use it in a recipe as trainer: {{losses: ["NAME:Class"]}}, with xfer train --include NAME',
    "form": 'say form = "NAME:FACTS" in a reader (xfer new reader); CONTRIBUTING says what a search needs besides',
}


@click.command()
@click.argument("kind", type=click.Choice(list(TEMPLATE_FILES)))
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where to write; here if left out.",
)
@as_json
def new(kind: str, name: str, folder: Path, as_json: bool) -> None:
    """Write a working recipe, study, reader, attacker, method, loss or form called NAME and its test.

    Nothing is overwritten. Plug-ins also get an entry point in the folder's pyproject.toml: installed, they are listed.
    """
    from xfer.core.errors import UsageError

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise UsageError(f"'{name}' cannot name it: use small letters, digits and '_', starting with a letter")
    files = {folder / _fill_template(file, name): template for template, file in TEMPLATE_FILES[kind].items()}
    existing = [str(path) for path in files if path.exists()]
    if existing:
        raise UsageError(f"{existing[0]} is there already; choose another name or --folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, template in files.items():
        path.write_text(_fill_template(_template_text(template), name, path.stem), encoding="utf-8")
    registered = _register_plugin(kind, name, folder, files)
    if as_json:
        echo_json({"files": [str(path) for path in files]})
        return
    for path in files:
        click.echo(f"wrote {path}")
    if registered:
        click.echo(registered)
    begin = f"PYTHONPATH={folder} " if registered else ""
    click.echo(f"test it: {begin}python -m pytest {folder / f'test_{name}.py'}")
    click.echo(
        "then: " + _fill_template(NEXT_COMMANDS[kind].format(folder="" if folder == Path() else f"{folder}/"), name)
    )


def _register_plugin(kind: str, name: str, folder: Path, files: Iterable[Path]) -> str:
    """Makes a plug-in known to who installs the folder; returns a line for people, empty for what is no plug-in."""
    if kind not in ENTRY_POINTS:
        return ""
    from xfer.commands.plugin import add_entry_point

    group, target = ENTRY_POINTS[kind]
    modules = tuple(path.stem for path in files if not path.stem.startswith("test_"))
    return add_entry_point(folder, group, name, _fill_template(target, name), modules)


def _template_text(name: str) -> str:
    from importlib.resources import files

    return (files("xfer") / "templates" / name).read_text(encoding="utf-8")


def _fill_template(text: str, name: str, stem: str | None = None) -> str:
    """NAME and Class in a text; ``name:`` of a recipe is that of its own file."""
    camel = "".join(word.capitalize() for word in name.split("_"))
    if stem:
        text = text.replace("\nname: NAME\n", f"\nname: {stem}\n")
    return re.sub(r"\bClass\b", camel, text.replace("NAME", name))
