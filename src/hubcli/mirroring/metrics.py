"""What a round came to as Prometheus reads it from a file (exposition format 0.0.4).

Meant for the textfile collector of node_exporter: every number is a gauge of the last round, since
nothing is remembered from one to the next. Only the time of the last success is: from the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hubcli.mirroring.tally import RESULTS, Tally

_SUCCESS = "hubcli_sync_last_success_timestamp_seconds"
_NUMBER = re.compile(rf"^{_SUCCESS}(?:\{{[^}}\n]*\}})? ([0-9]{{1,12}}(?:\.[0-9]+)?)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Timing:
    """When a round began, in UNIX seconds, and how long it took."""

    began: float
    seconds: float


def exposition(tally: Tally, timing: Timing, shard: str, before: str = "") -> str:
    """The text of the file; `before` is what it was."""
    ended = timing.began + timing.seconds
    success = ended if tally.is_clean else _last_success(before)
    labels = [("shard", shard)] if shard else []
    parts = [
        _family(
            "hubcli_sync_images",
            "Images of the last round, by entry and by what became of them.",
            (
                ([("entry", entry), ("result", result), *labels], counts[result])
                for entry, counts in tally.images.items()
                for result in RESULTS
            ),
        ),
        _family(
            "hubcli_sync_bytes",
            "Bytes of blobs that the last round read from sources.",
            (([("entry", entry), *labels], tally.bytes[entry]) for entry in tally.images),
        ),
        _family(
            "hubcli_sync_duration_seconds",
            "How long the last round took.",
            [(labels, timing.seconds)],
        ),
        _family(
            "hubcli_sync_last_run_timestamp_seconds",
            "When the last round ended.",
            [(labels, ended)],
        ),
    ]
    if success is not None:
        told = "When the last round ended in which nothing failed or was left."
        parts.append(_family(_SUCCESS, told, [(labels, success)]))
    return "".join(parts)


def _last_success(text: str) -> float | None:
    found = _NUMBER.search(text)
    return None if found is None else float(found[1])


_Labels = list[tuple[str, str]]


def _family(name: str, told: str, samples: Iterable[tuple[_Labels, float]]) -> str:
    lines = [f"# HELP {name} {told}", f"# TYPE {name} gauge", *_samples(name, samples)]
    return "".join(f"{line}\n" for line in lines)


def _samples(name: str, samples: Iterable[tuple[_Labels, float]]) -> Iterator[str]:
    for labels, value in samples:
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
        shown = str(value) if isinstance(value, int) else f"{value:.3f}"
        yield f"{name}{{{told}}} {shown}" if told else f"{name} {shown}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
