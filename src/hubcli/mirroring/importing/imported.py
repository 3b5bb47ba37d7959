"""What came of another tool's file: a document, and notes on what is not in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hubcli.documents.writing import Plain
from hubcli.errors import UsageError
from hubcli.tags.patterns import compiled

_META = re.compile(r"[\\^$.|?*+()\[\]{}]")


@dataclass
class Imported:
    """The `entries` of a file of ours. `notes` say what people have to see to, `losses` what was
    left out because it cannot be said."""

    entries: list[Mapping[str, Plain]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    @property
    def document(self) -> Mapping[str, Plain]:
        return {"sync": self.entries}

    def note(self, text: str) -> None:
        """Say something, once."""
        if text not in self.notes:
            self.notes.append(text)

    def lose(self, at: str, what: Iterable[str]) -> None:
        """Say that keys of some place are left out."""
        self.losses += [f"{at}: {key} is left out: it cannot be said here" for key in what]

    def named(self, entry: Mapping[str, Plain]) -> None:
        """Add an entry, with a name of its own where its source has been mirrored before."""
        taken = [each.get("name") or each["source"] for each in self.entries]
        source, number = entry["source"], 2
        if source in taken:
            while f"{source} ({number})" in taken:
                number += 1
            entry = {"name": f"{source} ({number})", **entry}
        self.entries.append(entry)


def refusal(pattern: str) -> str | None:
    """Why a regular expression of Go's cannot be one here; None where it can."""
    try:
        compiled(pattern, "")
    except UsageError as error:
        return error.reason
    return None


def is_literal(pattern: str) -> bool:
    """Whether an expression stands for itself; a dot is taken for one in a name."""
    return not _META.search(pattern.replace(".", ""))
