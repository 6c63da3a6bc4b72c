"""What `check` lets pass, a caller who does nothing always gets out of; what it calls endless, some never would."""

from datetime import datetime

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.flows.examples import MONDAY_NIGHT, MONDAY_TEN, a_centre, the_facts
from trunkline.flows.check import check_drafts
from trunkline.flows.graph import circles, reached_from
from trunkline.flows.loader import draft_of
from trunkline.flows.problem import serves
from trunkline.flows.run import advance, begin
from trunkline.flows.talk import Action, Answer, Done, End, Enqueue, Left, Say, Silence, TakeVoicemail

NAMES = [f"step{number}" for number in range(6)]
TARGETS = st.sampled_from(NAMES)
MENU = '{{menu: Well?, choices: [{{key: "1", label: Yes, go: {}}}], no_answer: {{tries: 2, go: {}}}}}'
STEPS = st.one_of(
    st.builds("{{say: Hello., next: {}}}".format, TARGETS),
    st.builds("{{set: {{a: 1}}, next: {}}}".format, TARGETS),
    st.builds("{{hours: support, open: {}, closed: {}}}".format, TARGETS, TARGETS),
    st.builds(MENU.format, TARGETS, TARGETS),
    st.builds("{{queue: sales, overflow: {{after: 1m, go: {}}}}}".format, TARGETS),
    st.builds("{{voicemail: Speak., queue: sales, next: {}}}".format, TARGETS),
    st.just("{end: Goodbye.}"),
)
FLOWS = st.lists(STEPS, min_size=len(NAMES), max_size=len(NAMES)).map(
    lambda steps: "flow: any\nstart: step0\nsteps:\n" + "".join(f"  step{n}: {s}\n" for n, s in enumerate(steps))
)
WAYS = st.dictionaries(st.sampled_from(NAMES), st.lists(TARGETS, max_size=4)).map(
    lambda ways: {name: ways.get(name, []) for name in NAMES}
)


def idle(action: Action) -> Answer:
    """Return what comes of an action when the caller does nothing."""
    if isinstance(action, Say):
        return Done()
    return Left() if isinstance(action, TakeVoicemail) else Silence()


# Most flows that are thrown together are refused, and rightly so.
@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(FLOWS, st.sampled_from([MONDAY_TEN, MONDAY_NIGHT]))
def test_idle_caller_gets_to_an_end_of_every_flow_that_serves(text: str, at: datetime) -> None:
    draft = draft_of(text.encode(), "any.yaml")
    assume(serves(check_drafts([draft], a_centre())))
    flow, facts = draft.flow(), the_facts()
    assert flow is not None

    moved = begin(flow, facts, at)
    for _ in range(3 * len(NAMES)):
        if isinstance(moved.action, End | Enqueue):
            break
        moved = advance(flow, moved.run, idle(moved.action), facts, at)

    assert isinstance(moved.action, End | Enqueue)


@given(WAYS)
def test_circles_are_found_exactly_where_a_step_comes_round_to_itself(ways: dict[str, list[str]]) -> None:
    round_ = {name for name in NAMES if any(name in reached_from(target, ways) for target in ways[name])}

    found = circles(ways)

    assert bool(found) == bool(round_)
    for circle in found:
        for name, following in zip(circle, [*circle[1:], circle[0]], strict=True):
            assert following in ways[name]
