"""`hubcli sbom` and `hubcli provenance`: what an image says it is made of, and how."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.attached import File, Image, Opened, opened
from hubcli.cli.commands import Commands, One, Rows, Shown
from hubcli.cli.options import Platform
from hubcli.cli.runtime import Runtime
from hubcli.errors import NotFound, UsageError
from hubcli.output import Field, Kind, Row, Selection, View

if TYPE_CHECKING:
    from hubcli.artifacts.documents import Candidate, Document, Documents

verbs = Commands()


def _view(noun: str, *own: Field) -> View:
    return View(
        noun,
        (
            Field("digest", Kind.DIGEST, default=True),
            Field("format", default=True),
            Field("predicate_type", default=True),
            Field("size", Kind.SIZE, default=True),
            Field("source", default=True),
            *own,
            Field("created", Kind.TIME),
            Field("media_type"),
            Field("artifact_type"),
            Field("attachment", Kind.DIGEST),
            Field("subject", Kind.DIGEST),
        ),
        key="digest",
    )


BILL = _view("SBOM", Field("name"), Field("packages", Kind.NUMBER))
PROVENANCE = _view("provenance", Field("builder"))

Type = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE|DIGEST", help="The one of this format, type or digest; see --list."
    ),
]
Statement = Annotated[
    bool,
    typer.Option("--statement", "--raw", help="With all that it is wrapped in, as it is stored."),
]
List = Annotated[bool, typer.Option("--list", help="List all there are, and print none.")]


@verbs.command("sbom", shows=BILL)
def sbom(
    runtime: Runtime,
    selection: Selection,
    reference: Image,
    platform: Platform = None,
    type_: Type = None,
    output: File = None,
    statement: Statement = False,
    list_: List = False,
) -> Shown:
    """Print the SBOM of an image: SPDX, CycloneDX or Syft's.

    It is looked for in BuildKit's attestations, in what refers to the image, and under cosign's
    tags, in this order; the first is printed, others are named on stderr. On a terminal a summary
    takes its place. Signatures are not verified.

    \b
    Examples:
      hubcli sbom moby/buildkit | jq '.packages[].name'
      hubcli sbom ghcr.io/acme/api:v1 --platform linux/arm64 -o sbom.spdx.json
      hubcli sbom ghcr.io/acme/api:v1 --type cyclonedx --statement
    """
    from hubcli.artifacts import documents

    with opened(runtime, reference, platform, "read the SBOM of", one_image=True) as image:
        found = documents.Documents(image.store, image.subject, documents.SBOM, type_)
        asked = _Asked(runtime, selection, image, found, "SBOM", "name", "packages")
        return asked.answer(output, statement=statement, list_=list_)


@verbs.command("provenance", shows=PROVENANCE)
def provenance(
    runtime: Runtime,
    selection: Selection,
    reference: Image,
    platform: Platform = None,
    type_: Type = None,
    output: File = None,
    statement: Statement = False,
    list_: List = False,
) -> Shown:
    """Print the SLSA provenance of an image: how it was built, and from what.

    It is looked for in BuildKit's attestations, in what refers to the image, and under cosign's
    tags, in this order; the first is printed, others are named on stderr. On a terminal a summary
    takes its place. Signatures are not verified.

    \b
    Examples:
      hubcli provenance moby/buildkit | jq .materials
      hubcli provenance ghcr.io/acme/api:v1 --statement -o provenance.intoto.json
    """
    from hubcli.artifacts import documents

    with opened(runtime, reference, platform, "read the provenance of", one_image=True) as image:
        found = documents.Documents(image.store, image.subject, documents.PROVENANCE, type_)
        asked = _Asked(runtime, selection, image, found, "provenance", "builder")
        return asked.answer(output, statement=statement, list_=list_)


class _Asked:
    """One document asked for, or the list of those there are."""

    def __init__(
        self,
        runtime: Runtime,
        selection: Selection,
        image: Opened,
        documents: Documents,
        noun: str,
        *own: str,
    ) -> None:
        self._runtime = runtime
        self._selection = selection
        self._image = image
        self._documents = documents
        self._noun = noun
        self._own = own
        self._wanted = documents.wanted

    def answer(self, output: str | None, *, statement: bool, list_: bool) -> Shown:
        if list_:
            rows = [self._row(document) for document in self._all()]
            if not rows:
                raise self._refusal()
            return Rows(rows)
        self._check_selection()
        candidates = self._documents.candidates()
        for candidate in candidates:
            for document in self._documents.read(candidate):
                self._tell(document, candidates)
                return self._print(document, output, statement=statement)
        raise self._refusal()

    def _all(self) -> Iterator[Document]:
        for candidate in self._documents.candidates():
            yield from self._documents.read(candidate)

    def _check_selection(self) -> None:
        selection = self._selection
        usual = self._runtime.settings.defaults.format
        formatted = selection.format not in {None, usual}
        pipe = not self._runtime.output.stdout_is_terminal
        if selection.fields or selection.query or (formatted and pipe):
            raise UsageError("--format, --fields and --query go with --list")

    def _print(self, document: Document, output: str | None, *, statement: bool) -> Shown:
        content = document.original if statement else document.statement.content
        out = self._runtime.output
        if output is not None and output != "-":
            _write(output, content)
        elif out.stdout_is_terminal and not statement:
            if not self._selection.quiet:
                out.notice("the document itself goes into a pipe, or a file: -o FILE")
            return One(self._row(document))
        elif out.stdout_is_terminal:
            out.text(_safe(content))
        else:
            out.data(content)
        return None

    def _tell(self, chosen: Document, candidates: list[Candidate]) -> None:
        """Which others there are, and whether the document is about this image at all."""
        if self._selection.quiet:
            return
        others = [one for one in candidates if one is not chosen.candidate]
        subjects = set(chosen.statement.subjects)
        if subjects and not subjects & set(self._image.subject.digests):
            self._runtime.output.warning("the statement says that it is about another image")
        if others:
            names = ", ".join(f"{one.type} ({one.attachment.source})" for one in others[:5])
            more = f" and {len(others) - 5} more" if len(others) > 5 else ""
            self._runtime.output.notice(f"there may be others: {names}{more}; --list shows them")

    def _refusal(self) -> NotFound:
        looked = self._documents.found.looked
        places = ", ".join(f"{source} ({count:,})" for source, count in looked.items())
        such = "" if self._wanted is None else f" called {self._wanted}"
        return NotFound(
            f"there is no {self._noun}{such}; looked at what is attached by {places}",
            hint=f"hubcli referrer ls {self._image.shown}",
        )

    def _row(self, document: Document) -> Row:
        from hubcli.artifacts.documents import summary

        candidate, about = document.candidate, summary(document)
        return {
            "digest": candidate.blob.digest,
            "format": document.format,
            "predicate_type": document.statement.predicate_type,
            "size": len(document.statement.content),
            "source": candidate.attachment.source,
            "created": about["created"],
            "media_type": candidate.blob.media_type,
            "artifact_type": candidate.attachment.descriptor.artifact_type,
            "attachment": candidate.attachment.digest,
            "subject": candidate.attachment.subject,
            **{name: about[name] for name in self._own},
        }


def _write(name: str, content: bytes) -> None:
    from pathlib import Path

    from hubcli import files

    try:
        files.replace(Path(name), content, mode=0o644)
    except OSError as error:
        raise UsageError(f"cannot write {name}: {error.strerror}") from error


def _safe(content: bytes) -> str:
    """A document on a terminal: laid out where it is JSON, and nothing in it acts."""
    import json

    from hubcli.output import visible
    from hubcli.output.jsontext import to_json

    try:
        return to_json(json.loads(content), indent=2)
    except (ValueError, RecursionError):
        lines = content.decode("utf-8", "replace").splitlines()
        return "\n".join(map(visible, lines))
