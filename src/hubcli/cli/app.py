"""The root command: one row per command, and nothing imported that was not asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise, takewhile
from typing import Any

import typer
from typer._click import Context
from typer.core import TyperGroup

from hubcli import __version__
from hubcli.cli.commands import CONTEXT, Command, common_options
from hubcli.cli.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives: `hubcli.cli.<module>`, and the line that root help shows of it.

    A noun is the module's `group`; a verb is found in its `verbs`. Hidden ones are for programs.
    """

    module: str
    help: str
    noun: bool = False
    hidden: bool = False


COMMANDS: dict[str, Entry] = {
    "login": Entry("signin", "Sign in to Docker Hub or another registry."),
    "logout": Entry("signin", "Forget a credential."),
    "auth": Entry("auth", "See and use credentials.", noun=True),
    "search": Entry("search", "Search Docker Hub, or another registry."),
    "repo": Entry("repo", "Manage repositories.", noun=True),
    "tag": Entry("tag", "Manage tags.", noun=True),
    "pull": Entry("transfer.commands", "Copy an image out of a registry."),
    "push": Entry("transfer.commands", "Copy an image into a registry."),
    "copy": Entry("transfer.commands", "Copy an image from anywhere to anywhere."),
    "sync": Entry("sync.command", "Mirror repositories as a file says."),
    "inspect": Entry("image", "Show an image: its manifest and configuration."),
    "files": Entry("files", "List the files in an image."),
    "export": Entry("export", "Write an image's file system as a tar, or one file of it."),
    "diff": Entry("diff", "Show what two images differ in."),
    "digest": Entry("image", "Print the digest a reference points at."),
    "manifest": Entry("manifests", "Read and write manifests.", noun=True),
    "index": Entry("index", "Make and change indexes.", noun=True),
    "blob": Entry("blob", "Read and write blobs.", noun=True),
    "referrer": Entry("referrer", "See, get and attach what refers to images.", noun=True),
    "sbom": Entry("sbom", "Print the SBOM of an image: SPDX, CycloneDX or Syft's."),
    "provenance": Entry(
        "sbom", "Print the SLSA provenance of an image: how it was built, and from what."
    ),
    "annotate": Entry("editing.annotating", "Set or remove annotations of a manifest or index."),
    "mutate": Entry(
        "editing.mutating", "Change how an image runs: its labels, variables, entrypoint and so on."
    ),
    "append": Entry("editing.layering", "Put layers on top of an image."),
    "flatten": Entry("editing.layering", "Make one layer of all the layers of an image."),
    "rebase": Entry("editing.rebasing", "Put an image on another base."),
    "registry": Entry("registry", "Look at a registry.", noun=True),
    "token": Entry("tokens", "Manage personal access tokens.", noun=True),
    "org": Entry("org", "Manage organizations.", noun=True),
    "team": Entry("team", "Manage teams of organizations.", noun=True),
    "scim": Entry(
        "scim",
        "Manage the users of an organization with SSO, as its identity provider does.",
        noun=True,
    ),
    "webhook": Entry("webhook", "Manage webhooks, and receive what they send.", noun=True),
    "build": Entry(
        "builds", "See, trigger and export automated builds, which Docker Hub retires.", noun=True
    ),
    "apply": Entry("desired.applying", "Make an organization what a file says."),
    "export-config": Entry("desired.exporting", "Write an organization as a file for apply."),
    "account": Entry("account", "Show your Docker Hub account.", noun=True),
    "config": Entry("config", "Read and change the configuration.", noun=True),
    "sandbox": Entry("sandbox", "Run a local Docker Hub with its registry.", noun=True),
    "completion": Entry("completion.commands", "Print a completion script for your shell."),
    "help": Entry(
        "help", "Explain a topic: references, tags, formats, exit-codes, environment, auth."
    ),
    "__complete": Entry("completion.commands", "Print what a value can be.", hidden=True),
}
ALIASES = {"cp": "copy"}


class Root(TyperGroup):
    """Knows the rows; imports a command's module when it is the one that was asked for."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        """A stand-in that carries the help line: enough for root help and completion."""
        name = ALIASES.get(cmd_name, cmd_name)
        entry = COMMANDS.get(name)
        return None if entry is None else _stub(name, entry)

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, stub and load(str(stub.name), rest), rest


def _stub(name: str, entry: Entry) -> Command:
    return Command(name, help=entry.help, hidden=entry.hidden)


def load(name: str, rest: Sequence[str] = ()) -> Any:
    """The real command behind a row.

    Of a noun that tells where its `VERBS` are, those of the module that the first of `rest` needs;
    all of them where that is none of the verbs.
    """
    entry = COMMANDS[name]
    module = import_module(f"hubcli.cli.{entry.module}")
    if not entry.noun:
        return typer.main.get_group(module.verbs).commands[name]
    places: dict[str, str] = getattr(module, "VERBS", {})
    for verb in rest[:1] if rest and rest[0] in places else places:
        import_module(f"{module.__name__}.{places[verb]}")
    return typer.main.get_group(module.group)


def _version(context: Context, _: Any, value: bool) -> None:
    if value:
        context.obj.output.text(f"hubcli {__version__}")
        raise typer.Exit


def root() -> Root:
    """The command `hubcli`."""
    version = typer.core.TyperOption(
        param_decls=["version", "--version"],
        is_flag=True,
        is_eager=True,
        default=False,
        expose_value=False,
        callback=_version,
        help="Show the version and exit.",
    )
    return Root(
        name="hubcli",
        help="One command line for Docker Hub and every other container registry.",
        epilog=(
            "hubcli help TOPIC explains references, tags, formats, exit-codes, environment, auth."
        ),
        params=[*common_options(), version],
        # Only what "did you mean" may offer is looked for here.
        commands={name: _stub(name, row) for name, row in COMMANDS.items() if not row.hidden},
        no_args_is_help=True,
        context_settings=CONTEXT,
        rich_markup_mode=None,
    )


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether errors are to be JSON even where the rest of the command line cannot be read."""
    own = [*takewhile(lambda word: word != "--", arguments)]
    given = [word.removeprefix("--format=") for word in own if word.startswith("--format=")]
    given += [value for word, value in pairwise(own) if word == "--format"]
    return given[-1:] in (["json"], ["jsonl"])


def invoke(arguments: Sequence[str], runtime: Runtime) -> int:
    """Parse and run; the exit code that a command chose itself, else 0."""
    command = root()
    runtime.json_errors = _asks_for_json(arguments)
    # Typer prints help by itself, to sys.stdout.
    prints = nullcontext() if runtime.stdout is None else redirect_stdout(runtime.stdout)
    try:
        with prints, command.make_context("hubcli", list(arguments), obj=runtime) as context:
            command.invoke(context)
    except typer.Exit as chosen:
        return int(chosen.exit_code)
    return 0
