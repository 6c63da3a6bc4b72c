"""The grammar between `{` and `}`: names, comparisons, arithmetic, a choice, a short list of functions; nothing else.

Read once, at load, into records that know their places. There is no way from here to a Python object: names lead into
values, and values are what JSON can say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

MOST_CHARACTERS = 500
MOST_DEPTH = 32

ARGUMENTS: Mapping[str, tuple[int, int]] = {
    "contains": (2, 2),
    "date": (1, 1),
    "default": (2, 2),
    "digits": (1, 1),
    "length": (1, 1),
    "lower": (1, 1),
    "max": (2, 8),
    "min": (2, 8),
    "money": (2, 2),
    "number": (1, 1),
    "round": (1, 2),
    "spell": (1, 1),
    "starts": (2, 2),
    "text": (1, 1),
    "time": (1, 1),
    "trim": (1, 1),
    "upper": (1, 1),
}
"""Every function, with the fewest and the most values that it takes."""


class NotAnExpression(ValueError):  # noqa: N818 - our errors say what is wrong
    """The text is none; `at` counts its characters from 0."""

    def __init__(self, what: str, at: int) -> None:
        super().__init__(what)
        self.at = at


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or null."""

    at: int
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A value, or one inside it: `order.status`."""

    at: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`not` or `-` before something."""

    at: int
    sign: str
    of: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two values and a sign between them."""

    at: int
    sign: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Either:
    """`test ? then : otherwise`."""

    at: int
    test: "Expression"
    then: "Expression"
    otherwise: "Expression"


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the list, with its values."""

    at: int
    name: str
    values: tuple["Expression", ...]


