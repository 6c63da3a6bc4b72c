"""The centre file into the centre: queues, calendars, agents, outcomes, with every mistake at its line."""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from trunkline.core.centre import AgentConfig, Centre, Disposition, QueueConfig, Reason, Role
from trunkline.core.hours import DAY_MINUTES, Dates, EachYear, OpeningHours, Span, no_holidays
from trunkline.core.ids import AgentId, QueueId
from trunkline.flows.dates import dates_of, day_of
from trunkline.flows.fields import Duration, Language, Name
from trunkline.flows.holidays import PublicHolidays, region_of
from trunkline.flows.problem import Guesser, Problem, Severity
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)
_SPAN = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")


def _zone(name: str) -> str:
    """Accept a time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{name}" is not a time zone: write for example Europe/London') from None
    return name


def _day_names(text: str) -> str:
    """Accept `mon`, `mon-fri`, `mon,wed` and mixtures."""
    days_of(text)
    return text


def _span(text: str) -> str:
    """Accept `09:00-17:30`."""
    span_of(text)
    return text


def _special_day(text: str) -> str:
    """Accept `2026-12-24` and `12-24`."""
    day_of(text)
    return text


def _region(text: str) -> str:
    """Accept two capital letters."""
    if not re.fullmatch("[A-Z]{2}", text):
        raise ValueError(f'"{text}" is not a country: write two letters such as GB')
    return text


def _agent_id(text: str) -> str:
    """Accept what can be a log-in name and a SIP account."""
    if not re.fullmatch(r"[a-z][a-z0-9_.]{0,31}", text):
        raise ValueError(f'"{text}" cannot be a log-in name: use lower-case letters, digits, . and _')
    return text


def _listed(value: object) -> object:
    """Read one for a list of one."""
    return [value] if isinstance(value, str) else value


def days_of(text: str) -> list[int]:
    """Return the weekdays (0 is Monday) that `mon-fri` or `sat,sun` names; raises ValueError."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if first not in DAYS or last not in DAYS:
            raise ValueError(f'"{text}" is not a day: write mon, tue, wed, thu, fri, sat, sun, or mon-fri')
        begin, end = DAYS.index(first), DAYS.index(last)
        found += [day % 7 for day in range(begin, (end if end >= begin else end + 7) + 1)]
    return found


