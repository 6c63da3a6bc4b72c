"""Roles: who may look further than their own work."""

import pytest

from tests.builders import an_agent
from trunkline.core.permission import Deed, NotAllowed, demand, may


@pytest.mark.parametrize("deed", [Deed.SEE_FLOWS, Deed.HEAR_EVERY_VOICEMAIL])
def test_supervisors_and_admins_look_further_than_agents(deed: Deed) -> None:
    roles = ("agent", "supervisor", "admin")

    assert [may(an_agent(role=role), deed) for role in roles] == [False, True, True]


def test_only_admins_change_the_centre() -> None:
    roles = ("agent", "supervisor", "admin")

    assert [may(an_agent(role=role), Deed.EDIT_CENTRE) for role in roles] == [False, False, True]


def test_role_that_nobody_knows_may_nothing() -> None:
    assert not any(may(an_agent(role="director"), deed) for deed in Deed)


def test_refusal_says_who_may_not_do_what_and_who_can_help() -> None:
    demand(an_agent(role="admin"), Deed.SEE_FLOWS)

    with pytest.raises(NotAllowed, match="Ana may not look at the flows: ask whoever keeps the centre file"):
        demand(an_agent("ana"), Deed.SEE_FLOWS)