Expression = Literal | Name | Unary | Binary | Either | Call

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]{1,15}(?:\.[0-9]{1,10})?)
      | (?P<name>[A-Za-z_](?:[A-Za-z0-9_]|-(?=[A-Za-z]))*)
      | (?P<text>'[^']*'|"[^"]*")
      | (?P<sign>==|!=|<=|>=|[<>+\-*/%?:().,])
      | (?P<end>$)
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_STRENGTH = {"?": 1, "or": 2, "and": 3, "in": 5, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5}
_STRENGTH |= {"+": 6, "-": 6, "*": 7, "/": 7, "%": 7}
_NOT, _COMPARED, _MINUS = 4, 5, 8
_CURES = {"=": "write == to compare", "&": "write and", "|": "write or", "!": "write not"}
_SIGNS_OF_WORDS = frozenset({"and", "or", "not", "in"})


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the text. `sign` is what it is called in the grammar, empty for values."""

    at: int
    kind: str
    text: str

    @property
    def sign(self) -> str:
        """The sign it is, empty when it is none."""
        return self.text if self.kind == "sign" or (self.kind == "name" and self.text in _SIGNS_OF_WORDS) else ""

    def __str__(self) -> str:
        """Return it as a problem shows it."""
        return f'"{self.text}"' if self.text else "the end"


def parse(text: str) -> Expression:
    """Return what a text says; raises NotAnExpression."""
    if len(text) > MOST_CHARACTERS:
        raise NotAnExpression(f"is longer than {MOST_CHARACTERS} characters: make several steps", 0)
    reader = _Reader(list(_tokens(text)))
    found = reader.expression(0, 0)
    reader.expect("", "the end")
    return found


def names(expression: Expression) -> Iterator[Name]:
    """Yield every name that an expression reads."""
    ahead: list[Expression] = [expression]
    while ahead:
        match ahead.pop():
            case Name() as name:
                yield name
            case Unary(_, _, of):
                ahead.append(of)
            case Binary(_, _, left, right):
                ahead += [right, left]
            case Either(_, test, then, otherwise):
                ahead += [otherwise, then, test]
            case Call(_, _, values):
                ahead += reversed(values)


def _tokens(text: str) -> Iterator[_Token]:
    """Cut a text into pieces, the last of them its end."""
    at = 0
    while True:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            odd = text[at]
            if odd in "'\"":
                raise NotAnExpression(f"the text that begins at character {at + 1} has no end: close the quotes", at)
            cure = _CURES.get(odd, "names, numbers, 'texts' and signs such as == are known")
            raise NotAnExpression(f'"{odd}" at character {at + 1} means nothing here: {cure}', at)
        yield _Token(match.start(match.lastgroup), match.lastgroup, match[match.lastgroup])
        if match.lastgroup == "end":
            return
        at = match.end()


class _Reader:
    """Reads one expression by the strength of its signs (Pratt's way)."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _taken(self) -> _Token:
        token = self._token
        self._next += 1
        return token

    def expect(self, sign: str, called: str = "") -> None:
        """Go past a sign (the end, for none); raises NotAnExpression when something else is there."""
        token = self._token
        if token.text != sign or token.kind not in {"sign", "end"}:
            raise NotAnExpression(
                f"{token} at character {token.at + 1} is not expected: {called or sign} should be there", token.at
            )
        if sign:
            self._next += 1

    def expression(self, strength: int, depth: int) -> Expression:
        """Return what binds more strongly than `strength`."""
        if depth > MOST_DEPTH:
            raise NotAnExpression(f"is nested more than {MOST_DEPTH} deep: make several steps", self._token.at)
        left = self._first(depth)
        height = 0
        while _STRENGTH.get(self._token.sign, 0) > strength:
            height += 1
            if depth + height > MOST_DEPTH:
                raise NotAnExpression(f"has more than {MOST_DEPTH} parts in a row: make several steps", self._token.at)
            left = self._longer(left, depth)
        return left

    def _longer(self, left: Expression, depth: int) -> Expression:
        """Return `left` with the sign after it and what follows that."""
        token = self._taken()
        own = _STRENGTH[token.sign]
        if token.sign == "?":
            then = self.expression(0, depth + 1)
            self.expect(":", '":" and what to take otherwise')
            return Either(token.at, left, then, self.expression(0, depth + 1))
        right = self.expression(own, depth + 1)
        if own == _COMPARED and _STRENGTH.get(self._token.sign) == _COMPARED:
            raise NotAnExpression(f"{self._token} compares a comparison: write and between two", self._token.at)
        return Binary(token.at, token.sign, left, right)

    def _first(self, depth: int) -> Expression:
        """Return a value, or what a sign before it makes of it."""
        token = self._taken()
        if token.sign in {"not", "-"}:
            return Unary(token.at, token.sign, self.expression(_NOT if token.sign == "not" else _MINUS, depth + 1))
        if token.sign == "(":
            inside = self.expression(0, depth + 1)
            self.expect(")")
            return inside
        if token.sign or token.kind == "end":
            self._next -= 1
            raise NotAnExpression(f"{token} at character {token.at + 1} is not expected: a value should be there", 0)
        if token.kind == "number":
            return Literal(token.at, float(token.text) if "." in token.text else int(token.text))
        if token.kind == "text":
            return Literal(token.at, token.text[1:-1])
        if token.text in _WORDS:
            return Literal(token.at, _WORDS[token.text])
        return self._call(token, depth) if self._token.text == "(" else self._name(token)

    def _name(self, token: _Token) -> Name:
        """Return a name with its dots."""
        path = [token.text]
        while self._token.text == "." and self._token.kind == "sign":
            self._next += 1
            part = self._taken()
            if part.kind != "name":
                raise NotAnExpression(f"{part} at character {part.at + 1} is not a name: one follows a dot", part.at)
            path.append(part.text)
        if private := next((part for part in path if part.startswith("__")), None):
            raise NotAnExpression(f'"{private}" cannot be a name: none begins with __', token.at)
        return Name(token.at, tuple(path))

    def _call(self, token: _Token, depth: int) -> Call:
        """Return a function with its values."""
        if token.text not in ARGUMENTS:
            known = ", ".join(sorted(ARGUMENTS))
            raise NotAnExpression(f"there is no function {token.text}: there are {known}", token.at)
        values: list[Expression] = []
        self.expect("(")
        while self._token.text != ")" or self._token.kind != "sign":
            if values:
                self.expect(",", '"," or ")"')
            values.append(self.expression(0, depth + 1))
        self.expect(")")
        least, most = ARGUMENTS[token.text]
        if not least <= len(values) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            raise NotAnExpression(
                f"{token.text} takes {wanted} value{'' if wanted == '1' else 's'}, not {len(values)}", token.at
            )
        return Call(token.at, token.text, tuple(values))
