"""No command is forgotten: each is an errand that faults are tried on, or sends nothing."""

from __future__ import annotations

from hubcli.cli.app import ALIASES, COMMANDS
from hubcli.cli.completion.tree import tree
from support.errands import ERRANDS, command

SILENT = {
    "logout": "forgets what is kept on this machine",
    "auth helper": "reads and writes what is kept on this machine",
    "scim logout": "forgets what is kept on this machine",
    "registry providers": "tells what hubcli itself knows",
    "webhook listen": "is a server",
    "config get": "reads a file",
    "config ls": "reads a file",
    "config path": "tells where a file is",
    "config set": "writes a file",
    "config unset": "writes a file",
    "sandbox demo": "has a server of its own",
    "sandbox env": "tells the variables of a server on this machine",
    "sandbox run": "has a server of its own",
    "sandbox up": "is a server",
    "completion": "tells what hubcli itself knows",
    "help": "tells what hubcli itself knows",
}
"""Commands that no server is asked by, and why not."""


def commands() -> set[str]:
    """All that do something, the hidden ones, too."""
    hidden = {name for name, row in COMMANDS.items() if row.hidden}
    nodes = [
        node for one in tree().children for node in ([one] if one.name == "help" else one.walk())
    ]
    shown = {node.key for node in nodes if node.name == "help" or not node.children}
    return (shown | hidden) - set(ALIASES)


def test_every_command_is_an_errand_or_sends_nothing() -> None:
    tried = {command(name) for name in ERRANDS}
    assert tried & set(SILENT) == set()
    assert tried | set(SILENT) == commands()
