import asyncio
import copy
import socket
import ssl
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.simulate.fake_service import FakeService, a_card, a_state, fake_service
from tests.system.test_tls import certificate
from trunkline.core.errors import Rejected, Unavailable
from trunkline.simulate.desk import Act, Desk, State, apply, call_on_the_desk, last_act, next_act

AT_THE_PHONE = {"phone": {"kind": "sip"}, "busy": None}
_KEYS = st.sampled_from(["i1", "i2", "q1"])
_EVENTS = st.one_of(
    st.builds(
        lambda part, value: {"kind": part, part: {"v": value}}, st.sampled_from(["me", "today", "parts"]), st.integers()
    ),
    st.builds(lambda key, value: {"kind": "interaction", "interaction": {"id": key, "v": value}}, _KEYS, st.integers()),
    st.builds(lambda key: {"kind": "interaction_gone", "id": key}, _KEYS),
    st.builds(lambda key, value: {"kind": "queue", "queue": {"id": key, "v": value}}, _KEYS, st.integers()),
    st.just({"kind": "something new"}),
)


@given(st.lists(_EVENTS, max_size=12))
def test_applying_events_never_changes_the_old_state_and_the_last_word_counts(events: list[dict[str, Any]]) -> None:
    state = a_state()
    for event in events:
        before = copy.deepcopy(state)
        after = apply(state, event)
        assert state == before
        assert apply(after, event) == after
        state = after

    last = {
        event["id"] if "id" in event else event["interaction"]["id"]: event
        for event in events
        if "interaction" in event["kind"]
    }
    assert state["interactions"] == {key: event["interaction"] for key, event in last.items() if "interaction" in event}


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (a_state(), Act("phone", {"kind": "sip"})),
        (a_state(me=AT_THE_PHONE | {"presence": "not_ready"}), Act("presence", {"presence": "ready"})),
        (a_state(me=AT_THE_PHONE | {"presence": "ready"}), None),
        (a_state(interactions={"i1": a_card("wrap_up", note="n")}),
         Act("wrap_up", {"interaction": "i1", "disposition": "sale", "note": "n"})),
        (a_state(interactions={"i1": a_card("offered", "voicemail")}), Act("accept", {"offer": "o1"})),
        (a_state(interactions={"i1": a_card("talking", "voicemail")}), Act("hang_up", {"interaction": "i1"})),
    ],
)  # fmt: skip
def test_a_diligent_agent_knows_what_to_do(state: State, act: Act | None) -> None:
    assert next_act(state, disposition="sale") == act


REASONS = {"reasons": [{"code": "break", "title": "Break"}]}


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (a_state(centre=REASONS, me=AT_THE_PHONE | {"presence": "ready"}),
         Act("presence", {"presence": "not_ready", "reason": "break"})),
        (a_state(me=AT_THE_PHONE | {"presence": "not_ready"}), None),
        (a_state(interactions={"i1": a_card("wrap_up", note="n")}),
         Act("wrap_up", {"interaction": "i1", "disposition": "sale", "note": "n"})),
        (a_state(interactions={"i1": a_card("offered", "voicemail")}), None),
        (a_state(interactions={"i1": a_card("talking", "voicemail")}), Act("hang_up", {"interaction": "i1"})),
    ],
)  # fmt: skip
def test_one_who_goes_home_begins_nothing_new(state: State, act: Act | None) -> None:
    assert last_act(state, disposition="sale") == act


def test_only_a_call_or_a_callback_is_on_the_phone() -> None:
    assert call_on_the_desk(a_state(interactions={"i1": a_card("offered", "voicemail")})) is None
    assert call_on_the_desk(a_state(interactions={"i1": a_card("wrap_up")})) is None
    assert call_on_the_desk(a_state(interactions={"i1": a_card("talking")})) is not None
    assert call_on_the_desk(a_state(interactions={"i1": a_card("offered", "callback")})) is not None


