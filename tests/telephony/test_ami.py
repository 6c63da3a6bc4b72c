"""The connection to the manager: it comes back, notices silence, stays bounded, and never says anything twice."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.fake_ami import FakeAmi, listing, refusing, running
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.telephony.ami import Ami, Refused
from trunkline.telephony.encode import BadHeader
from trunkline.telephony.link import AmiAddress, LinkDown, LinkUp, Pace

MS = timedelta(milliseconds=1)
QUICK = Pace(
    connect_within=1000 * MS,
    boot_within=50 * MS,
    ping_every=30 * MS,
    ping_within=100 * MS,
    retry_first=5 * MS,
    retry_last=20 * MS,
    answer_within=1000 * MS,
)
WANTED = frozenset({"Hangup", "Newchannel", "OriginateResponse"})


@contextlib.asynccontextmanager
async def connected(fake: FakeAmi, *, pace: Pace = QUICK, inbox_limit: int = 5000) -> AsyncIterator[Ami]:
    ami = Ami(
        AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, pace=pace, inbox_limit=inbox_limit
    )
    async with runs(ami):
        yield ami


@contextlib.asynccontextmanager
async def runs(ami: Ami) -> AsyncIterator[None]:
    run = asyncio.create_task(ami.run())
    try:
        async with asyncio.timeout(5):
            await ami.wait_up()
        yield
    finally:
        run.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await run


@pytest.fixture
async def fake() -> AsyncIterator[FakeAmi]:
    async with running(FakeAmi()) as fake, asyncio.timeout(20):
        yield fake


async def test_an_action_is_answered(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        reply = await ami.act({"Action": "Setvar", "Variable": "X", "Value": "Zoë"})

    assert reply["Response"] == "Success"
    assert fake.named("Setvar")[0]["Value"] == "Zoë"


async def test_who_may_not_act_asks_but_sends_no_action(fake: FakeAmi) -> None:
    may_act = True
    fake.answers["Status"] = listing({"Event": "Status", "Channel": "a"})
    ami = Ami(
        AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, pace=QUICK, may_act=lambda: may_act
    )
    async with runs(ami):
        may_act = False
        with pytest.raises(Unavailable, match="nothing was sent") as fault:
            await ami.act({"Action": "Originate", "Channel": "PJSIP/ana"})
        await ami.ask({"Action": "Status"})

    assert fault.value.retry
    assert (len(fake.named("Originate")), len(fake.named("Status"))) == (0, 1)


async def test_an_action_waits_for_leave_to_act_and_is_sent_once(fake: FakeAmi) -> None:
    leave, asked = asyncio.Event(), asyncio.Event()
    fake.answers["Status"] = listing()

    async def until_may_act() -> None:
        asked.set()
        await leave.wait()

    ami = Ami(
        AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, pace=QUICK, may_act=leave.is_set,
        until_may_act=until_may_act,
    )  # fmt: skip
    async with runs(ami):
        acting = asyncio.create_task(ami.act({"Action": "Originate", "Channel": "PJSIP/ana"}))
        await asked.wait()
        await ami.ask({"Action": "Status"})
        assert not fake.named("Originate")

        leave.set()
        await acting

    assert len(fake.named("Originate")) == 1


async def test_an_action_that_gets_no_leave_in_time_is_never_sent(fake: FakeAmi) -> None:
    never = asyncio.Event()

    async def until_may_act() -> None:
        await never.wait()

    pace = replace(QUICK, answer_within=50 * MS)
    address = AmiAddress("127.0.0.1", fake.port, "trunkline", "hush")
    ami = Ami(address, wanted=WANTED, pace=pace, may_act=never.is_set, until_may_act=until_may_act)
    async with runs(ami):
        with pytest.raises(Unavailable, match="nothing was sent"):
            await ami.act({"Action": "Originate", "Channel": "PJSIP/ana"})

    assert not fake.named("Originate")


async def test_a_question_is_answered_by_rows(fake: FakeAmi) -> None:
    fake.answers["Status"] = listing({"Event": "Status", "Channel": "a"}, {"Event": "Status", "Channel": "b"})

    async with connected(fake) as ami:
        rows = await ami.ask({"Action": "Status"})

    assert [row["Channel"] for row in rows] == ["a", "b"]


async def test_a_question_with_no_answer_has_no_rows(fake: FakeAmi) -> None:
    fake.answers["Status"] = listing()

    async with connected(fake) as ami:
        assert await ami.ask({"Action": "Status"}) == []


async def test_a_refusal_says_why(fake: FakeAmi) -> None:
    fake.answers["Hangup"] = refusing("No such channel")

    async with connected(fake) as ami:
        with pytest.raises(Refused, match="No such channel"):
            await ami.act({"Action": "Hangup", "Channel": "x"})
        with pytest.raises(Refused):
            await ami.ask({"Action": "Hangup", "Channel": "x"})


async def test_a_line_break_in_a_value_never_leaves_us(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        with pytest.raises(BadHeader):
            await ami.act({"Action": "Setvar", "Value": "x\r\nAction: Originate"})
        await ami.act({"Action": "Setvar", "Value": "fine"})

    assert [action["Value"] for action in fake.actions] == ["fine"]


async def test_a_refused_login_tells_the_admin_what_to_do(fake: FakeAmi) -> None:
    ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "wrong"), wanted=WANTED, pace=QUICK)

    with pytest.raises(Misconfigured, match="TRUNKLINE_AMI_SECRET"):
        await ami.run()
    assert "wrong" not in repr(ami.address)


async def test_a_secret_that_cannot_be_sent_is_the_admins_to_mend(fake: FakeAmi) -> None:
    ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "hush\r\n"), wanted=WANTED, pace=QUICK)

    with pytest.raises(Misconfigured, match="control character"):
        await ami.run()


async def test_a_login_refused_for_another_reason_is_tried_again(fake: FakeAmi) -> None:
    fake.login_refused = "Maximum sessions reached"
    ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, pace=QUICK)
    run = asyncio.create_task(ami.run())
    await fake.logged_in(2)
    fake.login_refused = ""

    await ami.wait_up()
    run.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await run


async def test_a_ping_that_is_refused_is_an_answer(fake: FakeAmi) -> None:
    fake.answers["Ping"] = refusing("Permission denied")

    async with connected(fake) as ami:
        await fake.pinged(3)

        assert ami.counters.connects == 1


async def test_an_action_that_is_never_answered_has_an_unknown_outcome(fake: FakeAmi) -> None:
    fake.deaf_to.add("Originate")

    async with connected(fake) as ami:
        with pytest.raises(Unavailable) as failed:
            await ami.act({"Action": "Originate"}, within=20 * MS)

    assert failed.value.retry is False


async def test_nothing_is_sent_while_the_switch_is_away(fake: FakeAmi) -> None:
    ami = Ami(AmiAddress("127.0.0.1", fake.port, "trunkline", "hush"), wanted=WANTED, pace=QUICK)

    with pytest.raises(Unavailable) as failed:
        await ami.act({"Action": "Originate"})

    assert failed.value.retry is True
    assert fake.actions == []


async def test_a_lost_connection_comes_back_and_nothing_is_sent_twice(fake: FakeAmi) -> None:
    fake.deaf_to |= {"Originate", "Redirect", "Setvar", "AGI"}
    losses: list[int] = []

    async with connected(fake) as ami:
        ami.tap_loss(lambda: losses.append(1))
        waiting = [
            asyncio.create_task(ami.act({"Action": name, "Channel": "x"}))
            for name in ("Originate", "Redirect", "Setvar", "AGI")
        ]
        await fake.came("AGI")
        fake.cut_off()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        fake.deaf_to.clear()
        messages = ami.messages()
        seen = [await anext(messages) for _ in range(3)]
        await ami.act({"Action": "Hangup", "Channel": "y"})

    assert [isinstance(outcome, Unavailable) and outcome.retry for outcome in outcomes] == [False] * 4
    assert all("lost before it answered" in str(outcome) for outcome in outcomes)
    assert [type(message) for message in seen] == [LinkUp, LinkDown, LinkUp]
    assert sorted(action["Action"] for action in fake.actions) == ["AGI", "Hangup", "Originate", "Redirect", "Setvar"]
    assert losses
    assert fake.logins == 2


async def test_a_half_open_connection_is_noticed(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        messages = ami.messages()
        assert isinstance(await anext(messages), LinkUp)
        fake.mute = True
        assert isinstance(await anext(messages), LinkDown)
        assert not ami.is_up
        fake.mute = False
        assert isinstance(await anext(messages), LinkUp)


async def test_one_late_ping_is_forgiven(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        fake.deaf_to.add("Ping")
        await fake.pinged(1)
        fake.deaf_to.clear()
        await fake.pinged(3)

        assert ami.counters.connects == 1


async def test_a_switch_that_is_still_starting_is_waited_for_but_not_for_ever(fake: FakeAmi) -> None:
    fake.is_booted = False

    async with connected(fake) as ami:
        assert ami.is_up


async def test_what_is_no_asterisk_is_tried_again(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        await fake.say_bytes(b"x" * 5_000_000)
        messages = ami.messages()
        assert [type(await anext(messages)) for _ in range(3)] == [LinkUp, LinkDown, LinkUp]


async def test_a_burst_stays_bounded_and_nothing_of_it_is_lost(fake: FakeAmi) -> None:
    burst = [{"Event": "Newchannel", "Uniqueid": f"a.{n}", "Context": "from-trunk" * 20} for n in range(30_000)]

    async with connected(fake, pace=Pace(), inbox_limit=1000) as ami:
        saying = asyncio.create_task(fake.say(*burst))
        messages = ami.messages()
        assert isinstance(await anext(messages), LinkUp)
        seen = [(await anext(messages))["Uniqueid"] for _ in burst]
        await saying

    assert seen == [message["Uniqueid"] for message in burst]
    assert ami.counters.pauses > 0
    assert ami.counters.fullest < 3000
    assert ami.counters.connects == 1


async def test_an_event_of_an_action_reaches_everybody_though_it_names_the_action(fake: FakeAmi) -> None:
    fake.answers["Originate"] = lambda action: [
        {"Response": "Success", "Message": "queued"},
        {"Event": "OriginateResponse", "Response": "Failure", "ActionID": action["ActionID"]},
    ]

    async with connected(fake) as ami:
        await ami.act({"Action": "Originate", "ActionID": "ring/1"})
        messages = ami.messages()
        await anext(messages)
        told = await anext(messages)

    assert told["ActionID"] == "ring/1"


async def test_a_late_answer_is_counted_and_dropped(fake: FakeAmi) -> None:
    async with connected(fake) as ami:
        await fake.say({"Response": "Success", "ActionID": "long-gone"}, {"Event": "Hangup", "Uniqueid": "a.1"})
        messages = ami.messages()
        await anext(messages)
        assert (await anext(messages))["Uniqueid"] == "a.1"

        assert ami.counters.late == 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 40), max_size=60))
async def test_reads_may_be_cut_at_any_byte(cuts: list[int]) -> None:
    async with running(FakeAmi()) as fake:
        fake.cuts = cuts
        fake.answers["Status"] = listing({"Event": "Status", "CallerIDName": "Zoë 😀"})
        async with connected(fake, pace=Pace()) as ami:
            rows = await ami.ask({"Action": "Status"})
            await fake.say({"Event": "Hangup", "CallerIDName": "Привет"})
            messages = ami.messages()
            await anext(messages)
            told = await anext(messages)

    assert rows[0]["CallerIDName"] == "Zoë 😀"
    assert told["CallerIDName"] == "Привет"
