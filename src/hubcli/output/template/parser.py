"""From tokens to a template that can be filled in."""

from __future__ import annotations

from typing import NoReturn

from hubcli.output.template.functions import FUNCTIONS
from hubcli.output.template.nodes import (
    Body,
    Branch,
    Call,
    Dot,
    Expression,
    Literal,
    Path,
    Print,
    Range,
    Set,
    Statement,
    Text,
    Variable,
)
from hubcli.output.template.tokens import Token, fail, string_value, tokens
from hubcli.output.template.values import Printable

_CONSTANTS = {"true": True, "false": False, "nil": None}
_BLOCKS = ("if", "with", "range")
# Far deeper than anybody types, far below what the interpreter can take.
_DEEPEST = 50


def parse(source: str, start: int = 0) -> tuple[Body, list[Path]]:
    """A template from the offset `start` of `source` on.

    Also returns the paths whose first name is a field of the row itself, to be held against its
    view. UsageError names the position of what cannot be parsed.
    """
    parser = _Parser(list(tokens(source, start)), len(source))
    return parser.template(), parser.fields


class _Parser:
    def __init__(self, tokens: list[Token], length: int) -> None:
        self._tokens = tokens
        self._length = length
        self._next = 0
        self._variables: list[str] = []
        self._depth = 0
        # How many blocks around this place have their own `.`.
        self._moved = 0
        self.fields: list[Path] = []

    def template(self) -> Body:
        body = self._body()
        if (token := self._peek()) is not None:
            fail(f"{token.text!r} without a block", token.at)
        return body

    # Statements

    def _body(self) -> Body:
        """Statements up to `end`, `else` or the end of the template; these are not consumed."""
        declared = len(self._variables)
        statements: list[Statement] = []
        while (token := self._peek()) is not None:
            if token.kind == "text":
                self._take()
                if token.text:
                    statements.append(Text(token.text))
                continue
            word = self._tokens[self._next + 1]
            if word.kind == "name" and word.text in {"end", "else"}:
                self._next += 1
                break
            self._take()
            statements.append(self._action())
        del self._variables[declared:]
        return Body(statements)

    def _action(self) -> Statement:
        token = self._peek()
        if token is not None and token.kind == "name" and token.text in _BLOCKS:
            return self._block(self._take())
        statement = self._assignment() or Print(self._pipeline())
        self._close()
        return statement

    def _assignment(self) -> Statement | None:
        """`$x := pipeline` or `$x = pipeline`."""
        at = self._tokens[self._next].at
        names, declares = self._declared()
        if not names:
            return None
        if len(names) > 1:
            fail("two variables are for range only", at)
        value = self._pipeline()
        if declares:
            self._variables.append(names[0])
        elif names[0] not in self._variables:
            fail(f"undefined variable {names[0]!r}", at)
        return Set(names[0], value, declares=declares)

    def _declared(self) -> tuple[list[str], bool]:
        """The variables before a `:=` or `=` that comes next, and whether it is `:=`."""
        names: list[str] = []
        at = self._next
        while self._tokens[at].kind == "variable" and "." not in self._tokens[at].text:
            names.append(self._tokens[at].text)
            sign = self._tokens[at + 1].text if self._tokens[at + 1].kind == "sign" else ""
            at += 2
            if sign in {":=", "="}:
                self._next = at
                return names, sign == ":="
            if sign != ",":
                break
        return [], False

    def _block(self, opening: Token) -> Statement:
        """The rest of `if`, `with` or `range`, up to and with its `end`."""
        self._descend(opening)
        outside = len(self._variables)
        names, declares = self._declared()
        if len(names) > (2 if opening.text == "range" else 1) or (names and not declares):
            fail(f"{opening.text} cannot set these variables", opening.at)
        subject = self._pipeline()
        self._close()
        self._variables += names
        moves = opening.text != "if"
        self._moved += moves
        body = self._body()
        self._moved -= moves
        otherwise = self._otherwise(opening)
        del self._variables[outside:]
        self._depth -= 1
        if opening.text == "range":
            return Range(subject, names, body, otherwise)
        return Branch(subject, names[0] if names else None, body, otherwise, moves_dot=moves)

    def _otherwise(self, opening: Token) -> Body:
        """What follows the block: `else`, `else if`, or nothing; consumes the `end`."""
        word = self._peek()
        if word is None:
            fail(f"{opening.text!r} has no end", opening.at)
        self._take()
        if word.text == "end":
            self._close()
            return Body([])
        following = self._peek()
        if following is not None and following.kind == "name" and following.text in {"if", "with"}:
            return Body([self._block(self._take())])
        self._close()
        body = self._body()
        last = self._peek()
        if last is None:
            fail(f"{opening.text!r} has no end", opening.at)
        if last.text != "end":
            fail("a second else", last.at)
        self._take()
        self._close()
        return body

    # Expressions

    def _pipeline(self) -> Expression:
        value = self._command(None)
        while (token := self._peek()) is not None and token.text == "|" and token.kind == "sign":
            self._take()
            value = self._command(value)
        return value

    def _command(self, piped: Expression | None) -> Expression:
        token = self._peek()
        if token is not None and token.kind == "name" and token.text not in _CONSTANTS:
            return self._call(self._take(), piped)
        value = self._operand()
        if value is None:
            self._unexpected("a value")
        if piped is not None:
            fail("only a function can stand behind |", token.at if token else self._length)
        if not self._at_end_of_command():
            self._unexpected("| or }}")
        return value

    def _call(self, token: Token, piped: Expression | None) -> Expression:
        function = FUNCTIONS.get(token.text)
        if function is None:
            fail(f"no function {token.text!r}; there are {', '.join(sorted(FUNCTIONS))}", token.at)
        arguments: list[Expression] = []
        while (argument := self._argument()) is not None:
            arguments.append(argument)
        if not self._at_end_of_command():
            self._unexpected("a value, | or }}")
        if piped is not None:
            arguments.append(piped)
        count = len(arguments)
        if count < function.least or (function.most is not None and count > function.most):
            fail(f"{token.text} does not take {count} values", token.at)
        return Call(token.text, function.call, arguments, token.at)

    def _argument(self) -> Expression | None:
        token = self._peek()
        if token is not None and token.kind == "name" and token.text not in _CONSTANTS:
            fail(f"{token.text!r} as a value needs parentheses", token.at)
        return self._operand()

    def _operand(self) -> Expression | None:
        """A value; None where none comes next."""
        token = self._peek()
        if token is None:
            return None
        if token.kind == "field":
            self._take()
            return self._path(Dot(), token, token.text, of_row=self._moved == 0)
        if token.kind == "variable":
            return self._variable(self._take())
        if token.kind == "sign" and token.text == "(":
            return self._parenthesis(self._take())
        if token.kind == "sign" and token.text == ".":
            self._take()
            return Dot()
        if token.kind in {"string", "number", "name"}:
            return Literal(_literal(self._take()))
        return None

    def _parenthesis(self, opening: Token) -> Expression:
        self._descend(opening)
        value = self._pipeline()
        token = self._peek()
        if token is None or token.text != ")":
            fail("the parenthesis opened here is not closed", opening.at)
        end = self._take().end
        self._depth -= 1
        following = self._peek()
        if following is not None and following.kind == "field" and following.at == end:
            return self._path(value, self._take(), following.text, of_row=False)
        return value

    def _variable(self, token: Token) -> Expression:
        name, _, path = token.text.partition(".")
        if name != "$" and name not in self._variables:
            fail(f"undefined variable {name!r}", token.at)
        variable = Variable(name)
        return self._path(variable, token, path, of_row=name == "$") if path else variable

    def _path(self, of: Expression, token: Token, text: str, *, of_row: bool) -> Path:
        path = Path(of, text.removeprefix(".").split("."), token.at)
        if of_row:
            self.fields.append(path)
        return path

    # Tokens

    def _peek(self) -> Token | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _at_end_of_command(self) -> bool:
        token = self._peek()
        return token is None or token.kind == "close" or token.text in {"|", ")"}

    def _close(self) -> None:
        token = self._peek()
        if token is None or token.kind != "close":
            self._unexpected("}}")
        self._take()

    def _descend(self, token: Token) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            fail("nested too deeply", token.at)

    def _unexpected(self, wanted: str) -> NoReturn:
        token = self._peek()
        if token is None:
            fail(f"{wanted} is missing", self._length)
        fail(f"{wanted} is missing before {token.text!r}", token.at)


def _literal(token: Token) -> object:
    if token.kind == "string":
        return Printable(string_value(token))
    if token.kind == "name":
        return _CONSTANTS[token.text]
    try:
        return int(token.text, 0)
    except ValueError:
        return float(token.text)
