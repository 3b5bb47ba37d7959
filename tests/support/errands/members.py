"""`org member` and `org invite`: the people of an organization, and those who may become such."""

from __future__ import annotations

from hubcli.sandbox import seed
from support.errands.world import NOT_THERE, THERE, USER, Errand, Errands, World, reading

_NEW = "new@example.com"


def _invited(world: World) -> None:
    """Somebody, who has not answered yet."""
    organization = world.organization()
    invites = world.sandbox.parts.invites
    made = invites.add(organization, _NEW, team="", role="member", inviter=USER)
    world.notes["invite"] = made["id"]


def _invitees(world: World) -> list[str]:
    return [each["invitee"] for each in world.sandbox.parts.invites.of(world.organization())]


def _times_sent(world: World) -> int:
    found = world.sandbox.parts.invites.find(world.notes["invite"])
    assert found is not None
    return int(found["sent"])


def _role(world: World, member: str) -> str | None:
    return world.sandbox.parts.accounts.role(world.organization(), member)


def _inviting(*words: str) -> Errand:
    return Errand(
        lambda w: ("org", *words, w.organization(), _NEW, "erin", "--role", "editor"),
        done=lambda w: sorted(_invitees(w)) == ["erin", _NEW],
        again=THERE,
    )


ERRANDS: Errands = {
    "org member ls": reading("org", "member", "ls", seed.ORGANIZATION),
    "org member add": _inviting("member", "add"),
    "org member role": Errand(
        lambda w: ("org", "member", "role", w.organization(), "carol", "editor"),
        done=lambda w: _role(w, "carol") == "editor",
    ),
    "org member rm": Errand(
        lambda w: ("org", "member", "rm", w.organization(), "carol", "dave", "--yes"),
        done=lambda w: (_role(w, "carol"), _role(w, "dave")) == (None, None),
        again=NOT_THERE,
    ),
    "org invite ls": Errand(lambda w: ("org", "invite", "ls", w.organization()), _invited),
    "org invite send": _inviting("invite", "send"),
    "org invite resend": Errand(
        lambda w: ("org", "invite", "resend", w.notes["invite"]),
        _invited,
        # It was sent once before, and once more by each run.
        lambda w: 2 <= _times_sent(w) <= 3,
    ),
    "org invite cancel": Errand(
        lambda w: ("org", "invite", "cancel", w.notes["invite"]),
        _invited,
        lambda w: _invitees(w) == [],
        again=NOT_THERE,
    ),
}
