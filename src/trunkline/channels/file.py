"""The channels file: each channel by its name, read with every mistake at once, each with its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trunkline.channels.webchat.wire import is_origin
from trunkline.flows.problem import Problem, Severity, serves
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, read

Line = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class WebChatShape(BaseModel):
    """A web chat: what its window says, and the sites that may have it. Our own pages always may."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["webchat"]
    title: Line = "Chat with us"
    origins: tuple[str, ...] = ()

    @field_validator("origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        if not isinstance(value, list):
            raise ValueError("must be a list of sites such as https://shop.example")  # noqa: TRY004 - pydantic's way
        wrong = [each for each in value if not (isinstance(each, str) and is_origin(each))]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no site: write it as browsers do, such as https://shop.example")
        return tuple(value)


def channels_in(path: Path) -> tuple[Mapping[str, WebChatShape], list[Problem]]:
    """Return the channels of a file by name, and every problem of it; a file that is not there has none of either."""
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [Problem(file, 1, 1, Severity.ERROR, "file", f"cannot be read: {error.strerror or error}")]
    root, problems = read(data, file)
    if root is None:
        return {}, problems
    if not isinstance(root.value, dict):
        message = "a channels file is names and what they are"
        return {}, [*problems, Problem(file, root.line, root.column, Severity.ERROR, "shape", message)]
    found: dict[str, WebChatShape] = {}
    for name, node in root.parts.items():
        shape, wrong = shaped(WebChatShape, node, file, f'channel "{name}": ')
        problems += wrong
        if shape is not None:
            found[str(name)] = shape
    return (found if serves(problems) else {}), sorted(problems)
