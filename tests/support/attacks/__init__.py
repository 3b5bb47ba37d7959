"""What hostile servers do, as rows: the tests are made of them, and SECURITY.md's table is."""

from __future__ import annotations

from support.attacks import addresses, bodies, content, layers, names, pace, pages, texts
from support.attacks.attack import Attack

ATTACKS: tuple[Attack, ...] = (
    *pages.ATTACKS,
    *addresses.ATTACKS,
    *bodies.ATTACKS,
    *content.ATTACKS,
    *layers.ATTACKS,
    *pace.ATTACKS,
    *texts.ATTACKS,
    *names.ATTACKS,
)
