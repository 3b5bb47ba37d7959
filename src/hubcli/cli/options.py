"""Parameters that several commands share, declared once."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def _countable(limit: int | None) -> int | None:
    """No more than there can be of anything: Python counts no further."""
    return None if limit is None else min(limit, sys.maxsize)


Limit = Annotated[
    int | None,
    typer.Option(
        "--limit", metavar="N", min=1, callback=_countable, help="Show at most this many."
    ),
]
All = Annotated[bool, typer.Option("--all", help="Show all.")]
Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
NamesFile = Annotated[
    str | None,
    typer.Option("--from-file", metavar="FILE", help="One a line; - is stdin, # begins a remark."),
]
Repository = Annotated[str, typer.Argument(metavar="REPO", help="A repository.")]
References = Annotated[
    list[str], typer.Argument(metavar="REF…", help="References of images or artifacts.")
]
Platforms = Annotated[
    list[str] | None,
    typer.Option(
        "--platform", metavar="OS/ARCH[/VARIANT]", help="Only for this platform (repeatable)."
    ),
]
Platform = Annotated[
    str | None,
    typer.Option("--platform", metavar="OS/ARCH[/VARIANT]", help="The image for this platform."),
]

# Which tags: the words of `hubcli.tags.choice`.

Filters = Annotated[
    list[str] | None,
    typer.Option("--filter", metavar="GLOB", help="Only tags like one of these (repeatable)."),
]
Excepts = Annotated[
    list[str] | None,
    typer.Option("--except", metavar="GLOB", help="No tags like any of these (repeatable)."),
]
Match = Annotated[
    str | None, typer.Option("--match", metavar="REGEX", help="Only tags that this is found in.")
]
Semver = Annotated[
    str | None,
    typer.Option("--semver", metavar="RANGE", help="Only versions in this: '>=1.2 <2', '^1.4'."),
]
Variant = Annotated[
    str | None,
    typer.Option(
        "--variant",
        metavar="GLOB",
        help="Only tags with this behind the version: alpine; '' is nothing there.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="7d|TIME", help="Only tags changed or made from then."),
]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="7d|TIME", help="Only tags changed or made before then."),
]
