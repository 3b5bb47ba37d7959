"""How commands are declared: a function that takes a `Runtime` and returns what it has to show.

    repositories = Commands("Manage repositories.")

    @repositories.command("ls", shows=REPOSITORY)
    def ls(runtime: Runtime, limit: Limit = None) -> Shown:
        return Rows(...)

`shows` adds `--format`, `--fields`, `--query` and `-q`; every command takes `--debug`,
`--no-color`, `--config`, and those that talk to servers `--max-wait` and `--plain-http`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

import typer
from typer._click import Context
from typer.core import TyperCommand, TyperGroup, TyperOption

from hubcli.cli.runtime import Runtime
from hubcli.errors import UsageError
from hubcli.output import Row, Selection, View

_Name = TypeVar("_Name")
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(frozen=True)
class Rows:
    """A listing: JSON array. `more`, asked at the end, says what was left out.

    `view` is the command's own with another choice of default columns or another key.
    """

    rows: Iterable[Row]
    more: Callable[[], str | None] | None = None
    view: View | None = None


@dataclass(frozen=True)
class One:
    """A single thing: JSON object, a card on a terminal."""

    row: Row


@dataclass(frozen=True)
class Several:
    """Several things asked for by name: JSON array, cards on a terminal."""

    rows: Iterable[Row]


Shown = Rows | One | Several | None
"""What a command with a view returns; None where it has printed what there is itself."""


def named(runtime: Runtime, names: Sequence[_Name], work: Callable[[_Name], Row]) -> Shown:
    """The rows of what was asked for by name: of a single one as such, of several each by itself;
    those that fail are reported, and the rest is done."""
    if len(names) == 1:
        return One(work(names[0]))
    return Several(runtime.each(names, work))


class Command(TyperCommand):
    """A command that also takes the options common to all."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, params=[*(params or []), *common_options()], **kwargs)

    def get_short_help_str(self, limit: int = 0) -> str:  # noqa: ARG002 - click's signature
        """The whole first line: cut off, it might say something else."""
        return (self.help or "").strip().partition("\n")[0]

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Typer puts braces around what must be given: as everywhere else, nothing means that."""
        pieces: list[str] = super().collect_usage_pieces(ctx)
        return [piece.replace("{", "").replace("}", "") for piece in pieces]


class NetworkCommand(Command):
    """A command that talks to servers."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, params=[*(params or []), *network_options()], **kwargs)


class Group(TyperGroup):
    """A noun: takes the common options between its name and the verb, too.

    Its verbs are in the order of their names, for that in which modules are imported says nothing.
    """

    def __init__(
        self,
        *args: Any,
        params: list[Any] | None = None,
        commands: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            *args,
            params=[*(params or []), *common_options()],
            commands=dict(sorted((commands or {}).items())),
            **kwargs,
        )