def span_of(text: str) -> Span:
    """Return the opening that `09:00-17:30` names; one that ends before it begins ends on the next day.

    Raises ValueError.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is not an opening: write 09:00-17:30')
    opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or opens == closes:
        raise ValueError(f'"{text}" is not an opening: a day goes from 00:00 to 24:00')
    return Span(opens, closes if closes > opens else closes + DAY_MINUTES)


class _Queue(BaseModel):
    """A queue of the centre file."""

    model_config = _CLOSED

    title: str
    ring_for: Duration = timedelta(seconds=20)
    wrap_up: Duration = timedelta(seconds=60)
    music: Name = "default"
    announce_every: Duration | None = None


_Openings = Annotated[
    tuple[Annotated[str, AfterValidator(_span)], ...], BeforeValidator(_listed), Field(min_length=1, strict=False)
]


class _Hours(BaseModel):
    """A calendar of the centre file."""

    model_config = _CLOSED

    zone: Annotated[str, AfterValidator(_zone)]
    open: dict[Annotated[str, AfterValidator(_day_names)], _Openings]
    closed: tuple[Annotated[date | Dates | EachYear, PlainValidator(dates_of)], ...] = Field(default=(), strict=False)
    special: dict[Annotated[str, AfterValidator(_special_day)], _Openings] = Field(default_factory=dict)
    holidays: Annotated[
        tuple[Annotated[str, AfterValidator(region_of)], ...], BeforeValidator(_listed), Field(strict=False)
    ] = ()

    def calendar(self) -> OpeningHours:
        """Return it as it is asked."""
        week: dict[int, tuple[Span, ...]] = {}
        for names, spans in self.open.items():
            for day in days_of(names):
                week[day] = (*week.get(day, ()), *(span_of(span) for span in spans))
        return OpeningHours(
            ZoneInfo(self.zone),
            week,
            frozenset(day for day in self.closed if isinstance(day, date)),
            tuple(stretch for stretch in self.closed if not isinstance(stretch, date)),
            {day_of(day): tuple(map(span_of, spans)) for day, spans in self.special.items()},
            PublicHolidays(self.holidays) if self.holidays else no_holidays,
        )


class _Coded(BaseModel):
    """A disposition or a reason."""

    model_config = _CLOSED

    code: Name
    title: str


class _Agent(BaseModel):
    """An agent of the centre file."""

    model_config = _CLOSED

    name: str
    queues: tuple[Name, ...] = Field(default=(), strict=False)
    role: Annotated[Role, Field(strict=False)] = Role.AGENT


class _Centre(BaseModel):
    """The centre file."""

    model_config = _CLOSED

    name: str
    region: Annotated[str, AfterValidator(_region)]
    language: Language = "en-GB"
    queues: Annotated[dict[Name, _Queue], Field(min_length=1)]
    fallback_queue: Name | None = None
    hours: dict[Name, _Hours] = Field(default_factory=dict)
    dispositions: Annotated[tuple[_Coded, ...], Field(min_length=1, strict=False)]
    reasons: Annotated[tuple[_Coded, ...], Field(min_length=1, strict=False)]
    agents: dict[Annotated[str, AfterValidator(_agent_id)], _Agent] = Field(default_factory=dict)

    def centre(self) -> Centre:
        """Return it as the rest of the service knows it."""
        queues: Mapping[QueueId, QueueConfig] = {
            QueueId(name): QueueConfig(q.title, q.ring_for, q.wrap_up, q.music, q.announce_every)
            for name, q in self.queues.items()
        }
        agents = {
            AgentId(login): AgentConfig(a.name, frozenset(QueueId(queue) for queue in a.queues), a.role)
            for login, a in self.agents.items()
        }
        return Centre(
            name=self.name,
            region=self.region,
            language=self.language,
            queues=queues,
            hours={name: hours.calendar() for name, hours in self.hours.items()},
            dispositions=tuple(Disposition(d.code, d.title) for d in self.dispositions),
            reasons=tuple(Reason(r.code, r.title) for r in self.reasons),
            agents=agents,
            fallback_queue=QueueId(self.fallback_queue) if self.fallback_queue is not None else None,
        )


def load_centre(path: Path) -> tuple[Centre | None, list[Problem]]:
    """Return the centre of a file, or None with every problem that it has."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        return None, [Problem(str(path), 1, 1, Severity.ERROR, "file", message)]
    return centre_of(data, str(path))


def centre_of(data: bytes, file: str) -> tuple[Centre | None, list[Problem]]:
    """Return the centre of a file's bytes, or None with every problem; never raises."""
    root, problems = read(data, file)
    if root is None:
        return None, problems
    if not isinstance(root.value, dict):
        message = "a centre file is keys and values"
        return None, [*problems, Problem(file, root.line, root.column, Severity.ERROR, "shape", message)]
    shape, found = shaped(_Centre, root, file)
    problems += found
    if shape is not None:
        problems += _unknown_queues(shape, root, file) + _codes_twice(shape, root, file)
    return (None, sorted(problems)) if problems or shape is None else (shape.centre(), [])


def _unknown_queues(shape: _Centre, root: Node, file: str) -> list[Problem]:
    """Find queues that are named and not there."""
    guesser = Guesser(shape.queues)
    found = []
    if shape.fallback_queue is not None and shape.fallback_queue not in shape.queues:
        node, _ = root.reach(("fallback_queue",))
        message = f'fallback_queue: there is no queue "{shape.fallback_queue}"'
        hint = guesser.hint(shape.fallback_queue)
        found.append(Problem(file, node.line, node.column, Severity.ERROR, "no-queue", message, hint))
    for login, agent in shape.agents.items():
        for at, queue in enumerate(agent.queues):
            if queue not in shape.queues:
                node, _ = root.reach(("agents", login, "queues", at))
                message = f'agent "{login}": there is no queue "{queue}"'
                hint = guesser.hint(queue)
                found.append(Problem(file, node.line, node.column, Severity.ERROR, "no-queue", message, hint))
    return found


def _codes_twice(shape: _Centre, root: Node, file: str) -> list[Problem]:
    """Find dispositions and reasons that share a code."""
    found = []
    for key, listed in (("dispositions", shape.dispositions), ("reasons", shape.reasons)):
        seen: set[str] = set()
        for at, coded in enumerate(listed):
            if coded.code in seen:
                node, _ = root.reach((key, at, "code"))
                message = f'{key}: the code "{coded.code}" is here twice'
                found.append(Problem(file, node.line, node.column, Severity.ERROR, "duplicate", message))
            seen.add(coded.code)
    return found
