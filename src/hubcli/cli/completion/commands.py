"""`hubcli completion SHELL`, and `hubcli __complete`, which the scripts call."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Literal

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError

verbs = Commands()

SHELLS = {
    "bash": "hubcli.bash",
    "zsh": "_hubcli",
    "fish": "hubcli.fish",
    "powershell": "hubcli.ps1",
}
"""The shells, and the name that each wants its file to have."""


@verbs.command("completion", network=False)
def completion(
    runtime: Runtime,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"],
        typer.Argument(metavar="bash|zsh|fish|powershell", help="Your shell."),
    ],
) -> None:
    """Print a completion script for your shell.

    \b
    Examples:
      source <(hubcli completion bash)
      hubcli completion zsh > "${fpath[1]}/_hubcli"
      hubcli completion fish > ~/.config/fish/completions/hubcli.fish
      hubcli completion powershell | Out-String | Invoke-Expression
    """
    runtime.output.text(script(shell))


def script(shell: str) -> str:
    """The script for one of `SHELLS`, made from the command tree."""
    from hubcli.cli.completion.tree import tree

    module = import_module(f"hubcli.cli.completion.{shell}")
    return str(module.script(tree()))


@verbs.command("__complete", network=False, hidden=True)
def complete(
    runtime: Runtime,
    kind: Annotated[Literal["repository", "reference", "registry"], typer.Argument()],
    prefix: Annotated[str, typer.Argument()] = "",
) -> None:
    """Print what a value can be, one per line; nothing where that cannot be found out."""
    from hubcli.suggestions import suggestions

    try:
        found = suggestions(runtime.settings, kind, prefix)
    except HubcliError:
        return
    for name in found:
        runtime.output.text(name)
