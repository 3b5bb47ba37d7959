"""What a new repository key of Artifactory can be told, and an old one.

API: the members of `/api/repositories/{key}` for local keys of images.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubcli.errors import UsageError

TYPES = ("docker", "oci")
OPTIONS = {
    "package-type": f"{' or '.join(TYPES)}: what a new repository key is for",
    "max-unique-tags": "how many tags of an image a key keeps; 0 for all",
    "tag-retention": "how many overwritten images of a tag a key keeps",
}
_COUNTS: Mapping[str, str] = {
    "max-unique-tags": "maxUniqueTags",
    "tag-retention": "dockerTagRetention",
}
_MOST_DIGITS = 9


def settings_of(options: Mapping[str, str], description: str | None) -> dict[str, object]:
    """A key's settings as its API calls them; UsageError for values that they cannot have."""
    settings: dict[str, object] = {} if description is None else {"description": description}
    for key, value in options.items():
        if key in _COUNTS:
            if not (value.isascii() and value.isdecimal() and len(value) <= _MOST_DIGITS):
                raise UsageError(f"--option {key}={value} is no count")
            settings[_COUNTS[key]] = int(value)
        elif value not in TYPES:
            raise UsageError(f"--option {key}={value} is none of {', '.join(TYPES)}")
        else:
            settings["packageType"] = value
    return settings
