"""The shape of a plan file: what each of its keys may hold, and what of a plan it makes."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from trunkline.core.demand import Relaxed
from trunkline.core.hours import DAY_MINUTES
from trunkline.core.ids import QueueId
from trunkline.flows.centre_shape import CapacityShape, Level, Medium, Memberships, span_of
from trunkline.flows.fields import Duration, Name
from trunkline.flows.steps.queue import Levels, Relax
from trunkline.planning.distributions import (
    Empirical,
    Exponential,
    Fixed,
    Gamma,
    Length,
    Lognormal,
    Uniform,
    erlang,
)
from trunkline.planning.plan import AT_ONCE, Answering, Arrivals, Stretch

_CLOSED = ConfigDict(frozen=True, extra="forbid", strict=True)
_TIME = re.compile(r"([0-3]?[0-9]|4[0-7]):([0-5][0-9])(:[0-5][0-9])?|48:00")
_TAKES: Mapping[str, tuple[str, ...]] = {
    "fixed": ("mean",),
    "exponential": ("mean",),
    "lognormal": ("mean", "spread"),
    "gamma": ("mean", "spread"),
    "erlang": ("mean", "stages"),
    "uniform": ("least", "most"),
    "empirical": ("seen",),
}


def time_of_day(value: object) -> float:
    """Read `09:30` as seconds since midnight; `26:00` is two o'clock on the next day. Raises ValueError."""
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise ValueError("is not a time of day: write 09:30; 26:00 is two o'clock on the next day")
    hours, minutes, *seconds = map(int, value.split(":"))
    return hours * 3600.0 + minutes * 60.0 + sum(seconds)


def _span(text: str) -> str:
    """Accept `09:00-17:30`."""
    span_of(text)
    return text


def _listed(value: object) -> object:
    """Read one for a list of one."""
    return [value] if isinstance(value, str | int | float) else value


def _length(value: object) -> object:
    """Read `4m` for `{like: fixed, mean: 4m}`."""
    return {"like": "fixed", "mean": value} if isinstance(value, str) else value


TimeOfDay = Annotated[float, BeforeValidator(time_of_day)]
Spans = Annotated[
    tuple[Annotated[str, AfterValidator(_span)], ...], BeforeValidator(_listed), Field(min_length=1, strict=False)
]


