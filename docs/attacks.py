"""What hostile servers do and what hubcli does about it: the table in SECURITY.md."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

BAR = "\\|"
_BEGIN, _END = "<!-- attacks: generated -->\n", "<!-- /attacks -->\n"


def security(text: str) -> str:
    """SECURITY.md with the table where its marks are."""
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    table = "".join(f"{line}\n" for line in _table())
    return f"{before}{_BEGIN}{table}{_END}{after}"


def _table() -> Iterator[str]:
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    from support.attacks import ATTACKS

    yield from ("| a server … | hubcli … | exit code | test |", "|---|---|---|---|")
    for attack in ATTACKS:
        cells = (attack.what, attack.does, str(attack.exit_code), f"`{attack.id}`")
        yield f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"
