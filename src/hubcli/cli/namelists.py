"""Names that are given as arguments, or stand one on a line in a file."""

from __future__ import annotations

from collections.abc import Sequence

from hubcli.cli.bytesource import text
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

_LARGEST = 4 << 20


def gathered(
    runtime: Runtime, given: Sequence[str] | None, source: str | None, noun: str
) -> Sequence[str]:
    """Those that were `given` and those in the file `source` (`-` is stdin), each once, in order.

    Empty lines, and what stands behind a `#`, are passed over. UsageError where there are none.
    """
    listed = "" if source is None else text(runtime, source, _LARGEST)
    plain = (line.partition("#")[0].strip() for line in listed.splitlines())
    names = tuple(dict.fromkeys([*(given or ()), *filter(None, plain)]))
    if not names:
        where = {None: "", "-": " on stdin"}.get(source, f" in {source}")
        raise UsageError(f"no {noun} was named{where}")
    return names
