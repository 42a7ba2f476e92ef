"""The command: finds the verb, and is the only place that catches errors."""

from __future__ import annotations

import importlib
import os
import sys
from itertools import pairwise
from typing import Any

import click

from deploy.commands import VERBS
from deploy.commands.options import COMPLETE
from deploy.errors import DeployError, Interrupted, Told

NAME = "python -m deploy"


class Verbs(click.Group):
    """Imports a verb's module when it is called; its help needs none of them."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [name for verbs in VERBS.values() for name in verbs]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command: click.Command = importlib.import_module(f"deploy.commands.{name}").command
        return command

    def resolve_command(self, context: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(context) and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(context), 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            context.fail(f"there is no verb '{args[0]}'{hint} See '{NAME} --help'.")
        return super().resolve_command(context, args)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for section, verbs in VERBS.items():
            with formatter.section(section):
                formatter.write_dl(list(verbs.items()))


@click.command(cls=Verbs, name=NAME, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option("0.1.0", message="tapline %(version)s")
def main() -> None:
    """Deploy what `generate.py` built: review it, execute exactly that, guard it, undo it when it is bad.

    \b
    First:   make generate && python -m deploy up dev --local
    Help:    python -m deploy plan --help
    Runbook: docs/operations.md, by exit code
    """


def run(arguments: list[str] | None = None) -> int:
    """The exit code; docs/operations.md says what each means."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        answer: Any = main.main(given, prog_name=NAME, complete_var=COMPLETE, standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except Interrupted as error:
        return _said(error, given)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: nothing more was started", err=True)
        return 130
    except DeployError as error:
        return _said(error, given)
    except BrokenPipeError:
        # Whoever reads has gone; what is left in the buffer must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the one place that catches everything
        return _fault(error, given)
    return answer if isinstance(answer, int) else 0


def _said(error: Told, given: list[str]) -> int:
    if "--debug" in given:
        import traceback

        traceback.print_exc()
    from deploy.console import console

    console("json" if _wants_json(given) else "text").error(error)
    return error.code


def _fault(error: Exception, given: list[str]) -> int:
    """What nobody foresaw: a fault of the tool."""
    if "--debug" in given:
        raise error
    return _said(
        DeployError("fault of the tool", f"{type(error).__name__}: {error}", "run it again with --debug, and report what it prints"), given
    )


def _wants_json(given: list[str]) -> bool:
    return "--format=json" in given or any(pair == ("--format", "json") for pair in pairwise(given))
