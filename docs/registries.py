"""What hubcli can do on which registry, by the providers: docs/providers.md and README.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

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


_BEGIN, _END = "<!-- registries: generated -->\n", "<!-- /registries -->\n"


def page() -> str:
    known = list(rows())
    return "\n".join([_INTRODUCTION, *_table(known), "", *_details(known)])


def readme(text: str) -> str:
    """README.md with the table where its marks are, without the identities."""
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    table = "".join(f"{line}\n" for line in _table(list(rows()), without="identity"))
    return f"{before}{_BEGIN}{table}{_END}{after}"


def _table(known: list[dict[str, object]], without: str | None = None) -> Iterator[str]:
    columns: dict[str, Callable[[dict[str, object]], object]] = {
        "registry": lambda row: row["title"],
        "identity": lambda row: row["sign_in"],
        "`repo`": lambda row: _listed(row["repo"]),
        "`tag`": lambda row: _listed(row["tag"]),
        "`search`": lambda row: "yes" if row["search"] else None,
        "extra": lambda row: row["extra"],
    }
    columns.pop(without or "", None)
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in known:
        yield f"| {' | '.join(_cell(cell(row)) for cell in columns.values())} |"


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
