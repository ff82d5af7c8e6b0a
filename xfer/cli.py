"""The ``xfer`` command: a click group that imports a command only when it is called, and the one error printer.

This module and the modules of ``commands`` import click alone, so that ``xfer --help`` is quick.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from xfer import __version__
from xfer.catalog import COMMANDS


def _include(context: click.Context, option: click.Parameter, names: tuple[str, ...]) -> None:
    if names:
        from xfer.core.included import include_modules

        include_modules(names)


_INCLUDE = click.Option(
    ["--include"],
    multiple=True,
    metavar="MODULE",
    expose_value=False,
    callback=_include,
    help="Let recipes name code of this package or module (package.module:Class); may be repeated.",
)


class _LazyGroup(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        if _INCLUDE not in command.params:
            command.params.append(_INCLUDE)
        return command

    def resolve_command(
        self, context: click.Context, words: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(context, words)
        except click.UsageError as error:
            from xfer.core.errors import suggest_name

            raise click.UsageError(f"{error.message} {suggest_name(words[0], COMMANDS)}", context) from None


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="xfer")
def group() -> None:
    """Cross-lingual transfer and robustness from recipes.

    \b
    xfer check recipes/mnli_to_xnli.yaml                      all faults of a recipe at once
    xfer train recipes/mnli_to_xnli.yaml --scale miniature    run it, small and offline
    xfer list readers; xfer show reader xnli                  what there is to compose
    """


def main() -> None:
    """Runs the command line. Every error that has a cause ends here as one line, never as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without Unicode shows escapes instead of failing
            stream.reconfigure(errors="backslashreplace")
    try:
        code = group.main(standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("xfer: stopped; what is finished is kept: the same command goes on from there", err=True)
        code = 130
    except Exception as error:
        code = _print_error(error)
    sys.exit(code if isinstance(code, int) else 0)


def _print_error(error: Exception) -> int:
    from xfer.core.errors import RecipeError, XferError, error_from_os  # late: only an error needs them

    if isinstance(error, OSError):
        error = error_from_os(error)
    if not isinstance(error, XferError):
        raise error
    lines = error.message_lines()
    if "--json" in sys.argv:
        import json

        click.echo(json.dumps({"ok": False, "errors": lines}, ensure_ascii=False))
    for line in lines:
        click.echo(line if isinstance(error, RecipeError) else f"xfer: {line}", err=True)
    if isinstance(error, RecipeError) and len(lines) > 1:
        click.echo(f"{len(lines)} faults", err=True)
    return error.exit_code
