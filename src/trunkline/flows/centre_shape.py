"""The shape of the centre file: what each of its keys may hold, and the centre that it makes."""

import re
from datetime import date, timedelta
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from trunkline.core.capacity import MOST_AT_ONCE, USUAL, Capacity
from trunkline.core.centre import (
    AgentConfig,
    Centre,
    Disposition,
    FollowUp,
    QueueConfig,
    QueueOverflow,
    Reason,
    Role,
    Sticky,
)
from trunkline.core.demand import Membership, Strategy
from trunkline.core.hours import DAY_MINUTES, Dates, EachYear, OpeningHours, Span, no_holidays
from trunkline.core.ids import AgentId, QueueId
from trunkline.core.routing import OVERTAKEN_AT_MOST, POINT
from trunkline.flows.dates import dates_of, day_of
from trunkline.flows.fields import Duration, Language, Name, Rest, duration
from trunkline.flows.holidays import PublicHolidays, region_of
from trunkline.flows.replies import ReplyShape, revision_of

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)
_RING_ALL = 3
"""How many ring at once where a queue says `ring_all` and no number."""
_AtOnce = Annotated[int, Field(ge=0, le=MOST_AT_ONCE)]
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


def _wrap_up(value: object) -> timedelta:
    """Read `60s`, or `0s` where an agent is free as soon as the talk is over; raises ValueError."""
    return timedelta() if value == "0s" else duration(value)


WrapUp = Annotated[timedelta, BeforeValidator(_wrap_up)]


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


Medium = Literal["voice", "video", "chat", "sms", "social", "email"]
Media = Annotated[tuple[Medium, ...], Field(strict=False)]
Level = Annotated[int, Field(ge=1, le=10)]
Points = Annotated[int, Field(ge=1, le=10)]


class _Sticky(BaseModel):
    """Customers who come back are kept a while for the agent they talked to."""

    model_config = _CLOSED

    wait: Duration
    since: Rest = timedelta(days=14)


class _QueueOverflow(BaseModel):
    """Where entries go on to wait."""

    model_config = _CLOSED

    after: Duration
    queue: Name


class _FollowUp(BaseModel):
    """A flow that begins with a customer, in writing, when an agent was done with them."""

    model_config = _CLOSED

    flow: Name
    after: Rest
    by: Literal["same", "sms", "email"] = "same"
    dispositions: tuple[Name, ...] = Field(default=(), strict=False)
    consent: Name | None = None
    at_most_every: Rest | None = None

    def config(self) -> FollowUp:
        """Return it as the rest of the service knows it."""
        return FollowUp(self.flow, self.after, self.by, frozenset(self.dispositions), self.consent, self.at_most_every)


class _Queue(BaseModel):
    """A queue of the centre file; what is changed most often comes first, for so the forms show it."""

    model_config = _CLOSED

    title: str
    ring_for: Duration = timedelta(seconds=20)
    wrap_up: WrapUp = timedelta(seconds=60)
    more_wrap_up: Duration = timedelta(seconds=60)
    music: Name = "default"
    announce_every: Duration | None = None
    whisper: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    auto_answer: bool = False
    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.LONGEST_IDLE
    ring_at_once: Points | None = None
    back_off: Duration | None = None
    sticky: _Sticky | None = None
    overflow: _QueueOverflow | None = None
    hours: Name | None = None
    follow_ups: tuple[_FollowUp, ...] = Field(default=(), strict=False)

    def config(self) -> QueueConfig:
        """Return it as the rest of the service knows it."""
        sticky, overflow = self.sticky, self.overflow
        several = self.ring_at_once or (_RING_ALL if self.strategy is Strategy.RING_ALL else 1)
        return QueueConfig(
            title=self.title, ring_for=self.ring_for, wrap_up=self.wrap_up, music=self.music,
            announce_every=self.announce_every, strategy=self.strategy, ring_at_once=several,
            more_wrap_up=self.more_wrap_up, back_off=self.back_off, hours=self.hours,
            sticky=Sticky(sticky.wait, sticky.since) if sticky else None,
            overflow=QueueOverflow(overflow.after, QueueId(overflow.queue)) if overflow else None,
            whisper=self.whisper, auto_answer=self.auto_answer,
            follow_ups=tuple(each.config() for each in self.follow_ups),
        )  # fmt: skip


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


