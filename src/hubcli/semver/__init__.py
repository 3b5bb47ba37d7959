"""Versions in tags, and ranges of them."""

from typing import TYPE_CHECKING

from hubcli import late

if TYPE_CHECKING:
    from hubcli.semver.ranges import Range, parse_range
    from hubcli.semver.reading import Named, Version, parse, read, variant_of

__all__ = ["Named", "Range", "Version", "parse", "parse_range", "read", "variant_of"]

__getattr__ = late.names(
    __name__,
    ranges="Range parse_range",
    reading="Named Version parse read variant_of",
)
