"""Write docs/providers.md: what hubcli can do on which registry, read from the providers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hubcli.providers.summary import rows

BAR = "\\|"
_INTRODUCTION = """\
# Registries

Generated from the code by `make completions`; do not edit. `hubcli registry providers` shows the
same.

Images are pulled, pushed and copied on every registry. The table says what else hubcli can do
where, by the registry protocol or by the registry's own API; `repo ls` without an API lists the
catalog, as far as there is one and it may be read.

A registry is recognised by its host name, by `provider = "…"` in its configuration row, or by its
greeting, in that order; `hubcli registry ping HOST` says which it is, and why. What a registry
cannot do is refused in one line that says what can be done there instead.

The identity is the last place where a credential is looked for; `hubcli login HOST` works
everywhere. Those with an extra need `pip install 'hubcli[EXTRA]'` for identity and API.
"""


def page() -> str:
    known = list(rows())
    return "\n".join([_INTRODUCTION, *_table(known), "", *_details(known)])


def _table(known: list[dict[str, object]]) -> Iterator[str]:
    yield "| registry | identity | `repo` | `tag` | `search` | extra |"
    yield "|---|---|---|---|---|---|"
    for row in known:
        cells = (
            row["title"],
            row["sign_in"],
            _listed(row["repo"]),
            _listed(row["tag"]),
            "yes" if row["search"] else None,
            row["extra"],
        )
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _details(known: list[dict[str, object]]) -> Iterator[str]:
    for row in known:
        yield f"## {row['title']}"
        yield ""
        yield f"Recognised by {row['hosts']}."
        yield from _facts(row)
        yield ""


def _facts(row: Mapping[str, object]) -> Iterator[str]:
    named = {
        "`tag ls` tells at once": row["tag_fields"],
        "`repo create` takes": row["create_flags"],
        "`--option` takes": row["options"],
    }
    for what, values in named.items():
        if isinstance(values, list) and values:
            yield ""
            yield f"{what}: {_listed(values)}."


def _listed(values: object) -> str:
    return ", ".join(map(str, values)) if isinstance(values, list) else ""


def _cell(value: object) -> str:
    return str(value or "").replace("|", BAR)
