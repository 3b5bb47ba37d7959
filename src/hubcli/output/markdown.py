"""A repository's overview, rendered on a terminal."""

from __future__ import annotations

import io

from hubcli.output.terminal import Terminal
from hubcli.output.text import visible


def write_markdown(text: str, terminal: Terminal) -> None:
    """Print Markdown as a terminal can show it; control characters in it stand as escapes.

    Link targets are shown, not hidden behind their text: the text is the publisher's.
    """
    from rich.console import Console
    from rich.markdown import Markdown
    from rich.segment import Segment, Segments

    # Rendered aside: what is written to the terminal goes through one door.
    page = io.StringIO()
    console = Console(
        file=page,
        force_terminal=terminal.color,
        color_system="standard" if terminal.color else None,
        no_color=not terminal.color,
        width=terminal.width,
        legacy_windows=False,
    )
    document = Markdown(_visible_lines(text.expandtabs()), hyperlinks=False)
    # Once more afterwards: Markdown itself turns `&#27;` into an escape character.
    console.print(
        Segments(
            Segment(_visible_lines(segment.text), segment.style)
            for segment in console.render(document)
            if not segment.control
        )
    )
    lines = page.getvalue().rstrip("\n").split("\n")
    terminal.write("".join(f"{line.rstrip(' ')}\n" for line in lines))


def _visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.replace("\r\n", "\n").split("\n"))