class Commands(typer.Typer):
    """A group of commands that shows its help when nothing else is asked of it."""

    def __init__(self, help: str | None = None) -> None:
        super().__init__(
            cls=Group,
            help=help,
            add_completion=False,
            no_args_is_help=True,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            context_settings=CONTEXT,
        )

    def command(  # type: ignore[override]
        self,
        name: str,
        *,
        shows: View | None = None,
        calls: tuple[str, ...] = (),
        network: bool = True,
        hidden: bool = False,
        raw_arguments: bool = False,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a function under `name`.

        `shows` is the view of what it returns; `calls` are the operations of the Hub API that it
        serves, as `GET /v2/access-tokens/{uuid}`; `raw_arguments` passes on what follows the first
        argument as it is.
        """
        settings = dict(CONTEXT)
        if raw_arguments:
            settings |= {"ignore_unknown_options": True, "allow_interspersed_args": False}

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            super(Commands, self).command(
                name,
                cls=NetworkCommand if network else Command,
                hidden=hidden,
                context_settings=settings,
            )(_bound(function, shows, calls))
            return function

        return register


def _bound(
    function: Callable[..., Any], view: View | None, calls: tuple[str, ...]
) -> Callable[..., None]:
    """`function` as Typer wants it: without `runtime`, with the options that show data."""
    hints = get_type_hints(function, include_extras=True)
    parameters = [
        parameter.replace(annotation=hints[name])
        for name, parameter in inspect.signature(function).parameters.items()
        if name not in {"runtime", "selection"}
    ]
    wants_selection = "selection" in hints
    if view is not None:
        parameters += _SHOWING

    def call(context: typer.Context, **arguments: Any) -> None:
        runtime: Runtime = context.find_root().obj
        if view is None:
            function(runtime, **arguments)
            return
        selection = _selection(runtime, arguments)
        if selection.wants_field_help:
            runtime.output.describe(view, selection)
            return
        selection.checked(view)
        if wants_selection:
            arguments["selection"] = selection
        _show(runtime, view, selection, function(runtime, **arguments))

    context = inspect.Parameter(
        "context", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    everything = [context, *(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters)]
    call.__signature__ = inspect.Signature(everything)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in everything}
    call.__name__ = function.__name__
    call.__doc__ = function.__doc__
    call.view = view  # type: ignore[attr-defined]  # for completion and documentation
    call.calls = calls  # type: ignore[attr-defined]  # for documentation
    call.__module__ = function.__module__
    return call


def _selection(runtime: Runtime, arguments: dict[str, Any]) -> Selection:
    """Take the four options out of `arguments`; what the configuration says is the default."""
    format = arguments.pop("format")
    runtime.json_errors = format in {"json", "jsonl"}
    fields, query, quiet = (arguments.pop(name) for name in ("fields", "query", "quiet"))
    if format is None:
        format = runtime.settings.defaults.format
        runtime.json_errors = format in {"json", "jsonl"}
    return Selection.parse(format=format, fields=fields, query=query, quiet=quiet)


def _show(runtime: Runtime, view: View, selection: Selection, shown: Shown) -> None:
    output = runtime.output
    if isinstance(shown, Rows):
        output.rows(shown.view or view, shown.rows, selection, more=shown.more)
    elif isinstance(shown, One):
        output.item(view, shown.row, selection)
    elif isinstance(shown, Several):
        output.items(view, shown.rows, selection)


def _option(name: str, type_: Any, default: Any, *decls: str, **settings: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[type_, typer.Option(*decls, **settings)],
    )


_SHOWING = [
    _option(
        "format",
        str | None,
        None,
        "--format",
        metavar="FORMAT",
        help="table, json, jsonl, csv, tsv, or a template such as '{{.name}}'.",
    ),
    _option(
        "fields",
        str | None,
        None,
        "--fields",
        metavar="A,B,C",
        help="Fields to show, in this order; 'help' lists them.",
    ),
    _option("query", str | None, None, "--query", metavar="EXPR", help="JMESPath over the JSON."),
    _option("quiet", bool, False, "-q", "--quiet", help="Show names only."),
]
SHOWING = frozenset(parameter.name for parameter in _SHOWING)
"""The names of the parameters that a command with a view has besides its own."""


def common_options() -> list[TyperOption]:
    """`--debug`, `--no-color`, `--config`: taken before the command or after it."""
    return [
        _flag("--debug", "debug", "Show every request and answer on stderr; secrets are hidden."),
        _flag("--no-color", "no_color", "Do not use colour."),
        _setting("--config", "config_file", "FILE", "Use this configuration file.", str),
    ]


def network_options() -> list[TyperOption]:
    return [
        _setting(
            "--max-wait",
            "max_wait",
            "SECONDS",
            "Wait at most this long in all when a server asks for it (60).",
            float,
        ),
        _flag("--plain-http", "plain_http", "Use http where no configuration row says otherwise."),
    ]


def _flag(declaration: str, attribute: str, help: str) -> TyperOption:
    return TyperOption(
        param_decls=[f"common_{attribute}", declaration],
        is_flag=True,
        default=False,
        expose_value=False,
        callback=_setter(attribute),
        help=help,
    )


def _setting(declaration: str, attribute: str, metavar: str, help: str, type_: type) -> TyperOption:
    return TyperOption(
        param_decls=[f"common_{attribute}", declaration],
        type=type_,
        metavar=metavar,
        expose_value=False,
        callback=_setter(attribute),
        help=help,
    )


def _setter(attribute: str) -> Callable[[typer.Context, Any, Any], Any]:
    def keep(context: typer.Context, _: Any, value: Any) -> Any:
        runtime = context.find_root().obj
        if value not in (None, False) and runtime is not None:
            if attribute == "max_wait" and not value >= 0:
                raise UsageError("--max-wait takes seconds from 0 up")
            setattr(runtime, attribute, value)
        return value

    return keep
