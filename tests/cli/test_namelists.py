"""Names from arguments, files and stdin: what is one, what is none, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hubcli.cli.namelists import gathered
from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError

Gather = Callable[..., Sequence[str]]


@pytest.fixture
def gather(tmp_path: Path) -> Gather:
    """`gather("a", file=b"b\\n")`: the arguments, and the content of a file or of stdin."""

    def names(*given: str, file: bytes | None = None, stdin: bytes | None = None) -> Sequence[str]:
        stream = None if stdin is None else io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
        source = None
        if file is not None:
            source = str(tmp_path / "names.txt")
            Path(source).write_bytes(file)
        elif stdin is not None:
            source = "-"
        return gathered(Runtime({}, stream, None, None), given, source, "member")

    return names


def test_arguments_come_before_lines_and_nobody_twice(gather: Gather) -> None:
    assert gather("bob", "alice", file=b"carol\nbob\ncarol\n") == ("bob", "alice", "carol")


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"alice", ("alice",)),
        (b"alice\r\nbob\r\n", ("alice", "bob")),
        (b"\n  alice \t\n\n", ("alice",)),
        (b"# everybody\nalice # until May\n#bob\n", ("alice",)),
        (b"\xef\xbb\xbfalice\n", ("alice",)),
        ("zoë@example.com\n".encode(), ("zoë@example.com",)),
    ],
)
def test_a_line_is_a_name_without_what_is_around_it(
    gather: Gather, content: bytes, names: tuple[str, ...]
) -> None:
    assert gather(file=content) == names
    assert gather(stdin=content) == names


@pytest.mark.parametrize("content", [b"", b"\n\n", b"# nobody yet\n"])
def test_nobody_is_a_mistake(gather: Gather, content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^no member was named in .*names\.txt"):
        gather(file=content)
    with pytest.raises(UsageError, match=r"^no member was named on stdin "):
        gather(stdin=content)
    with pytest.raises(UsageError, match=r"^no member was named \(USAGE\)"):
        gather()


def test_what_is_no_text_says_where(gather: Gather) -> None:
    with pytest.raises(UsageError, match=r"names\.txt is not UTF-8 \(byte 6\)"):
        gather(file=b"alice\n\xff\n")


def test_a_list_has_a_largest_size(gather: Gather) -> None:
    largest = 4 << 20
    assert len(gather(file=b"alice\n".ljust(largest, b"x"))) == 2
    with pytest.raises(UsageError, match="has more than 4,194,304 bytes"):
        gather(file=b"alice\n".ljust(largest + 1, b"x"))


def test_a_file_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    runtime = Runtime({}, None, None, None)
    with pytest.raises(UsageError, match=r"cannot read .*: No such file"):
        gathered(runtime, None, str(tmp_path / "missing"), "member")
    with pytest.raises(UsageError, match=r"cannot read .*: Is a directory"):
        gathered(runtime, None, str(tmp_path), "member")


def test_stdin_may_be_closed() -> None:
    with pytest.raises(UsageError, match="expected on stdin"):
        gathered(Runtime({}, None, None, None), None, "-", "member")
