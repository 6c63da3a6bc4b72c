"""Whatever a file holds, reading it never raises and always says why nothing came of it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.flows.examples import a_centre
from trunkline.flows.centre import centre_of
from trunkline.flows.check import check_drafts
from trunkline.flows.loader import draft_of
from trunkline.flows.source import read

# fmt: off
PIECES = [
    'flow:', ' main', '\n', '  ', 'steps:', 'start: a', 'a:', 'say:', 'menu:', 'choices:', '- ', '{',
    '}', '[', ']', ',', '"', "'", '#', '*', '&a', '*a', '!!str', '%YAML 1.1',
    '%TAG ! x', '---', '...', '|', '>', '? ', ': ', 'key: #', '08', '1.5', '~', 'true',
    '<<:', '\t', '\\x', '\\U00110000', "é", '\x00', 'end:', 'queue: sales', 'next: a', 'go: a', '\ufeff', '\x85',
    'name: a', 'region: GB', 'hours:',
]
# fmt: on
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(TEXTS)
def test_any_text_is_a_flow_or_a_problem(text: str) -> None:
    draft = draft_of(text.encode(), "any.yaml")

    problems = check_drafts([draft], a_centre())

    assert draft.flow() is not None or problems


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_problem(data: bytes) -> None:
    node, problems = read(data, "any.yaml")

    assert node is not None or problems


@given(TEXTS)
def test_any_text_is_a_centre_or_a_problem(text: str) -> None:
    centre, problems = centre_of(text.encode(), "centre.yaml")

    assert (centre is None) == bool(problems)
