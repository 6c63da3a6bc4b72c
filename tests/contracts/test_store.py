"""What every store does: the double that other tests rely on, and the real one on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import (
    NOON,
    a_chat,
    a_message,
    a_voicemail,
    an_agent,
    an_agent_record,
    an_entry,
    an_interaction,
    later,
)
from tests.fakes.memory_store import MemoryStore
from trunkline.core.agent import PhoneKind, Presence
from trunkline.core.centre_version import ChangedMeanwhile, Signed, Source
from trunkline.core.consent import Consent
from trunkline.core.customer import Contact, DayFigures, Note
from trunkline.core.demand import Wanted
from trunkline.core.draft import Draft, DraftFile, ended
from trunkline.core.errors import Misconfigured, Rejected
from trunkline.core.ids import AgentId, CustomerId, InteractionId, MessageId, QueueId, new_id
from trunkline.core.interaction import Address, Entry, Follows, Handed, Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened, JournalEntry
from trunkline.core.message import Choice, Side
from trunkline.core.occupancy import Busy
from trunkline.core.opt_out import OptOut
from trunkline.core.outgoing import Delivery, Outgoing
from trunkline.core.read_mark import ReadMark
from trunkline.core.record import changed
from trunkline.core.waiting import WaitTold
from trunkline.floor.runs import run_of
from trunkline.floor.text_state import MessageLeft, Standing, standing_of, stored_with
from trunkline.flows.run import Run
from trunkline.flows.steps.step import Tries
from trunkline.ports.files import AttachedFile, FileFacts
from trunkline.ports.store import AnswersGiven, Change
from trunkline.ports.transcripts import Asked, Counted
from trunkline.store.postgres import PostgresStore

AnyStore = MemoryStore | PostgresStore
ANA = AgentId("ana")
HOSTILE = "a\0b\ud800 \\u0000 \"'; DROP TABLE agent; -- ${SHELL(id)}\r\n" + "😀" * 2000


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest) -> AnyStore:
    chosen: AnyStore = MemoryStore() if request.param == "memory" else request.getfixturevalue("postgres_store")
    return chosen


@pytest.mark.parametrize("stage", Stage)
async def test_an_interaction_comes_back_as_it_was_written(store: AnyStore, stage: Stage) -> None:
    written = an_interaction(stage)

    await store.save([Change(interactions=[written], agents=[an_agent()])])

    assert await store.interaction(written.id) == written


@pytest.mark.parametrize("back_to", [None, Entry(QueueId("sales"), NOON, priority=3, wanted=Wanted(ANA))])
async def test_one_that_an_agent_handed_to_a_flow_comes_back_as_it_was_written(
    store: AnyStore, back_to: Entry | None
) -> None:
    written = an_interaction(Stage.IN_FLOW, handed=Handed(ANA, back_to))

    await store.save([Change(interactions=[written], agents=[an_agent()])])

    assert await store.interaction(written.id) == written


async def test_a_thread_comes_back_in_its_order_over_all_its_interactions(store: AnyStore) -> None:
    before, now = (a_chat(stage) for stage in (Stage.ENDED, Stage.TALKING))
    elsewhere = a_chat(Stage.TALKING, address=Address("visitor-2"))
    asked = a_message(
        before, "flow", "Your PIN?", choices=(Choice("None", "0"),), keyboard="digits", at=later(1), key="a"
    )
    hidden = a_message(before, "customer", "", hidden=True, at=later(2), key="b")
    said = [a_message(now, "agent", f"{HOSTILE[:99]}{n}", agent=ANA, at=later(3), key=f"{n}") for n in range(5)]

    await store.save([Change([before, now, elsewhere], [an_agent()], messages=[asked, hidden])])
    await store.save([Change(messages=said), Change(messages=[a_message(elsewhere, "customer", "not here")])])

    thread = await store.thread("web", "visitor-1", at_most=6)
    assert [each.id for each in thread] == [each.id for each in (hidden, *said)]
    assert (await store.thread("web", "visitor-1", at_most=9))[:2] == [asked, hidden]
    assert {each.interaction for each in (await store.load()).messages} == {now.id, elsewhere.id}
    assert [each.id for each in (await store.load()).messages if each.interaction == now.id] == [e.id for e in said]


async def test_what_colleagues_tell_each_other_is_not_in_what_the_customer_sees(store: AnyStore) -> None:
    chat = a_chat(Stage.TALKING)
    said, told = (a_message(chat, side, side, agent=ANA, key=side) for side in ("agent", "colleague"))

    await store.save([Change([chat], [an_agent()], messages=[said, told])])

    assert await store.thread("web", "visitor-1", at_most=9) == [said]
    assert set((await store.load()).messages) == {said, told}


async def test_answers_are_counted_by_channel_and_whether_they_came_in_time(store: AnyStore) -> None:
    def answered(channel: str, seconds: int, *, in_time: bool | None) -> JournalEntry:
        return JournalEntry(Happened.ANSWERED, later(seconds), facts={"channel": channel, "in_time": in_time})

    lines = [answered("web", 1, in_time=True), answered("web", 5, in_time=False), answered("web", 9, in_time=True)]
    await store.save([Change(journal=[*lines, answered("mail", 5, in_time=None)])])

    assert await store.answers_given(since=later(2)) == {"web": AnswersGiven(2, 1), "mail": AnswersGiven(1, 1)}


async def test_a_follow_up_comes_back_as_it_was_written_and_is_known_once_it_began(store: AnyStore) -> None:
    follows = Follows(
        InteractionId(new_id()), "survey", later(600), later(300), QueueId("sales"), ANA, "tips", timedelta(days=14)
    )
    planned = a_chat(Stage.SCHEDULED, follows=follows)
    await store.save([Change(interactions=[planned], agents=[an_agent()])])
    assert await store.interaction(planned.id) == planned
    assert planned in (await store.load()).interactions
    asked = ("web", planned.address.raw, "survey")
    assert not await store.followed_up_since(*asked, since=NOON)
    await store.save([Change(interactions=[replace(planned, stage=Stage.IN_FLOW)])])
    assert await store.followed_up_since(*asked, since=NOON)
    assert not await store.followed_up_since(*asked, since=later(999_999))
    assert not await store.followed_up_since("web", "visitor-1", "another", since=NOON)


async def test_what_an_admin_writes_down_waits_until_it_is_taken_over(store: AnyStore) -> None:
    await store.put_wish("sms", "+447700900123", wanted=False, purpose=None, by="root", at=NOON)
    await store.put_wish("sms", "+447700900123", wanted=True, purpose="tips", by="root", at=later(1))
    first, second = await store.wishes()
    assert (first.wanted, first.purpose, second.purpose, second.by) == (False, None, "tips", "root")
    await store.save([Change(opt_outs=[OptOut("sms", "+447700900123", NOON)], wishes_done=[first.id])])
    assert await store.wishes() == [second]
    known = await store.contacted("+447700900123", at_most=9)
    assert (list(known.waiting), [each.medium for each in known.opt_outs]) == ([second], ["sms"])
    assert list((await store.contacted("+1", at_most=9)).waiting) == []


async def test_the_latest_word_on_a_purpose_is_what_somebody_consents_to(store: AnyStore) -> None:
    word = Consent("sms", "+447700900123", "tips", True, NOON, "said so")
    await store.save([Change(consents=[word])])
    assert await store.has_consented("sms", "+447700900123", "tips")
    assert not await store.has_consented("sms", "+447700900123", "news")
    assert not await store.has_consented("email", "+447700900123", "tips")
    await store.save([Change(consents=[word, replace(word, given=False, at=later(1))])])
    assert not await store.has_consented("sms", "+447700900123", "tips")


async def test_a_message_that_comes_again_is_one(store: AnyStore) -> None:
    chat = a_chat(Stage.TALKING)
    first, again = (a_message(chat, "customer", text, key="one") for text in ("Hello", "Hello?"))
    await store.save([Change([chat], [an_agent()], messages=[first])])

    await asyncio.gather(*(store.save([Change(messages=[again])]) for _ in range(5)))

    assert await store.thread("web", "visitor-1", at_most=9) == [first]


async def test_an_unknown_interaction_is_none(store: AnyStore) -> None:
    assert await store.interaction(InteractionId(new_id())) is None


async def test_a_voicemail_comes_back_with_its_recording(store: AnyStore) -> None:
    written = an_interaction(
        Stage.WAITING, work=Work.VOICEMAIL, voicemail=a_voicemail(), run=None,
        entry=an_entry(priority=3, overflow_at=later(60), announce=frozenset({"position", "wait"}), music="calm"),
    )  # fmt: skip

    await store.save([Change(interactions=[written])])

    assert await store.interaction(written.id) == written


@pytest.mark.parametrize("stage", [Stage.IN_FLOW, Stage.WAITING])
async def test_a_text_conversation_comes_back_with_how_it_stands(store: AnyStore, stage: Stage) -> None:
    run = Run("help", "0123456789ab", "box", Tries(), {"n": 1.5}, ())
    standing = Standing(
        7, told=True, due=later(60), seen=("m-1",), left=MessageLeft(QueueId("support"), "It's 😀;\n--")
    )
    written = replace(
        an_interaction(stage), id=InteractionId(new_id()), medium="chat", call=None, trunk="",
        address=Address("visitor-7"), run=stored_with(run, standing),
    )  # fmt: skip

    await store.save([Change(interactions=[written])])

    [read] = (await store.load()).interactions
    assert (read, run_of(read), standing_of(read)) == (written, run, standing)


async def test_what_is_live_is_loaded_oldest_first_and_what_has_ended_is_not(store: AnyStore) -> None:
    young = an_interaction(Stage.WAITING, arrived_at=later(5))
    old = an_interaction(Stage.TALKING)
    gone = an_interaction(Stage.ENDED)

    await store.save([Change(interactions=[young, gone, old], agents=[an_agent()])])

    assert list((await store.load()).interactions) == [old, young]


async def test_a_later_change_wins_within_one_save(store: AnyStore) -> None:
    first = an_interaction(Stage.WAITING)
    last = replace(first, stage=Stage.ENDED, call=None, outcome=Outcome.ABANDONED, ended_at=later(9))

    await store.save([Change(interactions=[first]), Change(interactions=[last])])

    assert await store.interaction(first.id) == last


async def test_an_agents_presence_outlives_the_process(store: AnyStore) -> None:
    busy = an_agent(
        presence=Presence.READY, since=later(1), idle_since=later(2), phone=PhoneKind.SIP,
        offered_at=later(5), lately=Busy(12.5, later(6)), role="supervisor", queues=("sales", "support"),
    )  # fmt: skip

    await store.put_agents([an_agent_record()], at=NOON)
    await store.save([Change(agents=[busy])])

    assert list((await store.load()).agents) == [busy]


async def test_saving_nothing_is_no_fault(store: AnyStore) -> None:
    await store.save([])
    await store.save([Change()])


async def test_facts_that_are_not_json_are_refused_and_nothing_is_written(store: AnyStore) -> None:
    interaction = an_interaction()
    entry = JournalEntry(Happened.ARRIVED, NOON, interaction.id, facts={"at": NOON})

    with pytest.raises(TypeError):
        await store.save([Change(interactions=[interaction], journal=[entry])])

    assert await store.interaction(interaction.id) is None


async def test_text_that_a_caller_made_up_is_stored_without_a_fault(store: AnyStore) -> None:
    hostile = an_interaction(caller_name=HOSTILE, dialled=HOSTILE, note=HOSTILE, run={HOSTILE: [HOSTILE]})
    entry = JournalEntry(Happened.ARRIVED, NOON, hostile.id, facts={"name": HOSTILE})

    await store.save([Change(interactions=[hostile], journal=[entry])])
    customer = await store.customer_at(HOSTILE, medium="voice", name=HOSTILE, at=NOON)

    assert await store.interaction(hostile.id) is not None
    assert (await store.customer_at(HOSTILE, medium="voice", name=None, at=NOON)).id == customer.id
    assert await store.check_password(AgentId(HOSTILE), HOSTILE) is False
    assert await store.session(HOSTILE, at=NOON) is None


async def test_the_centre_files_agents_exist_and_keep_their_presence(store: AnyStore) -> None:
    await store.put_agents([an_agent_record("ana"), an_agent_record("ben")], at=NOON)
    ready = an_agent(presence=Presence.READY, since=NOON, idle_since=NOON)
    await store.save([Change(agents=[ready])])

    await store.put_agents([an_agent_record("ana", name="Ana T.", role="supervisor", queues=["support"])], at=later(9))

    renamed = an_agent(queues=["support"], name="Ana T.", role="supervisor")
    shown = replace(renamed, presence=Presence.READY, since=NOON, idle_since=NOON)
    assert list((await store.load()).agents) == [shown]


async def test_a_retired_agent_can_do_nothing_until_named_again(store: AnyStore) -> None:
    await store.put_agents([an_agent_record()], at=NOON)
    await store.set_password(ANA, "a long one")
    token = await store.open_session(ANA, lasts=timedelta(hours=1), at=NOON)

    await store.put_agents([], at=later(1))

    assert (await store.load()).agents == ()
    assert await store.session(token, at=later(2)) is None
    assert not await store.check_password(ANA, "a long one")
    assert not await store.has_password(ANA)
    with pytest.raises(Rejected):
        await store.open_session(ANA, lasts=timedelta(hours=1), at=later(2))

    await store.put_agents([an_agent_record()], at=later(3))
    assert [agent.presence for agent in (await store.load()).agents] == [Presence.OFFLINE]
    assert await store.session(token, at=later(4)) is None
    assert await store.check_password(ANA, "a long one")


@pytest.mark.parametrize("login", ["", "ana-web", "Ana", "ana torres", "ana;", "../ana", "ana\n"])
async def test_a_login_name_that_cannot_be_a_sip_account_is_refused(store: AnyStore, login: str) -> None:
    with pytest.raises(Misconfigured, match="log-in name"):
        await store.put_agents([an_agent_record(login)], at=NOON)

    assert (await store.load()).agents == ()


def an_outgoing(interaction: Interaction | None = None, **changes: Any) -> Outgoing:
    id_ = MessageId(new_id())
    of = (interaction.id, id_) if interaction is not None else (None, None)
    return changed(Outgoing(id_, "text", "+447700900123", "Hello 😀", NOON, *of), **changes)


async def test_what_goes_out_is_kept_as_it_is_now(store: AnyStore) -> None:
    chat = a_chat()
    first, second = an_outgoing(chat), an_outgoing(due=later(60), anyway=True)
    await store.save([Change(interactions=[chat], outgoing=[first, second])])
    sent = changed(first, state=Delivery.SENT, external="SM1")
    failed = changed(second, state=Delivery.FAILED, tries=3, due=None, why="no such number")
    await store.save([Change(outgoing=[changed(first, tries=1)]), Change(outgoing=[sent, failed])])

    assert [await store.outgoing(each.id) for each in (first, second)] == [sent, failed]
    assert await store.outgoing(MessageId(new_id())) is None


async def test_what_waits_and_what_live_interactions_sent_is_loaded_in_its_order(store: AnyStore) -> None:
    live, over = a_chat(), a_chat(Stage.ENDED, ended_at=later(9))
    waits = [an_outgoing() for _ in range(3)]
    sent, gone = an_outgoing(live, state=Delivery.SENT), an_outgoing(over, state=Delivery.SENT)
    await store.save([Change([live, over], [an_agent()], outgoing=[waits[0], sent, gone, *waits[1:]])])
    await store.save([Change(outgoing=[changed(waits[1], tries=2, due=later(5))])])

    loaded = (await store.load()).outgoing

    assert [each.id for each in loaded] == [waits[0].id, sent.id, waits[1].id, waits[2].id]
    assert loaded[2].tries == 2


async def test_a_message_is_found_with_all_its_parts(store: AnyStore) -> None:
    chat = a_chat()
    first = an_outgoing(chat)
    second = changed(first, id=MessageId(new_id()))
    alone = an_outgoing()
    await store.save([Change(interactions=[chat], outgoing=[first, second, alone])])

    assert await store.parts_of(first.id) == [first, second]
    assert await store.parts_of(alone.id) == [alone]


async def test_dead_letters_are_counted_told_and_put_back(store: AnyStore) -> None:
    dead = [an_outgoing(state=Delivery.FAILED, why=f"no {number}", external="SM1") for number in range(3)]
    other = an_outgoing(channel="other", state=Delivery.FAILED)
    await store.save([Change(outgoing=[an_outgoing(), *dead, other, an_outgoing(state=Delivery.SENT)])])

    assert {name: dict(figures) for name, figures in (await store.counted()).items()} == {
        "text": {Delivery.WAITING: 1, Delivery.FAILED: 3}, "other": {Delivery.FAILED: 1}
    }  # fmt: skip
    assert await store.failed(channel=None, at_most=3) == [other, dead[2], dead[1]]
    assert await store.failed(channel="text", at_most=9) == dead[::-1]
    assert await store.put_back() == []

    assert await store.put_failed_back([dead[1].id, MessageId(new_id())], channel=None) == 1
    assert await store.put_failed_back(None, channel="other") == 1
    assert await store.put_failed_back(None, channel="nobody") == 0
    assert [(each.id, each.state, each.tries, each.why) for each in await store.put_back()] == [
        (each.id, Delivery.WAITING, -1, None) for each in (dead[1], other)
    ]
    await store.save([Change(outgoing=[changed(each, tries=0, state=Delivery.WAITING) for each in (dead[1], other)])])
    assert await store.put_back() == []


async def test_who_wants_nothing_more_is_known_until_they_do(store: AnyStore) -> None:
    chris, dana = OptOut("sms", "+447700900123", NOON), OptOut("sms", "+447700900124", NOON)
    await store.save([Change(opt_outs=[chris]), Change(opt_outs=[dana])])
    await store.save([Change(opt_outs=[changed(chris, at=later(5))])])
    assert set((await store.load()).opt_outs) == {chris, dana}

    await store.save([Change(opt_outs=[changed(chris, at=later(6), ended=True)])])
    assert list((await store.load()).opt_outs) == [dana]


async def test_a_draft_is_replaced_and_goes_with_its_interaction(store: AnyStore) -> None:
    chat, other = a_chat(), a_chat()
    file = DraftFile(new_id(), "Ürk.pdf", "application/pdf", 7)
    first = Draft(chat.id, ANA, NOON, 1, HOSTILE, "Subject", "a@b.example", "c", (file,), ("order",))
    await store.save([Change([chat, other], [an_agent()], drafts=[first])])
    [kept] = (await store.load()).drafts
    assert kept == (first if isinstance(store, MemoryStore) else changed(first, text=kept.text))
    assert len(kept.text) > 2000

    later_one, beside = Draft(chat.id, AgentId("ben"), later(5), 2, ""), Draft(other.id, ANA, NOON, 9, "beside")
    await store.save([Change(drafts=[first]), Change(drafts=[later_one]), Change(drafts=[beside])])
    assert set((await store.load()).drafts) == {later_one, beside}

    over = changed(chat, stage=Stage.ENDED, outcome=Outcome.HANDLED, ended_at=later(9))
    await store.save([Change(drafts=[changed(later_one, version=3)]), Change([over], drafts=[ended(later_one)])])
    assert list((await store.load()).drafts) == [beside]


async def test_where_a_message_stands_is_known_when_its_interaction_is_over(store: AnyStore) -> None:
    over = a_chat(Stage.ENDED, ended_at=later(9))
    said = a_message(over, "customer", "Hi")
    await store.save([Change([over], [an_agent()], messages=[said])])

    assert await store.message_interaction(said.id) == over.id
    assert await store.message_interaction(MessageId(new_id())) is None


async def test_a_customer_is_known_by_their_address(store: AnyStore) -> None:
    first = await store.customer_at("+447700900123", medium="voice", name="Chris", at=NOON)
    again = await store.customer_at("+447700900123", medium="voice", name="Somebody", at=later(9))
    other = await store.customer_at("+447700900124", medium="voice", name=None, at=NOON)

    assert again == first
    assert (first.name, first.addresses) == ("Chris", ("+447700900123",))
    assert other.id != first.id
    assert await store.customer(first.id) == first
    assert await store.customer(CustomerId(new_id())) is None


async def test_the_same_words_in_another_medium_are_somebody_else(store: AnyStore) -> None:
    caller = await store.customer_at("447700900123", medium="voice", name=None, at=NOON)
    writer = await store.customer_at("447700900123", medium="sms", name=None, at=NOON)

    assert caller.id != writer.id


async def test_two_callers_at_once_make_one_customer(store: AnyStore) -> None:
    made = await asyncio.gather(
        *(store.customer_at("+447700900123", medium="voice", name=None, at=NOON) for _ in range(12))
    )

    assert len({customer.id for customer in made}) == 1


async def test_several_contacts_are_known_at_once_in_their_order(store: AnyStore) -> None:
    chris = await store.customer_at("+447700900123", medium="voice", name="Chris", at=NOON)
    contacts = [
        Contact("+447700900124", "voice", NOON), Contact("+447700900123", "voice", NOON),
        Contact("+447700900123", "sms", NOON), Contact("+447700900124", "voice", later(1)),
    ]  # fmt: skip

    found = await store.customers_at(contacts)

    assert [each.addresses for each in found] == [(each.address,) for each in contacts]
    assert found[1] == chris
    assert found[0].id == found[3].id, "who comes twice is made once"
    assert found[2].id not in (chris.id, found[0].id)
    assert [each.id for each in await store.customers_at(contacts)] == [each.id for each in found]


async def test_contacts_that_come_at_once_from_many_sides_make_each_customer_once(store: AnyStore) -> None:
    contacts = [Contact(f"+44770090{number:04}", "voice", NOON) for number in range(40)]
    rounds = await asyncio.gather(*(store.customers_at(contacts if turn % 2 else contacts[::-1]) for turn in range(8)))

    ids = {(each.addresses[0], each.id) for found in rounds for each in found}
    assert len(ids) == len(contacts)


async def test_an_anonymous_caller_is_no_customer(store: AnyStore) -> None:
    with pytest.raises(ValueError, match="anonymous"):
        await store.customer_at("", medium="voice", name=None, at=NOON)


async def test_the_timeline_tells_ended_interactions_newest_first(store: AnyStore) -> None:
    chris = await store.customer_at("+447700900123", medium="voice", name=None, at=NOON)
    oldest = an_interaction(Stage.ENDED, customer=chris.id, note="")
    newest = an_interaction(Stage.ENDED, customer=chris.id, arrived_at=later(100), ended_at=later(200))
    voicemail = an_interaction(
        Stage.ENDED, customer=chris.id, arrived_at=later(50), agent=None, entry=None, offer=None,
        answered_at=None, talk_ended_at=None, outcome=Outcome.VOICEMAIL, voicemail=a_voicemail(), note="Left word.",
    )  # fmt: skip
    live = an_interaction(Stage.TALKING, customer=chris.id)
    strangers = an_interaction(Stage.ENDED)
    everything = [oldest, newest, voicemail, live, strangers]
    await store.save([Change(interactions=everything, agents=[an_agent()])])

    timeline = await store.timeline(chris.id, at_most=2)

    assert [past.id for past in timeline] == [newest.id, voicemail.id]
    assert (timeline[0].talked, timeline[0].queue, timeline[0].agent) == (timedelta(seconds=60), "sales", "ana")
    assert (timeline[1].talked, timeline[1].queue, timeline[1].voicemail) == (timedelta(), None, a_voicemail())
    noted = await store.customer(chris.id)
    assert noted is not None
    assert noted.notes == (Note(later(200), ANA, "All well."), Note(later(120), None, "Left word."))


def _wrapped(agent: str, kind: Happened, seconds: float, **facts: float) -> JournalEntry:
    return JournalEntry(kind, later(seconds), InteractionId(new_id()), AgentId(agent), facts)


async def test_the_days_figures_come_from_the_journal(store: AnyStore) -> None:
    journal = [
        _wrapped("ana", Happened.WRAPPED_UP, -1, talk_s=999.0, wrap_s=99.0),
        _wrapped("ana", Happened.WRAPPED_UP, 10, talk_s=60.5, wrap_s=20.0),
        _wrapped("ana", Happened.WRAP_UP_TIMED_OUT, 20, talk_s=30.25, wrap_s=60.0),
        _wrapped("ana", Happened.DECLINED, 30),
        _wrapped("ana", Happened.RANG_OUT, 40),
        _wrapped("ana", Happened.PHONE_UNREACHABLE, 45),
        _wrapped("ben", Happened.WRAPPED_UP, 50, talk_s=5.0, wrap_s=5.0),
    ]
    await store.save([Change(journal=journal)])

    of = await store.day_figures({ANA, AgentId("ben"), AgentId("carla")}, since=NOON)

    assert (of[AgentId("ben")].handled, of.get(AgentId("carla"), DayFigures())) == (1, DayFigures())
    figures = of[ANA]
    assert (figures.handled, figures.missed) == (2, 2)
    assert (figures.talk, figures.wrap_up) == (timedelta(seconds=90.75), timedelta(seconds=80))
    assert figures.longest_talk == timedelta(seconds=60.5)


async def test_a_day_without_work_has_empty_figures(store: AnyStore) -> None:
    assert (await store.day_figures([ANA], since=NOON)).get(ANA, DayFigures()) == DayFigures()


async def test_only_the_right_password_is_right(store: AnyStore) -> None:
    await store.put_agents([an_agent_record("ana"), an_agent_record("ben")], at=NOON)
    await store.set_password(ANA, "pässwörd")

    assert await store.has_password(ANA)
    assert await store.check_password(ANA, "pässwörd")
    assert not await store.check_password(ANA, "pässwörd ")
    assert not await store.check_password(ANA, "")
    assert not await store.has_password(AgentId("ben"))
    assert not await store.check_password(AgentId("ben"), "")
    assert not await store.check_password(AgentId("nobody"), "pässwörd")


async def test_nobody_gets_no_password_and_no_session(store: AnyStore) -> None:
    with pytest.raises(Rejected, match="nobody"):
        await store.set_password(AgentId("nobody"), "x")
    with pytest.raises(Rejected, match="nobody"):
        await store.open_session(AgentId("nobody"), lasts=timedelta(hours=1), at=NOON)


async def test_a_session_is_open_until_it_expires_or_is_closed(store: AnyStore) -> None:
    await store.put_agents([an_agent_record()], at=NOON)
    short = await store.open_session(ANA, lasts=timedelta(seconds=60), at=NOON)
    long = await store.open_session(ANA, lasts=timedelta(hours=8), at=NOON)

    session = await store.session(short, at=later(59))

    assert session is not None
    assert (session.agent, session.expires_at) == (ANA, later(60))
    assert await store.session(short, at=later(60)) is None
    assert await store.session("made up", at=NOON) is None
    await store.close_session(long)
    await store.close_session(long)
    assert await store.session(long, at=later(1)) is None


async def test_of_many_sessions_those_that_are_over_are_told(store: AnyStore) -> None:
    await store.put_agents([an_agent_record(), an_agent_record("ben")], at=NOON)
    short = await store.open_session(ANA, lasts=timedelta(seconds=60), at=NOON)
    long = await store.open_session(ANA, lasts=timedelta(hours=8), at=NOON)
    bens = await store.open_session(AgentId("ben"), lasts=timedelta(hours=8), at=NOON)
    asked = {short, long, bens, "made up", HOSTILE}

    assert await store.closed_among(asked, at=later(59)) == {"made up", HOSTILE}
    assert await store.closed_among(asked, at=later(60)) == {short, "made up", HOSTILE}
    assert await store.closed_among([], at=NOON) == set()
    await store.put_agents([an_agent_record()], at=later(1))
    assert await store.closed_among([long, bens], at=later(2)) == {bens}


async def test_a_new_password_ends_the_sessions_of_the_old_one(store: AnyStore) -> None:
    await store.put_agents([an_agent_record()], at=NOON)
    await store.set_password(ANA, "old")
    token = await store.open_session(ANA, lasts=timedelta(hours=1), at=NOON)

    await store.set_password(ANA, "new")

    assert await store.session(token, at=later(1)) is None
    assert not await store.check_password(ANA, "old")


async def test_the_store_says_that_it_is_ready(store: AnyStore) -> None:
    assert (await store.health()).ready


async def test_a_name_that_is_told_later_is_the_customers_and_never_replaces_one(store: AnyStore) -> None:
    nameless = await store.customer_at("+447700900777", medium="voice", name=None, at=NOON)
    named = await store.customer_at("+447700900777", medium="voice", name="Chris", at=NOON)
    renamed = await store.customer_at("+447700900777", medium="voice", name="Mallory", at=NOON)

    assert (nameless.name, named.name, renamed.name) == (None, "Chris", "Chris")
    assert nameless.id == named.id == renamed.id


async def test_waits_that_ended_with_an_agent_are_told_with_what_was_expected(store: AnyStore) -> None:
    def accepted(seconds: float, **facts: Any) -> JournalEntry:
        return JournalEntry(Happened.ACCEPTED, later(seconds), InteractionId(new_id()), AgentId("ana"), facts)

    await store.save([
        Change(journal=[
            accepted(10, queue="sales", waited_s=12.5, by_queue_s=10.0),
            accepted(20, queue="sales", waited_s=30.0, by_queue_s=20.0, by_last_s=12.5),
            accepted(30, queue="support", waited_s=1.0),
            accepted(40, waited_s=1.0),
            JournalEntry(Happened.OFFERED, later(25), InteractionId(new_id()), AgentId("ana"), {"queue": "sales"}),
        ])
    ])  # fmt: skip

    told = await store.waits(since=later(0), until=later(35), at_most=2)

    assert list(told) == [
        WaitTold(QueueId("sales"), later(20), timedelta(seconds=30), 20.0, 12.5),
        WaitTold(QueueId("support"), later(30), timedelta(seconds=1)),
    ]


async def test_centre_goes_from_version_to_version(store: AnyStore) -> None:
    signed = Signed("dora", Source.PAGE, "why")
    assert (await store.centre_in_force(), await store.centre_number()) == (None, 0)

    first = await store.put_centre("name: A", signed, base=0, at=NOON)
    second = await store.put_centre("name: B", Signed("root", Source.CLI), base=1, at=later(1))

    assert (first.number, first.at, first.by, first.source, first.message, first.text) == (
        1, NOON, "dora", Source.PAGE, "why", "name: A",
    )  # fmt: skip
    assert await store.centre_in_force() == second
    assert await store.centre_number() == 2
    assert [await store.centre_version(number) for number in (1, 2, 3)] == [first, second, None]
    assert list(await store.centre_history(below=None, at_most=9)) == [second, first]
    assert list(await store.centre_history(below=2, at_most=9)) == [first]
    assert list(await store.centre_history(below=None, at_most=1)) == [second]


@pytest.mark.parametrize("base", [0, 2])
async def test_centre_that_was_planned_against_another_version_is_refused(store: AnyStore, base: int) -> None:
    await store.put_centre("name: A", Signed("dora", Source.PAGE), base=0, at=NOON)

    with pytest.raises(ChangedMeanwhile, match=r"version 1 by dora \(page\) is in force"):
        await store.put_centre("name: B", Signed("root", Source.CLI), base=base, at=NOON)

    assert await store.centre_number() == 1


async def test_centre_file_is_remembered(store: AnyStore) -> None:
    assert await store.centre_file_seen() is None
    await store.put_centre("a", Signed("the file", Source.FILE), base=0, at=NOON, from_file="a" * 64)
    assert await store.centre_file_seen() == "a" * 64
    await store.see_centre_file("b" * 64, at=NOON)
    assert await store.centre_file_seen() == "b" * 64


async def test_a_file_lives_as_long_as_the_message_in_which_it_is_sent(store: AnyStore) -> None:
    chat = a_chat(Stage.TALKING)
    sent, loose = (AttachedFile(new_id(), f"{n}.png", "image/png", b"\x89P", channel="web", address="v") for n in "ab")
    for file in (sent, loose):
        await store.keep_file(file, at=NOON)
        await store.keep_file(replace(file, data=b"another"), at=NOON)
    facts = FileFacts(sent.id, "a.png", "image/png", 2, None, "web", "v")
    assert await store.file_facts([new_id(), sent.id]) == [facts]
    message, again = (
        a_message(chat, "customer", "", key=key, details={"files": [{"number": 1, "id": sent.id, "name": "a.png"}]})
        for key in ("one", "two")
    )
    await store.save([Change([chat], [an_agent()], messages=[message])])
    await store.save([Change(messages=[again])])

    assert await store.file_facts([loose.id, sent.id]) == [
        FileFacts(loose.id, "b.png", "image/png", 2, None, "web", "v"), replace(facts, message=message.id)
    ]  # fmt: skip
    assert (await store.file(sent.id), (await store.message(message.id)).details) == (sent, message.details)
    agents = AttachedFile(new_id(), "c", "a/b", b"123", ANA)
    await store.keep_file(agents, at=later(1))
    assert await store.file(agents.id) == agents
    assert [await store.brought_since("web", whose, since=NOON) for whose in ("v", None, "w")] == [
        (2, 4), (2, 4), (0, 0)
    ]  # fmt: skip
    assert await store.brought_since("web", "v", since=later(1)) == (0, 0)


async def test_how_far_each_side_has_read_comes_back(store: AnyStore) -> None:
    before, now = a_chat(Stage.ENDED), replace(a_chat(Stage.TALKING), arrived_at=later(9))
    said = [a_message(each, "customer", "Hi", key=f"{n}") for n, each in enumerate((before, now, now))]
    await store.save([Change([before, now], [an_agent()], messages=said)])
    assert await store.read_by_agents("web", "visitor-1") is None
    marks = [ReadMark(each.interaction, Side.AGENT, each.id, later(n)) for n, each in enumerate(said)]
    await store.save([Change(reads=[marks[1]])])
    theirs = ReadMark(now.id, Side.CUSTOMER, said[1].id, NOON)
    await store.save([Change(reads=[marks[0]]), Change(reads=[marks[2], theirs])])

    assert await store.read_by_agents("web", "visitor-1") == said[2].id
    assert await store.read_by_agents("web", "visitor-2") is None
    assert sorted((await store.load()).reads, key=lambda each: each.side) == [marks[2], theirs]


async def test_transcripts_are_counted_by_visitor_address_and_channel(store: AnyStore) -> None:
    first, *others = [
        Asked(new_id(), channel, visitor, address, NOON)
        for channel, visitor, address in (
            ("web", "v1", "a@x"), ("web", "v1", "b@x"), ("web", "v2", "a@x"), ("other", "v1", "a@x"),
        )
    ]  # fmt: skip
    for asked in (first, first, *others):
        await store.keep_transcript(asked)
    assert await store.transcripts(first, since=NOON) == Counted(visitor=1, address=2, channel=2)
    assert await store.transcripts(replace(first, id=new_id()), since=NOON) == Counted(2, 3, 3)
    assert await store.transcripts(first, since=later(1)) == Counted(0, 0, 0)
