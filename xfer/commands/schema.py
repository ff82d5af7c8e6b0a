"""``xfer schema``: the JSON Schema of recipes and of studies, for editors."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--output", type=click.Path(path_type=Path), help="Write to this file; standard output if left out.")
@click.option("--study", is_flag=True, help="The schema of studies instead of that of recipes.")
@click.option("--json", "as_json", is_flag=True, help="The schema is always JSON; accepted for scripts.", hidden=True)
def schema(output: Path | None, study: bool, as_json: bool) -> None:
    """Write the JSON Schema that the first line of each recipe (or study) points its editor to."""
    from xfer.recipe.schema import schema_text, study_schema_text

    text = study_schema_text() if study else schema_text()
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"written to {output}", err=True)
