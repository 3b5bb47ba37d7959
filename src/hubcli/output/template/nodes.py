"""The parts of a parsed template: expressions have a value, statements write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from hubcli.output.template.tokens import fail
from hubcli.output.template.values import Heading, elements, lookup, printable


class Scope:
    """What `.`, `$` and the variables mean at one place."""

    __slots__ = ("_cells", "dot", "root")

    def __init__(self, dot: object) -> None:
        self.dot = self.root = dot
        # A cell each, so that assigning in an inner block is seen in the outer one.
        self._cells: dict[str, list[object]] = {}

    def inner(self, dot: object) -> Scope:
        """A block inside this one: its own `.`, and room for its own variables."""
        scope = Scope(dot)
        scope.root = self.root
        scope._cells = dict(self._cells)
        return scope

    def declare(self, name: str, value: object) -> None:
        self._cells[name] = [value]

    def assign(self, name: str, value: object) -> None:
        self._cells[name][0] = value

    def variable(self, name: str) -> object:
        return self.root if name == "$" else self._cells[name][0]


class Expression(Protocol):
    def value(self, scope: Scope) -> object: ...


class Statement(Protocol):
    def write(self, scope: Scope, out: list[str]) -> None: ...


class Literal:
    def __init__(self, value: object) -> None:
        self._value = value

    def value(self, scope: Scope) -> object:  # noqa: ARG002 - the same everywhere
        return self._value


class Dot:
    def value(self, scope: Scope) -> object:
        return scope.dot


class Variable:
    def __init__(self, name: str) -> None:
        self.name = name

    def value(self, scope: Scope) -> object:
        return scope.variable(self.name)


class Path:
    """Field names one inside the other: `.a.b`, `$x.a`, `(index .a 0).b`."""

    def __init__(self, of: Expression, names: Sequence[str], at: int) -> None:
        self._of = of
        self.names = tuple(names)
        self.at = at

    def name_exactly(self, name: str) -> None:
        """Spell the first name as rows do, which spares looking for it in each."""
        self.names = (name, *self.names[1:])

    def value(self, scope: Scope) -> object:
        value = self._of.value(scope)
        for name in self.names:
            value = lookup(value, name)
        return value


class Call:
    """A function with its arguments; the value of a pipeline is the last of them."""

    def __init__(
        self, name: str, function: Callable[..., object], arguments: list[Expression], at: int
    ) -> None:
        self._name, self._function, self._arguments, self._at = name, function, arguments, at

    def value(self, scope: Scope) -> object:
        values = [argument.value(scope) for argument in self._arguments]
        for value in values:
            if isinstance(value, Heading):
                return value
        try:
            return self._function(*values)
        except (TypeError, ValueError, AttributeError) as error:
            fail(f"{self._name}: {error}", self._at)


class Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def write(self, scope: Scope, out: list[str]) -> None:  # noqa: ARG002 - the same everywhere
        out.append(self._text)


class Print:
    def __init__(self, expression: Expression) -> None:
        self._expression = expression

    def write(self, scope: Scope, out: list[str]) -> None:
        out.append(printable(self._expression.value(scope)))


class Set:
    """`$x := ...`, and `$x = ...` for a variable that is there."""

    def __init__(self, name: str, expression: Expression, *, declares: bool) -> None:
        self._name, self._expression, self._declares = name, expression, declares

    def write(self, scope: Scope, out: list[str]) -> None:  # noqa: ARG002 - prints nothing
        value = self._expression.value(scope)
        if self._declares:
            scope.declare(self._name, value)
        else:
            scope.assign(self._name, value)


class Body:
    def __init__(self, statements: Sequence[Statement]) -> None:
        self._statements = tuple(statements)

    def write(self, scope: Scope, out: list[str]) -> None:
        for statement in self._statements:
            statement.write(scope, out)


class Branch:
    """`if`, and `with`, which makes what it tested the `.` of its block."""

    def __init__(
        self,
        condition: Expression,
        variable: str | None,
        body: Body,
        otherwise: Body,
        *,
        moves_dot: bool,
    ) -> None:
        self._condition, self._variable = condition, variable
        self._body, self._otherwise, self._moves_dot = body, otherwise, moves_dot

    def write(self, scope: Scope, out: list[str]) -> None:
        value = self._condition.value(scope)
        inner = scope.inner(value if value and self._moves_dot else scope.dot)
        if self._variable is not None:
            inner.declare(self._variable, value)
        (self._body if value else self._otherwise).write(inner, out)


class Range:
    """`range`: the block once per element; the other one where there is none."""

    def __init__(
        self, over: Expression, variables: Sequence[str], body: Body, otherwise: Body
    ) -> None:
        self._over, self._variables = over, tuple(variables)
        self._body, self._otherwise = body, otherwise

    def write(self, scope: Scope, out: list[str]) -> None:
        went = False
        over = self._over.value(scope)
        for key, element in elements(over):
            went = True
            inner = scope.inner(element)
            given = (element,) if len(self._variables) == 1 else (key, element)
            for name, value in zip(self._variables, given, strict=False):
                inner.declare(name, value)
            self._body.write(inner, out)
        if not went:
            outside = scope.inner(scope.dot)
            for name in self._variables:  # as in Go, where they are what there was none in
                outside.declare(name, over)
            self._otherwise.write(outside, out)
