"""`hubcli org export-members`: Hub's own table of the members, as it comes."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from hubcli.cli.org.declared import Organization, group
from hubcli.cli.runtime import Runtime
from hubcli.errors import HubcliError, doing
from hubcli.output import visible


@group.command("export-members", calls=("GET /v2/orgs/{org_name}/members/export",))
def export_members(
    runtime: Runtime,
    organization: Organization,
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Write to FILE, not to stdout.")
    ] = "-",
) -> None:
    """Write all members of an organization as CSV, as Docker Hub exports them.

    A file is only there once all of it is, and only you can read it: it has addresses. One that was
    there before is replaced then. Piped, the table is what Docker Hub sent, byte for byte.

    \b
    Examples:
      hubcli org export-members acme -o members.csv
      hubcli org export-members acme | cut -d, -f2
    """
    with (
        doing("export the members of", organization),
        runtime.session.hub.members.export(organization) as stream,
    ):
        if output != "-":
            _into_file(output, stream)
        elif runtime.output.stdout_is_terminal:
            _onto_screen(runtime, stream)
        else:
            for chunk in stream:
                runtime.output.data(chunk)


def _into_file(name: str, chunks: Iterable[bytes]) -> None:
    from hubcli import files

    try:
        with files.replacing(Path(name)) as file:
            for chunk in chunks:
                file.write(chunk)
    except OSError as error:
        raise HubcliError(f"cannot write {name}: {error.strerror or error}") from error


def _onto_screen(runtime: Runtime, chunks: Iterable[bytes]) -> None:
    """What stands in a name must not act on the terminal."""
    text = codecs.getincrementaldecoder("utf-8")(errors="backslashreplace")
    lines = io.IncrementalNewlineDecoder(text, translate=True)
    for chunk in chunks:
        _show(runtime, lines.decode(chunk))
    _show(runtime, lines.decode(b"", final=True))


def _show(runtime: Runtime, text: str) -> None:
    runtime.output.terminal.write("\n".join(map(visible, text.split("\n"))))
