"""Organizations with thousands of members and events: they are listed in constant memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.paged_hub import answered, asked
from support.peaks import peak
from support.running import InProcess
from support.sandbox import SandboxServer
from support.scripted import Answer, Script, ScriptedServer, Seen

MEBIBYTE = 1 << 20
FORMATS = ("tsv", "json")


def members(count: int) -> Script:
    """An organization with `count` members, none of which exists before they are asked for."""

    def script(seen: Seen) -> Answer:
        query = asked(seen)
        first, size = (int(query["page"]) - 1) * int(query["page_size"]), int(query["page_size"])
        rows = [
            {
                "username": f"dev{number:05d}",
                "email": f"dev{number:05d}@example.com",
                "full_name": f"Developer {number}" + " of many" * 20,
                "role": "Member",
                "groups": ["developers"],
            }
            for number in range(first, min(first + size, count))
        ]
        return answered({"count": count, "next": None, "previous": None, "results": rows})

    return script


@pytest.mark.parametrize("format", FORMATS)
def test_members_need_no_more_memory_than_the_pages_under_way(
    environ: dict[str, str], tmp_path: Path, format: str
) -> None:
    listing = ("org", "member", "ls", "acme", "--format", format)
    peaks = []
    for count in (2_000, 10_000):
        with ScriptedServer(members(count)) as server:
            env = {**environ, "HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
            peaks.append(peak(listing, (*listing, "--limit", "1"), env, tmp_path / "out"))
        assert (tmp_path / "out").read_text().count("example.com") == count
    # Those that are more would be 8 MiB.
    assert peaks[1] - peaks[0] < 2 * MEBIBYTE


@pytest.mark.parametrize("format", FORMATS)
def test_ten_thousand_events_need_no_more_memory_than_a_few_pages(
    sandbox: SandboxServer, environ: dict[str, str], tmp_path: Path, format: str
) -> None:
    listing = ("org", "audit-log", "megacorp", "--format", format)
    env = {**environ, **sandbox.signed_in}
    before = (*listing, "--limit", "1")
    peaks = [
        peak((*listing, *since), before, env, tmp_path / "out") for since in (("--since", "2d"), ())
    ]
    # Those that are more would be 8 MiB.
    assert peaks[1] - peaks[0] < MEBIBYTE
    assert (tmp_path / "out").read_text().count("repo.tag.push") == 10_000


@pytest.mark.parametrize("to_file", [False, True])
def test_a_table_of_sixteen_megabytes_needs_a_fraction_of_it(
    environ: dict[str, str], tmp_path: Path, to_file: bool
) -> None:
    table = b"Name,user,user@example.com,User,Member,developers,2020-01-01 00:00:00\n" * 240_000
    answer = Answer(200, table, {"Content-Type": "text/csv"})
    export = ("org", "export-members", "acme")
    whole = (*export, "-o", str(tmp_path / "file")) if to_file else export
    with ScriptedServer(lambda _: answer) as server:
        env = {**environ, "HUBCLI_HUB_URL": server.url, "HUBCLI_TOKEN": "x"}
        assert peak(whole, ("org", "member", "ls", "--help"), env, tmp_path / "out") < 12 * MEBIBYTE
    # pytest would take hours to compare them itself.
    is_whole = (tmp_path / ("file" if to_file else "out")).read_bytes() == table
    assert is_whole


def test_a_table_of_thousands_is_whole_on_a_terminal(
    sandbox: SandboxServer, cli: InProcess
) -> None:
    command = ("org", "member", "ls", "megacorp", "--no-color")
    done = cli(*command, env=sandbox.signed_in, terminal=True, columns=100)
    assert len(done.lines()) == 2002
    assert done.lines()[0].split() == ["NAME", "FULL", "NAME", "EMAIL", "ROLE", "TEAMS"]
    assert done.lines()[-1].split()[0] == "dev2000"
