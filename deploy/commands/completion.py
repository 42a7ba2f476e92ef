"""`completion`: print what makes a shell complete the verbs."""

from __future__ import annotations

import click

from deploy.commands.options import COMPLETE, output

# click asks the program by its name, which ours has none of: `tapline` is a function of the shell.
_INSTEAD = {
    "bash": (("bash_complete $1", "bash_complete python -m deploy"),),
    "zsh": (("zsh_complete tapline", "zsh_complete python -m deploy"), ("$+commands[tapline]", "$+functions[tapline]")),
    "fish": (("(commandline -t) tapline", "(commandline -t) python -m deploy"),),
}


@click.command("completion")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
@output
def command(format: str, shell: str) -> None:
    """Print what makes a shell complete the verbs, and `tapline` short for `python -m deploy`.

    \b
    Example: eval "$(python -m deploy completion bash)"
    """
    from click.shell_completion import get_completion_class

    from deploy.command import main

    kind = get_completion_class(shell)
    if kind is None:  # click knows all three
        raise click.UsageError(f"there is no completion for {shell}")
    source = kind(main, {}, "tapline", COMPLETE).source()
    for old, new in _INSTEAD[shell]:
        source = source.replace(old, new)
    alias = "function tapline; python -m deploy $argv; end" if shell == "fish" else 'tapline() { python -m deploy "$@"; }'
    click.echo(f"{alias}\n{source}")
