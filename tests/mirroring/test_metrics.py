"""The file for Prometheus (exposition format 0.0.4)."""

from __future__ import annotations

from hubcli.mirroring.item import Outcome
from hubcli.mirroring.metrics import Timing, exposition
from hubcli.mirroring.tally import Tally


def tally(*results: str) -> Tally:
    found = Tally.of(['a "b"\\', "empty"])
    for result in results:
        found.count(Outcome('a "b"\\', "x", "y", result))  # type: ignore[arg-type]
    return found


def samples(text: str) -> dict[str, str]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: value for name, _, value in (line.rpartition(" ") for line in lines)}


def test_every_family_has_a_help_and_a_type() -> None:
    text = exposition(tally("copied"), Timing(1000.0, 2.5), "")
    for line in text.splitlines():
        if not line.startswith("#"):
            name = line.partition("{")[0].partition(" ")[0]
            assert f"# TYPE {name} gauge\n" in text
            assert f"# HELP {name} " in text
    assert text.endswith("\n")


def test_counts_by_entry_and_result() -> None:
    found = samples(exposition(tally("copied", "copied", "failed"), Timing(1000.0, 2.5), "1/4"))
    labels = r'entry="a \"b\"\\",result="{}",shard="1/4"'
    assert found["hubcli_sync_images{" + labels.format("copied") + "}"] == "2"
    assert found["hubcli_sync_images{" + labels.format("failed") + "}"] == "1"
    assert found['hubcli_sync_images{entry="empty",result="copied",shard="1/4"}'] == "0"
    assert found['hubcli_sync_duration_seconds{shard="1/4"}'] == "2.500"
    assert found['hubcli_sync_last_run_timestamp_seconds{shard="1/4"}'] == "1002.500"


def test_the_last_success_is_remembered_by_the_file_alone() -> None:
    name = "hubcli_sync_last_success_timestamp_seconds"
    assert name not in exposition(tally("failed"), Timing(1000.0, 1.0), "")
    good = exposition(tally("copied"), Timing(1000.0, 1.0), "")
    assert samples(good)[name] == "1001.000"
    assert samples(exposition(tally("left"), Timing(2000.0, 1.0), "", good))[name] == "1001.000"
    assert name not in exposition(tally("failed"), Timing(1000.0, 1.0), "", f"{name} x\n{name}\n")
