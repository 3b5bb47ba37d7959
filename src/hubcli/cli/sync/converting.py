"""Files of other tools, printed as ours: what cannot be said in them is said on stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcli.cli.bytesource import text
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

if TYPE_CHECKING:
    from hubcli.mirroring.importing.imported import Imported


def from_skopeo(runtime: Runtime, file: str, target: str | None) -> None:
    """Print what `skopeo sync --src yaml` reads; its target stood on skopeo's command line."""
    from hubcli.documents.tree import LARGEST
    from hubcli.mirroring.importing import skopeo

    if target is None:
        raise UsageError("skopeo's file does not say where to: say it with --to, as in ghcr.io/me/")
    _print(runtime, skopeo.read(text(runtime, file, LARGEST), _named(file), target))


def from_regsync(runtime: Runtime, file: str, target: str | None) -> None:
    """Print what regsync reads."""
    from hubcli.documents.tree import LARGEST
    from hubcli.mirroring.importing import regsync

    if target is not None:
        raise UsageError("regsync's file says itself where to: leave --to out")
    _print(runtime, regsync.read(text(runtime, file, LARGEST), _named(file)))


def schema(runtime: Runtime) -> None:
    """Print the form of the file as JSON Schema."""
    from hubcli.mirroring.schema import schema as form
    from hubcli.output.jsontext import to_json

    runtime.output.text(to_json(form(), indent=2))


def _print(runtime: Runtime, found: Imported) -> None:
    from hubcli.documents.writing import to_yaml
    from hubcli.mirroring.document import read_document

    written = to_yaml(found.document)
    if found.entries:
        read_document(written, "the file made of it")
    runtime.output.text(written)
    for note in found.notes:
        runtime.output.notice(note)
    for loss in found.losses:
        runtime.output.warning(loss)


def _named(file: str) -> str:
    """What the file is called in messages; it is YAML whatever its name ends with."""
    return "stdin" if file == "-" else file