async def _next(states: AsyncIterator[State]) -> State:
    return await asyncio.wait_for(anext(states), 10)


async def test_a_desk_logs_in_and_follows_the_service() -> None:
    async with fake_service() as service:
        desk = Desk(service.url, "ben", "secret")
        states = desk.states()
        assert (await _next(states))["me"]["presence"] == "not_ready"

        giving = asyncio.create_task(desk.command("presence", presence="ready"))
        ready = await _next(states)

        assert ready["me"]["presence"] == "ready"
        await giving
        assert await service.commanded() == ("presence", {"presence": "ready"})
        await states.aclose()  # type: ignore[attr-defined]


async def test_a_refused_command_says_why_and_one_without_connection_is_not_given() -> None:
    async with fake_service() as service:
        desk = Desk(service.url, "ben", "secret")
        with pytest.raises(Unavailable):
            await desk.command("presence", presence="ready")
        states = desk.states()
        await _next(states)
        giving = asyncio.create_task(desk.command("juggle"))
        reading = asyncio.create_task(_next(states))

        with pytest.raises(Rejected, match="unknown command"):
            await giving
        reading.cancel()
        await asyncio.wait([reading])
        await states.aclose()  # type: ignore[attr-defined]


async def test_a_cut_desk_comes_back_with_the_number_it_saw_last() -> None:
    async with fake_service() as service:
        desk = Desk(service.url, "ben", "secret")
        states = desk.states()
        await _next(states)
        await service.tell({"kind": "today", "today": {"handled": 1}})
        await _next(states)

        reading = asyncio.create_task(_next(states))
        await service.sockets[0].close()
        await reading

        assert [(hello["epoch"], hello["seq"]) for hello in service.hellos] == [(None, None), ("e", 1)]
        assert service.logins == 1
        await states.aclose()  # type: ignore[attr-defined]


async def test_a_session_that_ended_is_logged_in_again() -> None:
    async with fake_service() as service:
        states = Desk(service.url, "ben", "secret").states()
        await _next(states)

        reading = asyncio.create_task(_next(states))
        await service.sockets[0].close(code=4001)
        await reading

        assert service.logins == 2
        await states.aclose()  # type: ignore[attr-defined]


class Watched(Desk):
    """A desk whose connections can be seen."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.every: list[socket.socket] = []

    def _open(self, address: tuple[Any, ...]) -> socket.socket:
        opened = super()._open(address)
        self.every.append(opened)
        return opened


class Stuck(FakeService):
    """Says goodbye, and then nothing to anybody until it is freed: its whole loop stands."""

    def __init__(self) -> None:
        super().__init__()
        self.up, self.free = threading.Event(), threading.Event()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        ended = await super().socket(request)
        self.free.wait(10)
        return ended

    async def serve(self, tls: ssl.SSLContext) -> None:
        async with fake_service(self, tls=tls):
            self.up.set()
            await asyncio.to_thread(self.free.wait, 10)


async def test_a_desk_that_is_left_has_no_connection_open_even_under_tls(tmp_path: Path) -> None:
    certified = certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certified["tls_cert"], certified["tls_key"])
    service = Stuck()
    serving = asyncio.ensure_future(asyncio.to_thread(asyncio.run, service.serve(tls)))
    try:
        await asyncio.to_thread(service.up.wait, 10)
        desk = Watched(service.url, "ben", "secret", certificate=certified["tls_cert"])
        states = desk.states()
        await _next(states)
        reading = asyncio.create_task(_next(states))
        await asyncio.sleep(0)  # it reads

        reading.cancel()
        await asyncio.wait([reading])

        assert [opened.fileno() for opened in desk.every] == [-1]
    finally:
        service.free.set()
        await serving


async def test_a_wrong_password_is_refused() -> None:
    async with fake_service() as service:
        with pytest.raises(Rejected, match="ben may not log in"):
            await _next(Desk(service.url, "ben", "wrong").states())
