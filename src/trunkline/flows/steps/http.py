"""`http`: ask a web service, and go where its answer leads."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import quote

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from trunkline.flows.evaluate import ValueFault, evaluate
from trunkline.flows.fields import Duration, Name
from trunkline.flows.functions import LARGEST, text_of
from trunkline.flows.steps.step import Go, Loc, Scene, Step, Turn, UnfitAnswer, Way
from trunkline.flows.talk import Answer, Fetch, Fetched, FetchFailed, Value
from trunkline.flows.template import Given, Template

MOST_KEPT = 64_000
MOST_DEPTH = 12
MOST_WAIT = timedelta(seconds=10)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?].*)?", re.DOTALL)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
GOOD, MISSING = range(200, 300), (404, 410)


def _address(template: Template) -> Template:
    """Accept an address whose host stands there as it is."""
    first = template.parts[0] if isinstance(template.parts[0], str) else ""
    whole = template.plain is not None
    if not _ADDRESS.fullmatch(first) or not (whole or re.match(r"https?://[^/?]+[/?]", first)):
        raise ValueError(
            "must begin with https:// and a host without {…}, such as https://shop.example/orders/{order_no}"
        )
    if " " in "".join(part for part in template.parts if isinstance(part, str)):
        raise ValueError("an address has no spaces: write %20")
    return template


def _patience(length: timedelta) -> timedelta:
    """Accept up to ten seconds."""
    if length > MOST_WAIT:
        raise ValueError("nobody waits in silence for more than 10s")
    return length


def _header(name: str) -> str:
    """Accept a header's name."""
    if not _HEADER.fullmatch(name):
        raise ValueError(f'"{name}" cannot be a header: use letters, digits and -')
    return name


Address = Annotated[Template, AfterValidator(_address)]


class Request(BaseModel):
    """What is asked: `get` or `post`, not both."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    get: Address | None = None
    post: Address | None = None
    headers: dict[Annotated[str, AfterValidator(_header)], Template] = Field(default_factory=dict)
    body: dict[str, Given] | None = None
    timeout: Annotated[Duration, AfterValidator(_patience)] = timedelta(seconds=5)

    @model_validator(mode="after")
    def _asks_once(self) -> "Request":
        """Refuse both, none, and a body that would not be sent."""
        if (self.get is None) == (self.post is None):
            raise ValueError("give either get or post")
        if self.get is not None and self.body is not None:
            raise ValueError("get sends no body: write post")
        return self

    @property
    def address(self) -> Template:
        """Where it goes."""
        return self.get or self.post or Template.of("-")


class HttpStep(Step):
    """Ask a web service. A page (2xx) is found, 404 and 410 are missing, all else has failed."""

    kind: ClassVar[str] = "http"

    http: Request
    save: Name | None = None
    found: Name
    missing: Name
    failed: Name

    def enter(self, scene: Scene) -> Turn:
        """Ask; without one of its values the question makes no sense, and has failed."""
        try:
            url = _filled_address(self.http.address, scene)
            headers = {name: _one_line(text_of(value.value(scene.known))) for name, value in self.http.headers.items()}
        except ValueFault as fault:
            scene.faults.append(str(fault))
            return Go(self.failed)
        body: Mapping[str, Value] | None = None
        if self.http.body is not None:
            body = {k: scene.value(v) if isinstance(v, Template) else v for k, v in self.http.body.items()}
        return Fetch("GET" if self.http.get else "POST", url, headers, body, self.http.timeout)

    def answered(self, scene: Scene, answer: Answer) -> Turn:
        """Go by the answer's status."""
        match answer:
            case Fetched(status, body) if status in GOOD:
                if not storable(body):
                    scene.faults.append("a web service answered with more than a flow can keep")
                    return Go(self.failed)
                return Go(self.found, save={self.save: body} if self.save else {})
            case Fetched(status) if status in MISSING:
                return Go(self.missing)
            case Fetched() | FetchFailed():
                return Go(self.failed)
            case _:
                raise UnfitAnswer("a step of kind http", answer)

    def ways(self) -> Sequence[Way]:
        """List the three ways."""
        return [
            Way(getattr(self, key), (key,), f"{key} goes to", by_itself=True) for key in ("found", "missing", "failed")
        ]

    def saves(self) -> Sequence[str]:
        """List the name."""
        return (self.save,) if self.save else ()

    def templates(self) -> Sequence[tuple[Loc, Template]]:
        """List the address, the headers and the body."""
        ask = self.http
        own: list[tuple[Loc, object]] = [(("http", "get" if ask.get else "post"), ask.address)]
        own += [(("http", "headers", name), value) for name, value in ask.headers.items()]
        own += [(("http", "body", name), value) for name, value in (ask.body or {}).items()]
        return [(loc, value) for loc, value in own if isinstance(value, Template)]


def _filled_address(template: Template, scene: Scene) -> str:
    """Return the address, every value in it quoted whole; raises ValueFault for one that is not there."""
    said = []
    for part in template.parts:
        if isinstance(part, str):
            said.append(part)
            continue
        text = text_of(evaluate(part, scene.known))
        if not text or text.strip(".") == "":
            raise ValueFault("a value of an address is not known")
        said.append(quote(text, safe=""))
    return "".join(said)


def _one_line(text: str) -> str:
    """Return what can be a header's value; raises ValueFault."""
    if not text.isprintable():
        raise ValueFault("a value of a header holds a control character")
    return text


def storable(body: Value) -> bool:
    """Say whether a run can keep a value: not too long, not too deep, no number out of bounds."""
    ahead: list[tuple[Value, int]] = [(body, 0)]
    while ahead:
        value, depth = ahead.pop()
        if depth > MOST_DEPTH or (isinstance(value, int | float) and not abs(value) <= LARGEST):
            return False
        if isinstance(value, Mapping):
            ahead += [(inside, depth + 1) for inside in value.values()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            ahead += [(inside, depth + 1) for inside in value]
    return len(json.dumps(body)) <= MOST_KEPT
