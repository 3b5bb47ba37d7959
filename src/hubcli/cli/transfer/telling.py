"""What a transfer shows on its way, and what it says at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcli.cli.runtime import Runtime
from hubcli.output import Field, Kind, Row, Selection, View

if TYPE_CHECKING:
    from hubcli.transfer import Events, Options, Report

TRANSFER = View(
    "transfer",
    (
        Field("source", default=True),
        Field("destination", default=True),
        Field("digest", Kind.DIGEST, default=True),
        Field("media_type"),
        Field("platforms", Kind.LIST),
        Field("bytes", Kind.SIZE, default=True),
        Field("seconds", Kind.NUMBER, default=True),
        Field("blobs", Kind.OBJECT),
        Field("attached", Kind.NUMBER),
        Field("dry_run", Kind.BOOL),
    ),
    key="digest",
)
BLOB_OUTCOMES = ("copied", "skipped", "mounted", "resumed")


def asked(selection: Selection) -> bool:
    """Whether rows are wanted on stdout."""
    return bool(selection.format or selection.fields or selection.query)


class OwnEvents:
    """The events of one of several transfers, told apart from those of the others."""

    def __init__(self, events: Events, name: str) -> None:
        self._events = events
        self._name = name

    def begin(self, key: str, label: str, total: int | None, *, done: int = 0) -> None:
        self._events.begin(self._key(key), label, total, done=done)

    def advance(self, key: str, count: int) -> None:
        self._events.advance(self._key(key), count)

    def finish(self, key: str, outcome: str) -> None:
        self._events.finish(self._key(key), outcome)

    def _key(self, key: str) -> str:
        return f"{key} for {self._name}"


def told(runtime: Runtime, report: Report, options: Options, *, quiet: bool) -> Row:
    """The row of a transfer that is done, which is said, too."""
    if not quiet:
        runtime.output.notice(_summary(report, options))
    return _row(report, options)


def _row(report: Report, options: Options) -> Row:
    return {
        "source": report.source,
        "destination": report.destination,
        "digest": report.digest,
        "media_type": report.media_type,
        "platforms": report.platforms,
        "bytes": report.bytes,
        "seconds": report.seconds,
        "blobs": {outcome: report.blobs[outcome] for outcome in BLOB_OUTCOMES},
        "attached": report.attached,
        "dry_run": options.dry_run,
    }


def _summary(report: Report, options: Options) -> str:
    if options.dry_run:
        return f"dry run: {report.destination} would be {report.digest}"
    attached = f", {report.attached} attached" if report.attached else ""
    already = " already" if report.unchanged else ""
    return f"{report.destination} is {report.digest}{already}{attached}"
