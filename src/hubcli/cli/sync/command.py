"""The command itself: what its options mean."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hubcli.cli.commands import Commands
from hubcli.cli.options import All, DryRun, Yes
from hubcli.cli.runtime import Runtime
from hubcli.cli.sync.declared import MIRRORED
from hubcli.cli.transfer.commands import Create, Jobs
from hubcli.errors import UsageError
from hubcli.output import Selection

if TYPE_CHECKING:
    from hubcli.mirroring.entry import Entry

verbs = Commands()

_JOBS = 10


class QuotaAction(StrEnum):
    STOP = "stop"
    WAIT = "wait"


class ShardBy(StrEnum):
    REPOSITORY = "repository"
    TAG = "tag"


@verbs.command("sync", shows=MIRRORED)
def sync(
    runtime: Runtime,
    selection: Selection,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]", help="YAML, JSON or TOML; - is stdin.", show_default=False
        ),
    ] = None,
    dry_run: DryRun = False,
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="With --dry-run: exit with 1 where something differs."),
    ] = False,
    yes: Yes = False,
    create: Create = False,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Be worker I of N, which share the targets."),
    ] = None,
    shard_by: Annotated[
        ShardBy,
        typer.Option("--shard-by", help="What is shared: target repositories, or single tags."),
    ] = ShardBy.REPOSITORY,
    keep_quota: Annotated[
        int | None,
        typer.Option(
            "--keep-quota", metavar="N", min=0, help="Leave this many pulls where they are limited."
        ),
    ] = None,
    quota_action: Annotated[
        QuotaAction, typer.Option("--quota-action", help="What to do when no more are left.")
    ] = QuotaAction.STOP,
    watched: Annotated[
        str | None,
        typer.Option(
            "--watch", metavar="EVERY", help="Do it again every so often, as in 1h, until Ctrl-C."
        ),
    ] = None,
    images: Annotated[
        int, typer.Option("--images", metavar="N", min=1, max=32, help="Images to copy at once.")
    ] = 4,
    jobs: Jobs = _JOBS,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="FILE", help="Write what was done for Prometheus."),
    ] = None,
    all: All = False,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the form of a file as JSON Schema.")
    ] = False,
    from_skopeo: Annotated[
        str | None,
        typer.Option("--from-skopeo", metavar="FILE", help="Print skopeo's sync file as ours."),
    ] = None,
    from_regsync: Annotated[
        str | None,
        typer.Option("--from-regsync", metavar="FILE", help="Print regsync's file as ours."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="TARGET", help="With --from-skopeo: where everything goes."),
    ] = None,
) -> None:
    """Mirror repositories as a file says.

    What differs by its digest is copied; nothing is remembered from one run to the next, so that
    a run that was interrupted is simply repeated.

    \b
    A file:
      defaults:
        platforms: [linux/amd64, linux/arm64]
      sync:
        - source: docker.io/library/redis
          target: ghcr.io/acme/redis
          semver: '>=7'
          variant: alpine
        - source: quay.io/prometheus/*
          target: registry.example/mirror/
          filter: v*
          limit: 10
          sort: version=desc

    --schema prints all keys. YAML takes the extra hubcli[yaml]; JSON and TOML do not.

    \b
    Examples:
      hubcli sync mirror.yaml --dry-run
      hubcli sync mirror.yaml --keep-quota 50
      hubcli sync mirror.yaml --shard 2/4
    """
    if schema or from_skopeo is not None or from_regsync is not None:
        _print_file(runtime, file, schema, from_skopeo, from_regsync, to)
        return
    if exit_code and not dry_run:
        raise UsageError("--exit-code goes with --dry-run")
    if to is not None:
        raise UsageError("--to goes with --from-skopeo")
    if file is None:
        raise UsageError("say which FILE to mirror by")
    from hubcli.cli.sync.running import Running, Wish, show
    from hubcli.cli.sync.watching import interval, watch
    from hubcli.mirroring.rounds import Terms
    from hubcli.mirroring.shard import ALL, parse_shard

    every = None if watched is None else interval(watched)
    if every is not None and (dry_run or file == "-"):
        raise UsageError("--watch mirrors by a file, again and again: not with --dry-run or stdin")
    terms = Terms(
        shard=ALL if shard is None else parse_shard(shard, runtime.environ),
        by=shard_by.value,
        lookups=runtime.settings.defaults.concurrency,
        images=images,
    )
    wish = Wish(
        terms=terms,
        jobs=jobs,
        create=create,
        dry_run=dry_run,
        yes=yes,
        quiet=selection.quiet,
        watches=every is not None,
        keep_quota=keep_quota,
        quota_action=quota_action.value,
        metrics=None if metrics is None else Path(metrics),
    )
    running = Running(runtime, wish, lambda: _entries(runtime, file))
    if every is None:
        show(runtime, selection, running, everything=all)
    else:
        running.check()
        watch(runtime, every, lambda: show(runtime, selection, running, everything=all))
    if exit_code and running.differs and not runtime.exit_code:
        raise typer.Exit(1)


def _print_file(
    runtime: Runtime,
    file: str | None,
    schema: bool,
    skopeo: str | None,
    regsync: str | None,
    target: str | None,
) -> None:
    """Print the one thing that is asked for; nothing is mirrored."""
    from hubcli.cli.sync import converting

    if sum((file is not None, schema, skopeo is not None, regsync is not None)) > 1:
        raise UsageError("FILE, --schema, --from-skopeo and --from-regsync exclude each other")
    if skopeo is not None:
        converting.from_skopeo(runtime, skopeo, target)
    elif regsync is not None:
        converting.from_regsync(runtime, regsync, target)
    else:
        converting.schema(runtime)


def _entries(runtime: Runtime, file: str) -> list[Entry]:
    from hubcli.cli.bytesource import text
    from hubcli.documents.tree import LARGEST
    from hubcli.mirroring.document import read_document

    return read_document(text(runtime, file, LARGEST), "stdin" if file == "-" else file)
