"""As much of Artifactory's query language as pages of files take; what else there is, is refused.

The grammar is in our own words, after JFrog's documentation of AQL: criteria are JSON objects, all
of whose members have to hold; `$match` has `*` and `?`; with sorting and paging only the fields of
items may be asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

_QUERY = re.compile(
    r"items\.find\((?P<criteria>\{.*\})\)\.include\((?P<fields>[^()]*)\)"
    r"\.sort\((?P<order>\{[^()]*\})\)\.offset\((?P<offset>\d+)\)\.limit\((?P<limit>\d+)\)"
)
_FIELDS = frozenset({"repo", "path", "name", "size", "created", "modified", "sha256"})
_NEEDED = frozenset({"repo", "path", "name"})
"""What everybody but administrators has to ask for."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """One query, as it was read."""

    criteria: Mapping[str, Any]
    fields: tuple[str, ...]
    order: tuple[str, ...]
    offset: int
    limit: int

    @classmethod
    def parse(cls, text: str) -> Query | None:
        """None for what Artifactory, or this, does not understand."""
        found = _QUERY.fullmatch(text)
        if found is None:
            return None
        try:
            criteria = json.loads(found["criteria"])
            fields = json.loads(f"[{found['fields']}]")
            order = json.loads(found["order"])["$asc"]
        except (ValueError, KeyError):
            return None
        fits = _NEEDED <= set(fields) <= _FIELDS and set(order) <= set(fields)
        if not fits or not _is_criterion(criteria):
            return None
        return cls(criteria, tuple(fields), tuple(order), int(found["offset"]), int(found["limit"]))

    def __str__(self) -> str:
        return f"{json.dumps(self.criteria)} from {self.offset}"

    def page(self, rows: Iterable[Row], most: int) -> list[Row]:
        found = [row for row in rows if _holds(self.criteria, row)]
        found.sort(key=lambda row: [row[field] for field in self.order])
        end = self.offset + min(self.limit, most)
        return [
            {field: row[field] for field in self.fields} for row in islice(found, self.offset, end)
        ]


def _is_criterion(criteria: Any) -> bool:
    if not isinstance(criteria, dict):
        return False
    for name, wanted in criteria.items():
        if name in {"$and", "$or"}:
            if not (isinstance(wanted, list) and wanted and all(map(_is_criterion, wanted))):
                return False
        elif name not in _FIELDS or not (
            isinstance(wanted, str) or (isinstance(wanted, dict) and [*wanted] == ["$match"])
        ):
            return False
    return True


def _holds(criteria: Mapping[str, Any], row: Row) -> bool:
    return all(_one_holds(name, wanted, row) for name, wanted in criteria.items())


def _one_holds(name: str, wanted: Any, row: Row) -> bool:
    if name == "$and":
        return all(_holds(one, row) for one in wanted)
    if name == "$or":
        return any(_holds(one, row) for one in wanted)
    if isinstance(wanted, str):
        # What a virtual key has is told with the key that it has it from.
        return row[name] == wanted or (name == "repo" and wanted in row.get("virtual_repos", ()))
    pattern = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in wanted["$match"])
    return re.fullmatch(pattern, str(row[name]), re.DOTALL) is not None
