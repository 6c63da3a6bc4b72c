"""Properties of runs: they survive storage unchanged, and no answers drive the interpreter round and round."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.flows.examples import MONDAY_TEN, a_flow, the_facts
from tests.flows.test_run import MAIN
from trunkline.flows.run import Frame, Rated, Run, Visit, advance, begin, run_from_json, run_to_json
from trunkline.flows.steps.step import Tries, UnfitAnswer
from trunkline.flows.talk import Answer, Done, Key, Left, Overflowed, Resumed, Silence, Typed

VALUES = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.booleans(), st.none())
MOMENTS = st.datetimes(timezones=st.just(UTC))
VISITS = st.builds(Visit, st.text(), st.text(), st.text(), MOMENTS, st.none() | st.text())
TRIES = st.builds(Tries, st.integers(0, 9), st.integers(0, 9))
NESTED = st.recursive(
    VALUES, lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3)
)
RUNS = st.builds(
    Run,
    st.text(),
    st.text(),
    st.text(),
    TRIES,
    st.dictionaries(st.text(), NESTED, max_size=5),
    st.lists(VISITS, max_size=5).map(tuple),
    st.lists(st.text()).map(tuple),
    st.none() | st.text(),
    st.lists(st.builds(Frame, st.text(), st.text(), st.text())).map(tuple),
    st.none() | st.builds(Rated, st.text(), st.integers(), st.text()),
)
ANSWERS = st.one_of(
    st.sampled_from([Done(), Silence(), Overflowed(), Left(), Resumed()]),
    st.builds(Key, st.sampled_from("0123456789*#")),
    st.builds(Typed, st.text(max_size=6)),
)


@given(RUNS)
def test_stored_run_comes_back_unchanged(run: Run) -> None:
    assert run_from_json(run_to_json(run)) == run


def test_run_of_an_earlier_version_is_read() -> None:
    old = '{"flow": "main", "version": "1", "step": "a", "tries": [1, 0], "values": {"x": 1}, "path": []}'

    assert run_from_json(old) == Run("main", "1", "a", Tries(no_answer=1), {"x": 1}, ())


def test_rating_of_an_earlier_version_is_read() -> None:
    run = Run("main", "1", "a", Tries(), {}, (), rating=Rated("csat", 4, "survey"))
    old = run_to_json(run).replace('["csat", 4, "survey"]', '["csat", 4]')

    assert run_from_json(old).rating == Rated("csat", 4, "")


@given(st.lists(ANSWERS, max_size=40), MOMENTS)
def test_any_conversation_leaves_a_run_that_can_be_resumed(answers: list[Answer], at: datetime) -> None:
    flow, facts = a_flow(MAIN), the_facts()
    moved = begin(flow, facts, MONDAY_TEN)
    for answer in answers:
        try:
            moved = advance(flow, run_from_json(run_to_json(moved.run)), answer, facts, at)
        except UnfitAnswer:
            continue
        assert not moved.run.step or moved.run.path[-1].step == moved.run.step

    resumed = advance(flow, moved.run, Resumed(), facts, at)

    assert type(resumed.action) is type(moved.action)
