"""Repositories with up to 20,000 tags: they are listed, and filtered, in constant memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.paged_hub import answered, asked
from support.peaks import peak
from support.scripted import Answer, Script, ScriptedServer, Seen

COUNTS = {"elsewhere": (1_000, 20_000), "hub": (2_000, 4_000)}
"""Hub's pages are read 16 at a time: those of 2,000 tags are more than that."""
MEBIBYTE = 1 << 20
FILTERS = ("--semver", ">=1.2", "--except", "*7", "--match", r"\d$")


def on_hub(count: int) -> Script:
    """A repository of Hub's with `count` tags of two platforms, made as they are asked for."""

    def script(seen: Seen) -> Answer:
        query = asked(seen)
        first, size = (int(query["page"]) - 1) * int(query["page_size"]), int(query["page_size"])
        images = [
            {"os": "linux", "architecture": name, "digest": f"sha256:{'0' * 64}", "size": 1}
            for name in ("amd64", "arm64")
        ]
        rows = [
            {
                "name": f"v1.2.{number}",
                "digest": f"sha256:{number:064x}",
                "last_updated": "2026-01-02T00:00:00Z",
                "images": images,
            }
            for number in range(first, min(first + size, count))
        ]
        return answered({"count": count, "next": None, "previous": None, "results": rows})

    return script


def elsewhere(count: int) -> Script:
    """A registry's repository with `count` tags, a thousand a page."""

    def script(seen: Seen) -> Answer:
        if "/tags/list" not in seen.path:
            return Answer(404)
        first = int(asked(seen).get("last", "v1.2.-1").rpartition(".")[2]) + 1
        names = [f"v1.2.{number}" for number in range(first, min(first + 1000, count))]
        more = first + 1000 < count
        link = f'</v2/a/b/tags/list?n=1000&last={names[-1]}>; rel="next"'
        return Answer(200, json.dumps({"tags": names}).encode(), {"Link": link} if more else {})

    return script


@pytest.mark.parametrize("where", COUNTS)
def test_thousands_of_tags_need_no_more_memory_than_the_pages_under_way(
    environ: dict[str, str], tmp_path: Path, where: str
) -> None:
    peaks = []
    options = ("--since", "2026-01-01", "--platform", "linux/arm64") if where == "hub" else ()
    for count in COUNTS[where]:
        with ScriptedServer((on_hub if where == "hub" else elsewhere)(count)) as server:
            name = "acme/api" if where == "hub" else f"127.0.0.1:{server.port}/a/b"
            listing = ("tag", "ls", name, *FILTERS, *options, "--format", "jsonl")
            env = {**environ, "HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
            peaks.append(peak(listing, (*listing, "--limit", "1"), env, tmp_path / "out"))
        assert (tmp_path / "out").read_text().count('"name"') == count * 9 // 10
    # Names that are more would be 3 MiB elsewhere, and rows 2.5 MiB on Hub.
    assert peaks[1] - peaks[0] < MEBIBYTE
