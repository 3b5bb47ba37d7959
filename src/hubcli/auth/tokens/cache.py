"""Tokens and challenges, in memory and in a private file per audience until they run out.

An audience is a registry or the Hub API, by address. A file that is damaged, foreign or open to
others counts as empty: all that is lost is a request. No one's own password is ever in it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hubcli.auth.challenge import Challenge, Scope, covered, parse_scopes
from hubcli.files import locked, replace

_MOST_TOKENS = 128
_LARGEST_FILE = 4 << 20
_CLOCK_SLACK = 5.0
_DIRECTORY = "tokens"
# Seconds that another process may take to get a token, and between two looks at whether it has.
_PATIENCE = 5.0
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token that was asked for with `scopes`.

    Times are UNIX seconds of this machine's clock: it is used from `obtained` to before `until`.
    """

    value: str = field(repr=False)
    scopes: tuple[Scope, ...]
    obtained: float
    until: float

    def usable(self, now: float) -> bool:
        """Whether it is to be used at `now`; not before it was obtained, the clock was changed."""
        return self.obtained - _CLOCK_SLACK <= now < self.until


@dataclass
class _Shelf:
    """What is kept for one audience: how it wants to be asked, and tokens with their owners."""

    challenge: Challenge | None = None
    tokens: list[tuple[str, Token]] = field(default_factory=list)

    def find(self, identity: str, scopes: Iterable[Scope], now: float) -> Token | None:
        wanted = tuple(scopes)
        fitting = [
            token
            for owner, token in self.tokens
            if owner == identity and token.usable(now) and covered(wanted, token.scopes)
        ]
        return max(fitting, key=lambda token: token.obtained, default=None)

    def keep(self, identity: str, token: Token) -> None:
        self.tokens = [
            (owner, old)
            for owner, old in self.tokens
            if owner != identity or not covered(old.scopes, token.scopes)
        ]
        self.tokens.append((identity, token))

    def drop(self, value: str) -> None:
        self.tokens = [(owner, token) for owner, token in self.tokens if token.value != value]

    def prune(self, now: float) -> None:
        usable = [(owner, token) for owner, token in self.tokens if token.usable(now)]
        self.tokens = usable[-_MOST_TOKENS:]


