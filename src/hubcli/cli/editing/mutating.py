"""`hubcli mutate`: changes how an image runs."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli import timestamps
from hubcli.cli.commands import Commands, Shown
from hubcli.cli.editing.running import EDIT, Reference, Tag, To, edit, pairs, platforms_of
from hubcli.cli.options import DryRun, Platforms
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.authoring.draft import Draft
    from hubcli.oci import Manifest
    from hubcli.transfer import Image

verbs = Commands()

Texts = list[str] | None
_PORT = re.compile(r"(\d{1,5}(?:-\d{1,5})?)(?:/(tcp|udp|sctp))?")


@verbs.command("mutate", shows=EDIT)
def mutate(
    runtime: Runtime,
    selection: Selection,
    reference: Reference,
    labels: Annotated[Texts, typer.Option("--label", metavar="K=V", help="Set a label.")] = None,
    removed_labels: Annotated[
        Texts, typer.Option("--rm-label", metavar="K", help="Remove a label.")
    ] = None,
    env: Annotated[Texts, typer.Option("--env", metavar="K=V", help="Set a variable.")] = None,
    removed_env: Annotated[
        Texts, typer.Option("--rm-env", metavar="K", help="Remove a variable.")
    ] = None,
    entrypoint: Annotated[
        str | None,
        typer.Option("--entrypoint", metavar="WORDS", help="Words, or a JSON list; '' for none."),
    ] = None,
    cmd: Annotated[
        str | None,
        typer.Option("--cmd", metavar="WORDS", help="Words, or a JSON list; '' for none."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="Run as.")] = None,
    workdir: Annotated[str | None, typer.Option("--workdir", metavar="DIR", help="Run in.")] = None,
    ports: Annotated[
        Texts, typer.Option("--port", metavar="PORT[/PROTO]", help="Declare a port.")
    ] = None,
    volumes: Annotated[
        Texts, typer.Option("--volume", metavar="DIR", help="Declare a volume.")
    ] = None,
    created: Annotated[
        str | None,
        typer.Option("--created", metavar="TIME", help="RFC 3339, or seconds since 1970."),
    ] = None,
    platforms: Platforms = None,
    tag: Tag = None,
    to: To = None,
    dry_run: DryRun = False,
) -> Shown:
    """Change how an image runs: its labels, variables, entrypoint and so on.

    No layer is touched. Of an index all images are changed unless --platform names some;
    attestations of changed images are left out, since they attest others. As in a Dockerfile, a
    new entrypoint takes the old command away. The same change makes the same image whenever it is
    made.

    \b
    Examples:
      hubcli mutate acme/api:v1 --label team=core --tag v1-labelled
      hubcli mutate acme/api:v1 --entrypoint '["/api", "--verbose"]' --user 1000
      hubcli mutate acme/api:v1 --created "$SOURCE_DATE_EPOCH"
    """
    from hubcli.authoring.settings import Settings

    settings = Settings(
        labels=pairs(labels, "--label"),
        removed_labels=tuple(removed_labels or ()),
        env=pairs(env, "--env"),
        removed_env=tuple(removed_env or ()),
        entrypoint=_words(entrypoint, "--entrypoint"),
        cmd=_words(cmd, "--cmd"),
        user=user,
        workdir=workdir,
        ports=tuple(map(_port, ports or ())),
        volumes=tuple(volumes or ()),
        created=_time(created),
    )
    if settings == Settings():
        raise UsageError("say what to change: hubcli mutate --help lists it")
    chosen = platforms_of(platforms)

    def work(image: Image, old: Manifest, draft: Draft) -> Manifest:
        from hubcli.authoring.parts import Editor

        editor = Editor(image.store, draft, chosen, notify=runtime.output.notice)
        return editor.edit(old, settings)

    return edit(
        runtime,
        selection,
        "change",
        reference,
        work,
        platforms=chosen,
        tag=tag,
        to=to,
        dry_run=dry_run,
    )


def _words(text: str | None, option: str) -> list[str] | None:
    """Read `/app --verbose` or `["/app", "--verbose"]`."""
    if text is None:
        return None
    try:
        words = json.loads(text) if text.lstrip().startswith("[") else shlex.split(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{option} cannot be read: {error}") from error
    if not all(isinstance(word, str) for word in words):
        raise UsageError(f"{option} takes a list of texts")
    return list(words)


def _port(text: str) -> str:
    found = _PORT.fullmatch(text)
    numbers = [int(number) for number in found[1].split("-")] if found else []
    if found is None or numbers != sorted(numbers) or not 0 < numbers[0] <= numbers[-1] < 1 << 16:
        raise UsageError(f"--port takes a port such as 80, 53/udp or 8000-8010, not {text!r}")
    return f"{found[1]}/{found[2] or 'tcp'}"


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    is_epoch = text.isascii() and text.isdigit()
    moment = timestamps.from_epoch(int(text)) if is_epoch else timestamps.normalised(text)
    if moment is None:
        raise UsageError(f"--created takes a time such as 2026-11-23T10:00:00Z, not {text!r}")
    return moment
