"""Versions in tags, and ranges of them."""

from hubcli.semver.ranges import Range, parse_range
from hubcli.semver.reading import Named, Version, parse, read, variant_of

__all__ = ["Named", "Range", "Version", "parse", "parse_range", "read", "variant_of"]