class TokenCache:
    """Safe between threads and between processes; without a directory it is memory only."""

    def __init__(self, directory: Path | None, *, clock: Callable[[], float] = time.time) -> None:
        self._directory = None if directory is None else directory / _DIRECTORY
        self._clock = clock
        self._shelves: dict[str, _Shelf] = {}
        self._lock = threading.RLock()

    def now(self) -> float:
        """UNIX seconds, as the times of tokens are counted."""
        return self._clock()

    def challenge(self, audience: str) -> Challenge | None:
        """How the audience asked last."""
        with self._lock:
            return self._shelf(audience).challenge

    def learn(self, audience: str, challenge: Challenge | None) -> None:
        """Remember how the audience asks; its scopes and errors are of the moment."""
        lasting = None
        if challenge is not None:
            kept = {n: v for n, v in challenge.parameters.items() if n in {"realm", "service"}}
            lasting = Challenge(challenge.scheme, kept)
        with self._lock:
            if self._shelf(audience).challenge != lasting:
                self._update(audience, lambda shelf: setattr(shelf, "challenge", lasting))

    def find(self, audience: str, identity: str, scopes: Iterable[Scope]) -> Token | None:
        """The newest token of `identity` that is good for `scopes`."""
        with self._lock:
            return self._shelf(audience).find(identity, scopes, self._clock())

    def keep(self, audience: str, identity: str, token: Token) -> None:
        """Remember a token, in the place of those it is as good as."""
        self._update(audience, lambda shelf: shelf.keep(identity, token))

    @contextmanager
    def asking(
        self, audience: str, identity: str, scopes: Sequence[Scope], refused: str | None
    ) -> Iterator[Token | None]:
        """While a token is asked for: other processes that want it wait, and are given it then.

        None where nobody was given one, or only `refused`, so that it is to be asked for. Nobody
        waits for long: whoever asks may hang, and two tokens do no harm.
        """
        wanted = " ".join([identity, *sorted(str(scope) for scope in scopes)])
        path = self._path(f"{audience} {wanted}")
        with ExitStack() as held:
            if path is not None and _held(held, path):
                with self._lock:
                    self._shelves.pop(audience, None)  # to be read again
            token = self.find(audience, identity, scopes)
            yield None if token is None or token.value == refused else token

    def drop(self, audience: str, value: str) -> None:
        """Forget a token that was refused."""
        self._update(audience, lambda shelf: shelf.drop(value))

    def forget(self, audience: str) -> None:
        """Forget all that is known of an audience."""
        with self._lock:
            self._shelves.pop(audience, None)
            path = self._path(audience)
            if path is not None:
                with suppress(OSError):
                    path.unlink()

    def clear(self) -> None:
        """Forget all audiences."""
        with self._lock:
            self._shelves.clear()
            if self._directory is not None:
                for path in self._directory.glob("*.json"):
                    with suppress(OSError):
                        path.unlink()

    def _shelf(self, audience: str) -> _Shelf:
        if audience not in self._shelves:
            self._shelves[audience] = _read(self._path(audience), audience)
        return self._shelves[audience]

    def _update(self, audience: str, change: Callable[[_Shelf], object]) -> None:
        """Change what is in memory, and what is in the file by now; without a file it goes too."""
        with self._lock:
            change(self._shelf(audience))
            path = self._path(audience)
            if path is None:
                return
            with suppress(OSError), locked(path):
                shelf = _read(path, audience)
                change(shelf)
                shelf.prune(self._clock())
                replace(path, json.dumps(_document(audience, shelf)).encode())

    def _path(self, audience: str) -> Path | None:
        if self._directory is None:
            return None
        return self._directory / f"{hashlib.sha256(audience.encode()).hexdigest()}.json"


def _held(stack: ExitStack, path: Path) -> bool:
    """Whether the lock of a path could be had in time."""
    for _ in range(round(_PATIENCE / _PAUSE)):
        try:
            stack.enter_context(locked(path, wait=False, stays=False, private=True))
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError:
            return False  # there is no cache to find anything in
        else:
            return True
    return False


def _document(audience: str, shelf: _Shelf) -> dict[str, Any]:
    challenge = shelf.challenge
    return {
        "audience": audience,
        "challenge": challenge and {"scheme": challenge.scheme, **challenge.parameters},
        "tokens": [
            {
                "identity": identity,
                "scopes": [str(scope) for scope in token.scopes],
                "obtained": token.obtained,
                "until": token.until,
                "token": token.value,
            }
            for identity, token in shelf.tokens
        ],
    }


def _read(path: Path | None, audience: str) -> _Shelf:
    """The shelf in a file; an empty one where the file is missing or not to be trusted."""
    if path is None:
        return _Shelf()
    try:
        with path.open("rb") as file:
            if not _is_private(os.fstat(file.fileno())):
                return _Shelf()
            document = json.loads(file.read(_LARGEST_FILE))
        if document["audience"] != audience:
            return _Shelf()
        return _Shelf(_challenge(document["challenge"]), [*map(_token, document["tokens"])])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _Shelf()


def _is_private(status: os.stat_result) -> bool:
    """Whether nobody else can have written it: a planted realm would be sent the password."""
    if sys.platform == "win32":
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _challenge(members: Mapping[str, object] | None) -> Challenge | None:
    if members is None:
        return None
    texts = {name: value for name, value in members.items() if isinstance(value, str)}
    return Challenge(texts.pop("scheme"), texts)


def _token(members: Mapping[str, Any]) -> tuple[str, Token]:
    value = str(members["token"])
    if not (value.isascii() and value.isprintable()):
        raise ValueError("no header can carry this token")
    return str(members["identity"]), Token(
        value,
        parse_scopes(members["scopes"]),
        float(members["obtained"]),
        float(members["until"]),
    )
