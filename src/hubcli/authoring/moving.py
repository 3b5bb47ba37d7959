"""Which tags move along with a release: `v1.2.3` takes `v1.2`, `v1` and `latest` with it."""

from __future__ import annotations

from collections.abc import Collection

from hubcli.errors import UsageError
from hubcli.tags import Release, release


def moved_along(name: str, tags: Collection[str]) -> tuple[list[str], list[str]]:
    """The tags of the lines in which the release `name` is the newest, and those in which it is
    not, by the repository's `tags`.

    A variant such as `-alpine` keeps to its own line; its latest ones, `latest-alpine` or
    `alpine`, are moved where they are there. UsageError for what is no release.
    """
    own = release(name)
    if own is None:
        raise UsageError(f"{name!r} names no release, such as v1.2.3, so nothing moves with it")
    rivals = [
        found.numbers
        for found in map(release, tags)
        if found is not None and found.variant == own.variant
    ]
    moving: list[str] = []
    staying: list[str] = []
    for count in range(len(own.numbers) - 1, 0, -1):
        line = own.numbers[:count]
        newest = all(one <= own.numbers for one in rivals if one[:count] == line)
        (moving if newest else staying).append(own.shortened(count))
    newest = all(one <= own.numbers for one in rivals)
    (moving if newest else staying).extend(_latest(own, tags))
    return moving, staying


def _latest(own: Release, tags: Collection[str]) -> list[str]:
    if not own.variant:
        return ["latest"]
    return [tag for tag in (f"latest{own.variant}", own.variant.lstrip("-._")) if tag in tags]
