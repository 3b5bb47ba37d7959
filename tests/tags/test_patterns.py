"""Regular expressions that are tried on names from servers."""

from __future__ import annotations

import pytest

from hubcli.errors import UsageError
from hubcli.tags.patterns import compiled


@pytest.mark.parametrize(
    "pattern",
    [
        r"^v\d+\.\d+\.\d+(-.*)?$",
        r"^(\d+\.)*\d+$",
        r"^\d+(\.\d+)*$",
        r"(-[a-z0-9.]+)*$",
        r"^(?:alpha|beta|rc)*",
        r"^(?:v?\d+\.)+$",
        r"^(?:\w+[-.])+$",
        r"(?i)^(rc|Beta)\d*$",
        r"^sha256-([0-9a-f]{2})+$",
        r"(\d|[a-f])+",
        r"^(?>a+)+$",
        r"(?:a++)*b",
        r"(\d+\.){2}\d+",
        r"(?=a+)b(?!c*)",
        r"^(v)?(?(1)\d|x)$",
        r".*-.*-.*-.*",
        r"^v?\d+\.?\d*\.?\d*-?\w*$",
        r"\d+\.\d+\.\d+-\d+-\w+-[0-9a-f]+-.*",
        r"(?:\w+-){3}\d+",
        r"^v?\d+(\.\d+)*(-[a-z]+(\.\d+)*)*$",
        r"^([a-z]+(-[a-z]+)*/)*\d+$",
    ],
)
def test_what_people_write_is_taken(pattern: str) -> None:
    compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"(a+)+$",
        r"^(a*)*$",
        r"(a|a)*b",
        r"(a|ab?)*c",
        r"(.*,)*x",
        r"(\w+\d*)+$",
        r"([a-z]+-?)*x",
        r"((a+)b?)*c",
        r"(?:a{1,20})*b",
        r"(?:a+){30}b",
        r"(-[a-z0-9-]+)*x",
        r"x(?=(a+)+b)",
        r"(?:a?){25}a{25}",
        r"(a)(?:\1+)*b",
        r"(?i)(?:a+A)*b",
        r"([^a]+b)*c",
        r".*.*.*.*.*.*x",
        r"(.*a){4}.*x",
        r"^.*-?.*-?.*-?.*-?.*-?.*x",
        r"(?:(?:a{1,4}){1,4}){1,4}b",
        "(?:x?a?)" * 31,
        "a{0,4}" * 20 + "b",
        r"(?=.*.*.*.*.*x)",
        r"(?:ba*a*)*x",
        r"(?:a*ba*)*x",
        r"(?:a?a?b)*x",
        r"(?:b(?:)*b)*x",
        r"(\d+\.?\d*-)+x",
        r"(?:a*|b)(?:a*|c)(?:a*|d)(?:a*|e)a*f",
    ],
)
def test_what_takes_for_ever_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match="repeats what is repeated already"):
        compiled(pattern)


@pytest.mark.parametrize("pattern", ["(", "*", "a{99999999999}", "x" * 513])
def test_what_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"no regular expression|at most 512"):
        compiled(pattern)