class _Membership(BaseModel):
    """An agent's place in a queue."""

    model_config = _CLOSED

    rank: Points = 1
    after: Duration | None = None

    def membership(self) -> Membership:
        """Return it as routing knows it."""
        return Membership(self.rank, self.after or timedelta())


def _memberships(value: object) -> object:
    """Read `[sales, support]` and `{sales: 1}` for `{sales: {rank: 1}, …}`."""
    if isinstance(value, list | tuple):
        return {queue: {} for queue in value} if all(isinstance(queue, str) for queue in value) else value
    if isinstance(value, dict):
        return {
            queue: {"rank": place} if isinstance(place, int) and not isinstance(place, bool) else place
            for queue, place in value.items()
        }
    return value


Memberships = Annotated[dict[Name, _Membership], BeforeValidator(_memberships)]
"""The queues that somebody serves."""


class CapacityShape(BaseModel):
    """What an agent takes at once."""

    model_config = _CLOSED

    voice: _AtOnce = 0
    video: _AtOnce = 0
    chat: _AtOnce = 0
    sms: _AtOnce = 0
    social: _AtOnce = 0
    email: _AtOnce = 0
    interrupts: dict[Medium, Media] = Field(default_factory=dict)

    def capacity(self) -> Capacity:
        """Return it as routing knows it."""
        limits = {medium: number for medium in get_args(Medium) if (number := getattr(self, medium))}
        return Capacity(limits, {medium: frozenset(others) for medium, others in self.interrupts.items()})


class _Routing(BaseModel):
    """What holds for all queues."""

    model_config = _CLOSED

    point: Duration = POINT
    overtaken_at_most: Annotated[int, Field(ge=0, le=100)] = OVERTAKEN_AT_MOST


class _Agent(BaseModel):
    """An agent of the centre file."""

    model_config = _CLOSED

    name: str
    queues: Memberships = Field(default_factory=dict)
    role: Annotated[Role, Field(strict=False)] = Role.AGENT
    skills: dict[Name, Level] = Field(default_factory=dict)
    team: Name | None = None
    capacity: Name | None = None
    hours: Name | None = None


class CentreShape(BaseModel):
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
    routing: _Routing = _Routing()
    skills: dict[Name, str] = Field(default_factory=dict)
    teams: dict[Name, str] = Field(default_factory=dict)
    capacity: dict[Name, CapacityShape] = Field(default_factory=dict)
    replies: dict[Name, ReplyShape] = Field(default_factory=dict)
    agents: dict[Annotated[str, AfterValidator(_agent_id)], _Agent] = Field(default_factory=dict)

    def centre(self) -> Centre:
        """Return it as the rest of the service knows it."""
        queues = {QueueId(name): queue.config() for name, queue in self.queues.items()}
        capacities = {name: capacity.capacity() for name, capacity in self.capacity.items()}
        usual = capacities.get("usual", USUAL)
        agents = {
            AgentId(login): AgentConfig(
                agent.name,
                {QueueId(queue): place.membership() for queue, place in agent.queues.items()},
                agent.role,
                skills=agent.skills,
                capacity=capacities.get(agent.capacity, usual) if agent.capacity else usual,
                team=agent.team,
                hours=agent.hours,
            )
            for login, agent in self.agents.items()
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
            skills=self.skills,
            teams=self.teams,
            point=self.routing.point,
            overtaken_at_most=self.routing.overtaken_at_most,
            replies={name: reply.reply(self.language) for name, reply in self.replies.items()},
            replies_revision=revision_of(self.replies, self.language),
        )


class OutlineShape(CentreShape):
    """A centre of which only the routing matters: what a plan holds that names no centre file."""

    name: str = "outline"
    region: Annotated[str, AfterValidator(_region)] = "GB"
    dispositions: tuple[_Coded, ...] = Field(default=(), strict=False)
    reasons: tuple[_Coded, ...] = Field(default=(), strict=False)
