"""One timer for every deadline: each comes at its time, whatever else was planned and given up meanwhile."""

from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import an_interaction, later
from tests.fakes.fake_clock import FakeClock
from trunkline.core.ids import InteractionId
from trunkline.core.interaction import Interaction, Stage
from trunkline.floor.deadlines import Deadlines
from trunkline.floor.state import Floor, Moved


class World:
    """A floor of nothing but interactions, and the deadlines that came."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.interactions: dict[InteractionId, Interaction] = {}
        self.came: list[tuple[InteractionId, datetime]] = []
        floor = SimpleNamespace(clock=self.clock, interactions=self.interactions, watchers=[])
        self.deadlines = Deadlines(
            cast("Floor", floor), waited_enough=self.due, ring_out=self.due, end_wrap_up=self.due, call_back=self.due
        )

    def due(self, id_: InteractionId) -> None:
        self.came.append((id_, self.clock.now()))

    def ends(self, interaction: Interaction, at_s: float | None) -> None:
        """Have an interaction's wrap-up end then, or have it end at once."""
        if at_s is None:
            self.interactions.pop(interaction.id, None)
        else:
            interaction = replace(interaction, wrap_up_until=later(at_s))
            self.interactions[interaction.id] = interaction
        self.deadlines.follow(Moved([(None, interaction)]))


WRAPPING_UP = [an_interaction(Stage.WRAP_UP) for _ in range(4)]


@given(
    st.lists(
        st.one_of(
            st.tuples(st.integers(0, 3), st.none() | st.integers(1, 40)),
            st.tuples(st.just("on"), st.integers(1, 15)),
        ),
        max_size=60,
    )
)
def test_each_comes_once_at_its_time_unless_it_is_given_up(story: list[tuple[int | str, int | None]]) -> None:
    world, now = World(), 0.0
    planned: dict[int, float] = {}
    wanted: list[tuple[InteractionId, datetime]] = []

    def on_to(until: float) -> None:
        nonlocal now
        passed = sorted((at, each) for each, at in planned.items() if at <= until)
        wanted.extend((WRAPPING_UP[each].id, later(max(at, now))) for at, each in passed)
        for _, each in passed:
            del planned[each]
        world.clock.forward(until - now)
        now = until

    for what, seconds in story:
        if isinstance(what, str):
            on_to(now + (seconds or 0))
            continue
        world.ends(WRAPPING_UP[what], None if seconds is None else now + seconds)
        planned.pop(what, None)
        if seconds is not None:
            planned[what] = now + seconds
    on_to(now + 100)

    assert sorted(world.came) == sorted(wanted)
    assert [at for _, at in world.came] == sorted(at for _, at in world.came)


def test_what_was_given_up_is_not_kept() -> None:
    world = World()

    for number in range(5_000):
        world.ends(WRAPPING_UP[number % 4], 1_000 + number)
    world.ends(WRAPPING_UP[0], None)

    assert len(world.deadlines._order) < 600


def test_one_that_cannot_be_kept_takes_no_other_along(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    broken, fine = WRAPPING_UP[:2]
    due = world.due

    def fails(id_: InteractionId) -> None:
        if id_ == broken.id:
            raise RuntimeError("no")
        due(id_)

    world.deadlines._due[Stage.WRAP_UP] = fails
    world.ends(broken, 10)
    world.ends(fine, 10)
    world.clock.forward(20)

    assert [id_ for id_, _ in world.came] == [fine.id]
    assert "a deadline was not kept" in caplog.text
