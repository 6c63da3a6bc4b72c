"""A real Asterisk with ports for five legs: four callers come in, and nobody is blamed for what it has no room for."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from tests.system.conftest import running_switch
from tests.system.self_answering import SelfAnsweringPhone
from tests.system.switch import AGENT_SECRET, Switch, free_ports, open_folder
from tests.system.test_telephony import SECOND, Centre, centre
from trunkline.core.call import OfferFailure
from trunkline.core.sip_account import sip_password
from trunkline.ports.call_control import AgentJoined, AgentLegEnded, CallEnded, LineOpened, PhoneChanged
from trunkline.simulate.caller import Caller, CallRefused
from trunkline.simulate.digest import Credentials

__all__ = ["centre"]
LEGS, CALLERS = 5, 4


@pytest.fixture(scope="module")
def switch() -> Iterator[Switch]:
    """The smallest switch that can serve two calls and keep two waiting."""
    with open_folder() as folder:
        yield from running_switch(folder, legs=LEGS)


@pytest.fixture
async def phones(centre: Centre) -> AsyncIterator[None]:
    """Ana's and Ben's phones, which answer whatever comes."""
    async with AsyncExitStack() as stack:
        for agent in ("ana", "ben"):
            stack.push_async_callback((await plugged_in(centre, agent)).unplug)
        yield


async def plugged_in(centre: Centre, agent: str) -> SelfAnsweringPhone:
    account = Credentials(agent, sip_password(AGENT_SECRET, agent))
    server = ("127.0.0.1", centre.switch.settings.sip_port)
    phone = await SelfAnsweringPhone.plugged_in(account, free_ports(1)[0], server, always=True)
    await centre.hears(PhoneChanged, fits=lambda change: change.endpoint == agent)
    return phone


@pytest.fixture
async def waiting(centre: Centre) -> AsyncIterator[list[tuple[Caller, LineOpened]]]:
    """As many callers as are let in, who wait."""
    async with AsyncExitStack() as stack:
        callers = []
        for _ in range(CALLERS):
            caller = await stack.enter_async_context(await centre.dial(from_="+447700900123"))
            await caller.answered()
            line = await centre.hears(LineOpened)
            await centre.calls.to_waiting(line.call, music="default", announce_every=60 * SECOND)
            callers.append((caller, line))
        yield callers


@pytest.mark.usefixtures("phones")
async def test_a_switch_full_of_callers_has_room_for_an_agent_and_blames_nobody_once_it_has_none(
    centre: Centre, waiting: list[tuple[Caller, LineOpened]]
) -> None:
    (_, first), (leaving, second), (_, third), _ = waiting
    async with await centre.dial(from_="+447700900456") as one_too_many:
        with pytest.raises(CallRefused, match="503"):
            await one_too_many.answered()

    talk = await centre.ring(first, "ana")
    assert (await centre.hears(AgentJoined)).offer == talk

    refused = await centre.ring(third, "ben")
    ended = await centre.hears(AgentLegEnded)
    assert (ended.offer, ended.failure) == (refused, OfferFailure.NO_ROOM)

    await leaving.hang_up()
    await centre.hears(CallEnded, fits=lambda event: event.call == second.call.id)
    again = await centre.ring(third, "ben")
    assert (await centre.hears(AgentJoined)).offer == again