class LengthShape(BaseModel):
    """A random length of time: `{mean: 4m, like: lognormal, spread: 0.6}`."""

    model_config = _CLOSED

    like: Literal["fixed", "exponential", "lognormal", "gamma", "erlang", "uniform", "empirical"] = "exponential"
    mean: Duration | None = None
    spread: Annotated[float, Field(ge=0.01, le=10)] | None = None
    stages: Annotated[int, Field(ge=1, le=1000)] | None = None
    least: Duration | None = None
    most: Duration | None = None
    seen: Annotated[tuple[Duration, ...], Field(min_length=1, strict=False)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        takes = set(_TAKES[self.like])
        given = {key for key in type(self).model_fields if key != "like" and getattr(self, key) is not None}
        if missing := sorted(takes - given):
            raise ValueError(f'"like: {self.like}" needs {" and ".join(missing)} beside it')
        if strangers := sorted(given - takes):
            raise ValueError(f'"like: {self.like}" takes no {" and no ".join(strangers)}')
        if self.least is not None and self.most is not None and self.least >= self.most:
            raise ValueError("least must be less than most")
        return self

    def length(self) -> Length:
        """Return it as the simulation knows it."""
        makers: Mapping[str, Callable[..., Length]] = {
            "fixed": Fixed, "exponential": Exponential, "lognormal": Lognormal, "gamma": Gamma, "erlang": erlang,
            "uniform": Uniform, "empirical": Empirical,
        }  # fmt: skip
        return makers[self.like](*(_plain(getattr(self, key)) for key in _TAKES[self.like]))


def _plain(value: Any) -> Any:
    """Return a length of time in seconds, a list of them too, and anything else as it is."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    return tuple(map(_plain, value)) if isinstance(value, tuple) else value


Lengths = Annotated[LengthShape, BeforeValidator(_length)]


class ArrivalsShape(BaseModel):
    """Contacts of one kind: `contacts` in each interval of `each`, or `per_hour` until a time, or `at` these times."""

    model_config = _CLOSED

    queue: Name
    start: TimeOfDay = Field(alias="from", default=0.0)
    each: Duration | None = None
    contacts: Annotated[
        tuple[Annotated[float, Field(ge=0, le=1e6)], ...], BeforeValidator(_listed), Field(min_length=1, strict=False)
    ] | None = None  # fmt: skip
    per_hour: Annotated[float, Field(ge=0, le=1e6)] | None = None
    until: TimeOfDay | None = None
    at: Annotated[tuple[TimeOfDay, ...], BeforeValidator(_listed), Field(min_length=1, strict=False)] | None = None
    handling: Lengths
    wrap_up: Lengths | None = None
    patience: Lengths | None = None
    medium: Medium = "voice"
    priority: Annotated[int, Field(ge=0, le=100)] = 0
    skills: Levels = Field(default_factory=dict)
    prefer: tuple[Name, ...] = Field(default=(), strict=False)
    relax: tuple[Relax, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = ((self.each, self.contacts), (self.per_hour, self.until), (self.at,))
        whole = [all(value is not None for value in way) for way in ways]
        begun = [any(value is not None for value in way) for way in ways]
        if sum(whole) != 1 or whole != begun:
            raise ValueError("say how many come: either each and contacts, or per_hour and until, or at")
        if self.until is not None and self.until <= self.start:
            raise ValueError("until must be later than from")
        return self

    def arrivals(self) -> Arrivals:
        """Return it as the simulation knows it."""
        stages = sorted(self.relax, key=lambda stage: stage.after)
        return Arrivals(
            QueueId(self.queue), self._stretches(), self.handling.length(),
            self.wrap_up.length() if self.wrap_up else AT_ONCE,
            self.patience.length() if self.patience else None,
            self.medium, self.priority, frozenset(self.skills.items()), frozenset(self.prefer),
            tuple(Relaxed(stage.after, frozenset(stage.skills.items())) for stage in stages),
            tuple(sorted(self.at or ())),
        )  # fmt: skip

    def _stretches(self) -> tuple[Stretch, ...]:
        if self.each is not None and self.contacts is not None:
            each = self.each.total_seconds()
            return tuple(
                Stretch(self.start + at * each, self.start + (at + 1) * each, contacts)
                for at, contacts in enumerate(self.contacts)
            )
        if self.until is not None and self.per_hour is not None:
            return (Stretch(self.start, self.until, self.per_hour * (self.until - self.start) / 3600),)
        return ()


class CrewShape(BaseModel):
    """Some agents of one kind, or agents of the centre file by their names; without a shift they are always there."""

    model_config = _CLOSED

    agents: Annotated[int, Field(ge=1, le=100_000)] | None = None
    named: Annotated[tuple[str, ...], Field(min_length=1, strict=False)] | None = None
    queues: Memberships = Field(default_factory=dict)
    skills: dict[Name, Level] = Field(default_factory=dict)
    capacity: CapacityShape | None = None
    shift: Spans | None = None
    breaks: Spans | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.agents is None) == (self.named is None):
            raise ValueError('say either how many, as "agents: 40", or who, as "named: [ana, ben]"')
        if self.named is not None and (self.queues or self.skills or self.capacity):
            raise ValueError("who is named brings queues, skills and capacity from the centre file: leave them out")
        if self.agents is not None and not self.queues:
            raise ValueError("agents without queues serve nobody: name their queues")
        if self.breaks and not self.shift:
            raise ValueError("breaks are parts of a shift: write the shift too")
        return self

    def times(self) -> tuple[tuple[float, float], ...]:
        """Return the stretches of the shift between the breaks, in seconds since midnight."""
        stretches: list[tuple[float, float]] = []
        pauses = [span_of(text) for text in self.breaks or ()]
        for span in (span_of(text) for text in self.shift or ()):
            begin = float(span.opens)
            # In a night shift, a break at one o'clock is one on the next day.
            moved = sorted(
                (at, at + pause.closes - pause.opens)
                for pause in pauses
                for at in (pause.opens + (DAY_MINUTES if pause.opens < span.opens else 0),)
            )
            for start, end in moved:
                if begin < start < span.closes:
                    stretches.append((begin * 60, start * 60.0))
                if start < span.closes:
                    begin = max(begin, float(end))
            if begin < span.closes:
                stretches.append((begin * 60, span.closes * 60.0))
        return tuple(stretches)


class AnsweringShape(BaseModel):
    """How agents take what they are offered."""

    model_config = _CLOSED

    rings: Lengths | None = None
    missed: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    back_after: Lengths | None = None

    def answering(self) -> Answering:
        """Return it as the simulation knows it."""
        usual = Answering()
        return Answering(
            self.rings.length() if self.rings else usual.rings,
            self.missed,
            self.back_after.length() if self.back_after else usual.back_after,
        )


class PlanShape(BaseModel):
    """The plan file. `centre` is a file, or what matters of one."""

    model_config = _CLOSED

    plan: str = "plan"
    centre: Any
    arrivals: Annotated[tuple[ArrivalsShape, ...], Field(min_length=1, strict=False)]
    staff: Annotated[tuple[CrewShape, ...], Field(min_length=1, strict=False)]
    answering: AnsweringShape = AnsweringShape()
    within: Duration = timedelta(seconds=20)
    count_from: TimeOfDay = 0.0
    seed: Annotated[int, Field(ge=0)] = 1
    replications: Annotated[int, Field(ge=1, le=10_000)] = 10
