"""What can go wrong, as facts: a reason, a code, a reference; worded for people in one place.

HubcliError
  UsageError                the command line or a configuration file is wrong
  NotFound                  the registry or Hub knows no such thing
  NotSignedIn               no credential, or one that was refused (401)
  Denied                    signed in, but not allowed (403)
  RateLimited               asked to wait longer than we may
  Unavailable               network or server does not answer
    ConnectionBroken
    TimedOut
    TLSFailure
    Untrusted               a server sent us somewhere the rules refuse
  IntegrityFailure          content does not hash, or measure, to what was promised
  Unsupported               this host cannot do it
  Conflict                  it exists already, or is in use
  CredentialFailure         a credential source is there, but broken
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import IntEnum


class ExitCode(IntEnum):
    """What a command ends with; a batch ends with the most severe of its parts."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    NOT_ALLOWED = 4
    RATE_LIMITED = 5
    UNAVAILABLE = 6
    INTEGRITY = 7
    INTERRUPTED = 130


_SEVERITY = (
    ExitCode.OK,
    ExitCode.FAILED,
    ExitCode.USAGE,
    ExitCode.NOT_FOUND,
    ExitCode.NOT_ALLOWED,
    ExitCode.RATE_LIMITED,
    ExitCode.UNAVAILABLE,
    ExitCode.INTEGRITY,
    ExitCode.INTERRUPTED,
)


def most_severe(*codes: ExitCode) -> ExitCode:
    """The exit code of a batch whose parts ended with `codes`."""
    return max(codes, key=_SEVERITY.index, default=ExitCode.OK)


class HubcliError(Exception):
    """A failure with its facts.

    `reason` is a lower-case clause without a full stop; `code` is the registry's own error code
    where it sent one; `action` is the verb phrase of `cannot <action> <reference>`; `hint` is a
    command, or a short sentence, that helps. `in_doubt` says that what was asked for may be done
    in spite of the failure: an answer was lost.
    """

    code: str = "FAILED"
    exit_code: ExitCode = ExitCode.FAILED
    in_doubt = False

    def __init__(
        self,
        reason: str,
        *,
        code: str | None = None,
        reference: str | None = None,
        action: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reference = reference
        self.action = action
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        """`cannot <action> <reference>: <reason> (<CODE>)`, as far as the parts are known."""
        subject = " ".join(part for part in (self.action, self.reference) if part)
        told = f"cannot {subject}: {self.reason}" if self.action else self.reason
        if self.reference and not self.action:
            told = f"{self.reference}: {self.reason}"
        return f"{told} ({self.code})"


class UsageError(HubcliError):
    code = "USAGE"
    exit_code = ExitCode.USAGE


class NotFound(HubcliError):
    code = "NOT_FOUND"
    exit_code = ExitCode.NOT_FOUND


class NotSignedIn(HubcliError):
    code = "UNAUTHORIZED"
    exit_code = ExitCode.NOT_ALLOWED


class Denied(HubcliError):
    code = "DENIED"
    exit_code = ExitCode.NOT_ALLOWED


class RateLimited(HubcliError):
    """`retry_at` is the UTC time at which the server answers again, where it says so."""

    code = "RATE_LIMITED"
    exit_code = ExitCode.RATE_LIMITED

    def __init__(
        self,
        reason: str,
        *,
        retry_at: datetime | None = None,
        code: str | None = None,
        reference: str | None = None,
        action: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(reason, code=code, reference=reference, action=action, hint=hint)
        self.retry_at = retry_at


class Unavailable(HubcliError):
    """`transient` says whether trying again at once could help, `unsent` that the server was not
    even asked: then everything may be sent again."""

    code = "UNAVAILABLE"
    exit_code = ExitCode.UNAVAILABLE
    transient = False
    unsent = False


class ConnectionBroken(Unavailable):
    """No connection, or one that broke before the answer was whole."""

    transient = True


class TimedOut(Unavailable):
    code = "TIMEOUT"


class TLSFailure(Unavailable):
    code = "TLS"


class Untrusted(Unavailable):
    code = "UNTRUSTED"


class IntegrityFailure(HubcliError):
    code = "INTEGRITY"
    exit_code = ExitCode.INTEGRITY


class Unsupported(HubcliError):
    code = "UNSUPPORTED"


class Conflict(HubcliError):
    code = "CONFLICT"


class CredentialFailure(HubcliError):
    """A keyring, helper or file that should hold credentials cannot be read or written."""

    code = "CREDENTIALS"


@contextmanager
def doing(action: str, reference: str | None = None) -> Iterator[None]:
    """Tell a failure that passes by what was being done, and to which reference.

    The innermost one wins: what is already known is never overwritten.
    """
    try:
        yield
    except HubcliError as error:
        if error.action is None:
            error.action = action
            error.reference = error.reference or reference
        raise
