"""Templates in docker's style (in the making)."""

from __future__ import annotations

from hubcli.output.views import Row, View


class Template:
    def __init__(self, source: str) -> None:
        self.source = source

    def check(self, view: View) -> None:
        raise NotImplementedError

    def render(self, row: Row) -> str:
        raise NotImplementedError
