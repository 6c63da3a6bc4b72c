"""A text of a flow, with values in it: `Your order is {order.status}.`, read once and filled in for each caller."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Discriminator, Field, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema, core_schema

from trunkline.flows.evaluate import Known, ValueFault, evaluate, filled_in
from trunkline.flows.expression import Expression, NotAnExpression, parse
from trunkline.flows.talk import Value

MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Template:
    """A text in its parts: what stands there, and expressions. `{{` and `}}` are braces that are meant."""

    source: str
    parts: tuple[str | Expression, ...]

    @classmethod
    def of(cls, text: str) -> "Template":
        """Read a text; raises ValueError for one that nobody could say, or with braces that mean nothing."""
        if not text.strip():
            raise ValueError("the text is empty: write what is to be said")
        if len(text) > MOST_CHARACTERS:
            raise ValueError(
                f"the text is longer than {MOST_CHARACTERS} characters: nobody listens that long; make several steps"
            )
        if any(ord(character) < 32 and character not in "\n\t" for character in text):
            raise ValueError("the text holds a control character: remove it")
        source = " ".join(text.split())
        return cls(source, tuple(parts_of(source)))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read it from text, wherever a record of a flow file has one."""
        del source, handler
        return core_schema.no_info_after_validator_function(cls.of, core_schema.str_schema(strict=True))

    def __str__(self) -> str:
        """Return it as it was written."""
        return self.source

    @property
    def plain(self) -> str | None:
        """The text, when there are no values in it."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], str) else None

    def expressions(self) -> Iterator[Expression]:
        """Yield the expressions in it."""
        return (part for part in self.parts if not isinstance(part, str))

    def filled(self, known: Known, faults: list[str]) -> str:
        """Return the text for one caller; a value that cannot be had is left out, and `faults` learns why."""
        said = []
        for part in self.parts:
            if isinstance(part, str):
                said.append(part)
                continue
            try:
                said.append(filled_in(part, known))
            except ValueFault as fault:
                faults.append(str(fault))
        return "".join(said)[: 2 * MOST_CHARACTERS]

    def value(self, known: Known) -> Value:
        """Return the value of a text that is one expression and nothing else, else the filled text; raises ValueFault.

        Numbers stay numbers, and what is not known is None.
        """
        if len(self.parts) == 1 and not isinstance(self.parts[0], str):
            return evaluate(self.parts[0], known)
        faults: list[str] = []
        text = self.filled(known, faults)
        if faults:
            raise ValueFault(faults[0])
        return text


def parts_of(text: str) -> Iterator[str | Expression]:
    """Cut a text at its braces; raises ValueError."""
    plain: list[str] = []
    at = 0
    while at < len(text):
        two = text[at : at + 2]
        if two in {"{{", "}}"}:
            plain.append(two[0])
            at += 2
        elif text[at] == "}":
            raise ValueError(f'"}}" at character {at + 1} closes nothing: write }}}} for a brace that is meant')
        elif text[at] == "{":
            end = _end_of(text, at + 1)
            if plain:
                yield "".join(plain)
                plain = []
            yield expression_of(text[at + 1 : end])
            at = end + 1
        else:
            plain.append(text[at])
            at += 1
    if plain:
        yield "".join(plain)


def _end_of(text: str, at: int) -> int:
    """Return where the brace closes that opened before `at`, past texts in quotes."""
    quote = ""
    for place in range(at, len(text)):
        character = text[place]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == "}":
            return place
    raise ValueError(f'"{{" at character {at} is never closed: write {{{{ for a brace that is meant')


def expression_of(text: str) -> Expression:
    """Read an expression, with or without braces around it; raises ValueError that shows it."""
    inside = text.strip()
    if inside.startswith("{") and inside.endswith("}"):
        inside = inside[1:-1].strip()
    if not inside:
        raise ValueError("{} holds nothing: write a name such as {order.status}")
    try:
        return parse(inside)
    except NotAnExpression as error:
        shown = inside if len(inside) <= _SHOWN else f"{inside[:_SHOWN]}…"
        raise ValueError(f"{{{shown}}}: {error}") from None


_SHOWN = 80


class Condition(Template):
    """A text that is one expression, with or without braces."""

    __slots__ = ()

    @classmethod
    def of(cls, text: str) -> "Condition":
        """Read it; raises ValueError."""
        return cls(text, (expression_of(text),))

    @property
    def expression(self) -> Expression:
        """The expression."""
        return next(self.expressions())


def _kind(value: object) -> str:
    """Say which of the kinds below a value is written as, so that a mistake is told once."""
    return "text" if isinstance(value, str) else "truth" if isinstance(value, bool) else "number"


Given = Annotated[
    Annotated[Template, Tag("text")] | Annotated[bool, Tag("truth")] | Annotated[int | float, Tag("number")],
    Discriminator(_kind),
]
"""A text with values in it, a number, true or false."""
Priority = Annotated[
    Annotated[Condition, Tag("text")] | Annotated[Annotated[int, Field(ge=0, le=100)], Tag("number")],
    Discriminator(lambda value: "text" if isinstance(value, str) else "number"),
]
"""A whole number from 0 to 100, or an expression."""
