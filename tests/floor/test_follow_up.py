"""Follow-ups: planned with the end of a contact, begun once they may, and never talking past anybody."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from tests.floor.conftest import Centre, open_floor
from tests.floor.test_text_desk import ANA, nobody_asks, says
from trunkline.core.centre import FollowUp
from trunkline.core.consent import Consent
from trunkline.core.customer import Customer
from trunkline.core.errors import Unavailable
from trunkline.core.follow_up import ANSWERED_WITHIN
from trunkline.core.hours import OpeningHours, Span
from trunkline.core.ids import CustomerId, InteractionId, QueueId, follow_up_id_of, new_id
from trunkline.core.interaction import Entry, Interaction, Outcome, Stage, Work
from trunkline.core.journal import Happened
from trunkline.core.opt_out import OptOut
from trunkline.floor.contacts import Contacts
from trunkline.floor.follow_up import WHILE_BUSY
from trunkline.floor.state import Profile
from trunkline.ports.channel import ConversationId, Gone, Said
from trunkline.ports.store import Change

__all__ = ["nobody_asks"]

SURVEY = """flow: survey
media: [chat, sms, email]
start: score
steps:
  score: {rate: "How was it?", save: score, no_answer: {tries: 1}, next: tips}
  tips: {consent: tips, given: "{score >= 4}", next: over}
  over: {end: Thank you.}
"""
DRIP = """flow: drip
media: [chat, sms]
start: first
steps:
  first: {say: Tip one., next: rest}
  rest: {wait: 14d, ANSWERED next: second}
  second: {say: Tip two., next: over}
  people: {queue: sales}
  over: {end: }
"""
AFTER = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def flows(world: SimpleNamespace) -> None:
    folder = world.folder / "flows"
    (folder / "survey.yaml").write_text(SURVEY, encoding="utf-8")
    (folder / "drip.yaml").write_text(DRIP.replace("ANSWERED", "answered: people,"), encoding="utf-8")


def follows_up(centre: Centre, *rules: FollowUp) -> None:
    """Let the queue Sales have these follow-ups."""
    queues = centre.floor.centre.queues
    sales = replace(queues[QueueId("sales")], follow_ups=rules)
    centre.floor.centre = replace(centre.floor.centre, queues={**queues, QueueId("sales"): sales})


async def talked(centre: Centre, of: str = "visitor-1", disposition: str = "resolved") -> Interaction:
    """A chat with Ana from beginning to end."""
    await centre.ready("ana")
    await says(centre, "Hi", of=of, key=new_id())
    talking = await taken(centre)
    await centre.desk.wrap_up(ANA, talking.id, disposition, "")
    await centre.settled()
    return talking


async def taken(centre: Centre) -> Interaction:
    """What is offered to Ana is in her hands."""
    [offered] = centre.floor.offered_to(ANA)
    assert offered.offer is not None
    await centre.desk.accept(ANA, offered.offer.id)
    await centre.settled()
    return centre.floor.interaction(offered.id)


async def passes(centre: Centre, time: timedelta) -> None:
    await centre.forward(time.total_seconds())
    await centre.settled()


def follow_up(centre: Centre, of: Interaction, flow: str = "survey") -> Interaction:
    return centre.store.interactions[follow_up_id_of(of.id, flow)]


def whys(centre: Centre, kind: Happened = Happened.FOLLOW_UP_DROPPED) -> Sequence[str]:
    return [each.facts["why"] for each in centre.store.happened(kind)]


async def test_a_survey_follows_in_the_same_conversation_and_its_score_is_about_the_agent(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER))
    done = await talked(centre)
    assert (follow_up(centre, done).stage, follow_up(centre, done).outcome) == (Stage.SCHEDULED, None)
    assert "How was it?" not in centre.chat.texts("visitor-1")
    await passes(centre, AFTER)
    assert centre.chat.texts("visitor-1")[-1] == "How was it?"
    await says(centre, "5")
    assert centre.chat.texts("visitor-1")[-1] == "Thank you."
    [rated] = centre.store.happened(Happened.RATED)
    assert rated.facts == {
        "flow": "survey", "question": "score", "score": 5,
        "about": {"interaction": done.id, "queue": "sales", "agent": "ana"},
    }  # fmt: skip
    assert follow_up(centre, done).outcome is Outcome.ENDED_IN_FLOW
    consent = centre.store.consents["chat", "visitor-1", "tips"]
    assert (consent.given, consent.how) == (True, f"survey/tips of {follow_up(centre, done).id}")


async def test_a_caller_is_asked_by_text_message_and_who_has_no_address_is_not(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER), FollowUp("drip", AFTER, "email"))
    done = await talked(centre)
    caller = replace(
        done,
        id=InteractionId(new_id()),
        medium="voice",
        address=replace(done.address, raw="+447700900123", e164="+447700900123"),
    )
    [asked], journal = centre.follow_ups.planned(caller, "resolved")
    assert (asked.medium, asked.dialled, asked.address.raw) == ("sms", "text", "+447700900123")
    assert [each.facts.get("why") for each in journal] == [None, "no_address"]
    customer = Customer(CustomerId("c1"), "Margaret", ("+447700900123", "M@Home.example"))
    centre.floor.profiles[caller.id] = Profile(customer)
    mail = centre.follow_ups.planned(caller, "resolved")[0][1]
    assert (mail.dialled, mail.address.raw, mail.thread) == ("post", "m@home.example", mail.id)


async def test_only_the_outcomes_that_are_named(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER, dispositions=frozenset({"sold"})))
    done = await talked(centre)
    assert follow_up_id_of(done.id, "survey") not in centre.store.interactions


async def test_who_wants_nothing_is_not_asked_whatever_they_consented_to(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER, consent="tips"))
    done, at = await talked(centre), centre.clock.now()
    centre.floor.commit(
        consents=[Consent("chat", "visitor-1", "tips", True, at, "by hand")],
        opt_outs=[OptOut("chat", "visitor-1", at)],
    )
    await passes(centre, AFTER)
    assert whys(centre) == ["do_not_contact"]
    assert follow_up(centre, done).outcome is Outcome.NOT_ASKED


@pytest.mark.parametrize(("given", "begins"), [(None, False), (False, False), (True, True)])
async def test_where_consent_is_asked_for_the_latest_word_counts(
    centre: Centre, given: bool | None, begins: bool
) -> None:
    follows_up(centre, FollowUp("survey", AFTER, consent="tips"))
    done, at = await talked(centre), centre.clock.now()
    words = [Consent("chat", "visitor-1", "tips", not given, at, "before")] if given is not None else []
    for consent in words + ([replace(words[0], given=given)] if given is not None else []):
        await centre.floor.commit(consents=[consent])
    await passes(centre, AFTER)
    assert (follow_up(centre, done).stage is Stage.IN_FLOW) is begins
    assert list(whys(centre)) == ([] if begins else ["no_consent"])


async def test_nobody_has_it_more_often_than_is_said(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER, at_most_every=timedelta(days=1)))
    for again in range(3):
        await talked(centre)
        await passes(centre, AFTER)
        if not again:
            await says(centre, "4")
        await passes(centre, timedelta(hours=11) if again else timedelta(hours=1))
    assert centre.chat.texts("visitor-1").count("How was it?") == 1
    assert list(whys(centre)) == ["asked_lately", "asked_lately"]
    await passes(centre, timedelta(days=1))
    await talked(centre)
    await passes(centre, AFTER)
    assert centre.chat.texts("visitor-1").count("How was it?") == 2


async def test_while_it_waits_it_is_nobodys_conversation_and_begins_when_theirs_is_over(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER))
    done = await talked(centre)
    await says(centre, "One more thing")
    talking = await taken(centre)
    assert talking.id not in (done.id, follow_up(centre, done).id)
    await passes(centre, AFTER)
    assert whys(centre, Happened.FOLLOW_UP_PUT_OFF) == ["in_touch"]
    assert follow_up(centre, done).stage is Stage.SCHEDULED
    follows_up(centre)
    await centre.desk.wrap_up(ANA, talking.id, "resolved", "")
    await passes(centre, WHILE_BUSY)
    assert follow_up(centre, done).stage is Stage.IN_FLOW


async def test_a_channel_writes_in_its_hours_and_what_is_too_late_is_not_asked(centre: Centre) -> None:
    opens = centre.clock.now() + timedelta(hours=20)
    calendar = OpeningHours(UTC, {opens.weekday(): (Span(_minute(opens), _minute(opens) + 60),)})
    centre.floor.centre = replace(centre.floor.centre, hours={"support": calendar})
    follows_up(centre, FollowUp("survey", AFTER))
    await centre.ready("ana")
    line = ConversationId("line", "+447700900123")
    await centre.texts.told(Said(line, "Hi", centre.clock.now(), "1"))
    await centre.settled()
    text = next(each for each in centre.floor.interactions.values() if each.dialled == "line")
    entry = Entry(QueueId("sales"), centre.clock.now())
    planned, _ = centre.follow_ups.planned(replace(text, entry=entry), "resolved")
    await centre.texts.told(Gone(line, centre.clock.now()))
    centre.floor.commit(interactions=planned)
    await passes(centre, AFTER)
    [asked] = planned
    put_off = centre.floor.interaction(asked.id).follows
    assert put_off is not None
    assert (put_off.due_at, whys(centre, Happened.FOLLOW_UP_PUT_OFF)) == (opens, ["hours"])
    assert follow_up(centre, replace(text)).stage is Stage.SCHEDULED


def _minute(at: datetime) -> int:
    return at.hour * 60 + at.minute


async def test_a_drip_goes_on_after_its_rest_and_through_a_restart(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        follows_up(first, FollowUp("drip", AFTER))
        done = await talked(first)
        await passes(first, AFTER)
        assert first.chat.texts("visitor-1")[-1] == "Tip one."
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await passes(second, timedelta(days=14))
        assert second.chat.texts("visitor-1") == ["Tip two."]
        assert follow_up(second, done, "drip").outcome is Outcome.ENDED_IN_FLOW


async def test_who_answers_a_drip_comes_where_it_says(centre: Centre) -> None:
    follows_up(centre, FollowUp("drip", AFTER))
    done = await talked(centre)
    await passes(centre, AFTER)
    await says(centre, "How do I do that?")
    assert follow_up(centre, done, "drip").stage is Stage.OFFERED
    await passes(centre, timedelta(days=20))
    assert "Tip two." not in centre.chat.texts("visitor-1")


async def test_who_writes_in_a_rest_that_does_not_listen_begins_a_conversation_of_their_own(
    centre: Centre, world: SimpleNamespace
) -> None:
    (world.folder / "flows" / "drip.yaml").write_text(
        DRIP.replace("ANSWERED", "").replace("  people: {queue: sales}\n", ""), encoding="utf-8"
    )
    centre.load_flows()
    follows_up(centre, FollowUp("drip", AFTER))
    done = await talked(centre)
    await passes(centre, AFTER)
    await says(centre, "How do I do that?")
    assert follow_up(centre, done, "drip").outcome is Outcome.ENDED_IN_FLOW
    assert centre.chat.texts("visitor-1")[-1] == "Welcome to Acme."


@pytest.mark.parametrize("killed_after", ["planned", "due"])
async def test_a_service_that_is_killed_asks_once(world: SimpleNamespace, killed_after: str) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        follows_up(first, FollowUp("survey", AFTER))
        done = await talked(first)
        if killed_after == "due":
            first.clock.forward(AFTER.total_seconds())  # its time comes, and nothing comes of it any more
    if killed_after == "planned":
        world.clock.forward(AFTER.total_seconds())
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await second.settled()
        assert follow_up(second, done).stage is Stage.IN_FLOW
        asked = [each for each in second.store.messages.values() if each.text == "How was it?"]
        assert len(asked) == 1
        assert second.store.happened(Happened.FOLLOW_UP_PLANNED)[0].facts["of"] == done.id
        assert len(second.store.happened(Happened.FOLLOW_UP_BEGAN)) == 1


@pytest.mark.parametrize("last", range(1, 22))
async def test_killed_after_any_commit_nothing_is_lost_and_nothing_doubled(world: SimpleNamespace, last: int) -> None:
    """The database takes so many groups of changes; then the service is killed, and the next one goes on."""
    save, taken_, stuck = world.store.save, 0, asyncio.Event()

    async def saving(changes: Sequence[Change]) -> None:
        nonlocal taken_
        taken_ += 1
        if taken_ > last:
            stuck.set()
            await asyncio.Event().wait()
        await save(changes)

    async def story(centre: Centre) -> None:
        follows_up(centre, FollowUp("survey", AFTER))
        await talked(centre)
        await passes(centre, AFTER)
        await says(centre, "5")
        stuck.set()

    world.store.save = saving
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        telling = asyncio.create_task(story(first))
        await stuck.wait()
        await first.settled()
        telling.cancel()
    world.store.save = save
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        await passes(second, AFTER)
        ended = [each for each in world.store.interactions.values() if each.outcome is Outcome.HANDLED]
        planned = second.store.happened(Happened.FOLLOW_UP_PLANNED)
        assert [entry.facts["of"] for entry in planned] == [each.id for each in ended]
        begun = second.store.happened(Happened.FOLLOW_UP_BEGAN)
        assert [entry.interaction for entry in begun] == [entry.interaction for entry in planned]
        asked = [each for each in world.store.messages.values() if each.text == "How was it?"]
        assert len(asked) == len(begun)
        if begun and not second.store.happened(Happened.RATED):
            await says(second, "5", key="again")
        assert len(second.store.happened(Happened.RATED)) == len(begun)


async def test_a_question_waits_for_days_on_chat_too_and_who_does_not_answer_is_left_in_peace(centre: Centre) -> None:
    follows_up(centre, FollowUp("survey", AFTER))
    done = await talked(centre)
    await passes(centre, AFTER)
    said = len(centre.chat.sent)
    await passes(centre, ANSWERED_WITHIN - timedelta(seconds=1))
    assert follow_up(centre, done).stage is Stage.IN_FLOW
    await passes(centre, timedelta(seconds=1))
    assert follow_up(centre, done).outcome is Outcome.ENDED_IN_FLOW
    assert centre.store.happened(Happened.ENDED_IN_FLOW)[-1].facts == {"by": "unanswered"}
    assert len(centre.chat.sent) == said
    await says(centre, "Hello again", key=new_id())
    assert centre.chat.texts("visitor-1")[-1] == "Welcome to Acme."


@pytest.mark.parametrize("wish", ["stop", "withdrawn"])
async def test_a_drip_ends_when_it_is_wanted_no_more(centre: Centre, wish: str) -> None:
    follows_up(centre, FollowUp("drip", AFTER, consent="tips"))
    agreed = Consent("chat", "visitor-1", "tips", given=True, at=centre.clock.now(), how="")
    await centre.floor.commit(consents=[agreed])
    done = await talked(centre)
    await passes(centre, AFTER)
    assert centre.chat.texts("visitor-1")[-1] == "Tip one."
    if wish == "stop":
        await centre.floor.commit(opt_outs=[OptOut("chat", "visitor-1", centre.clock.now())])
    else:
        await centre.floor.commit(consents=[replace(agreed, given=False)])
    await passes(centre, timedelta(days=14))
    assert centre.chat.texts("visitor-1")[-1] == "Tip one."
    assert follow_up(centre, done, "drip").outcome is Outcome.ENDED_IN_FLOW
    why = "do_not_contact" if wish == "stop" else "no_consent"
    assert centre.store.happened(Happened.ENDED_IN_FLOW)[-1].facts == {"by": why}


async def test_a_rest_that_ends_at_night_goes_on_by_day_and_through_a_restart(world: SimpleNamespace) -> None:
    async with open_floor(world.folder, world.store, world.clock, world.switch) as first:
        follows_up(first, FollowUp("drip", AFTER))
        done = await talked(first)
        line = replace(done, id=InteractionId(new_id()), medium="sms", dialled="line", thread="")
        interactions, journal = first.follow_ups.planned(line, "resolved")
        await first.floor.commit(interactions=[line, *interactions], journal=journal)
        await first.floor.commit(interactions=[replace(line, stage=Stage.ENDED, ended_at=first.clock.now())])
        await passes(first, AFTER)
        assert first.line.texts() == ["Tip one."]
        no_mondays = {day: spans for day, spans in first.floor.centre.hours["support"].week.items() if day}
        support = replace(first.floor.centre.hours["support"], week=no_mondays)
        first.floor.centre = replace(first.floor.centre, hours={"support": support})
        await passes(first, timedelta(days=14))  # a Monday
        assert first.line.texts() == ["Tip one."]
    async with open_floor(world.folder, world.store, world.clock, world.switch) as second:
        second.floor.centre = replace(second.floor.centre, hours={"support": support})
        await passes(second, timedelta(hours=12))
        assert second.line.texts() == []
        await passes(second, timedelta(hours=12))
        assert second.line.texts() == ["Tip two."]


@pytest.mark.parametrize("when", ["due", "rest"])
async def test_a_database_that_is_away_is_asked_again(centre: Centre, when: str) -> None:
    follows_up(centre, FollowUp("drip", AFTER, consent="tips"))
    agreed = Consent("chat", "visitor-1", "tips", given=True, at=centre.clock.now(), how="")
    await centre.floor.commit(consents=[agreed])
    await talked(centre)
    if when == "rest":
        await passes(centre, AFTER)
    has_consented, before = centre.store.has_consented, list(centre.chat.texts("visitor-1"))

    async def away(*_: str) -> bool:
        raise Unavailable("the database is away")

    centre.store.has_consented = away  # type: ignore[method-assign]
    await passes(centre, AFTER if when == "due" else timedelta(days=14))
    assert centre.chat.texts("visitor-1") == before
    centre.store.has_consented = has_consented  # type: ignore[method-assign]
    await passes(centre, timedelta(seconds=30))
    assert centre.chat.texts("visitor-1")[len(before) :] == ["Tip one." if when == "due" else "Tip two."]


async def test_neither_a_follow_up_nor_a_message_that_was_left_is_followed_up(centre: Centre) -> None:
    follows_up(centre, FollowUp("drip", AFTER))
    await talked(centre)
    await passes(centre, AFTER)
    await says(centre, "How do I do that?")
    asked = await taken(centre)
    await centre.desk.wrap_up(ANA, asked.id, "resolved", "")
    await centre.settled()
    assert len(centre.store.happened(Happened.FOLLOW_UP_PLANNED)) == 1
    left = replace(asked, follows=None, work=Work.VOICEMAIL, entry=Entry(QueueId("sales"), centre.clock.now()))
    assert centre.follow_ups.planned(left, "resolved") == ([], [])
    assert centre.follow_ups.planned(replace(left, work=Work.CALL), "resolved")[0] != []


@pytest.mark.parametrize("given", ["{'no'}", "{customer.agreed}", "{1}"])
async def test_what_is_neither_yes_nor_no_is_no_consent_and_takes_none_back(
    centre: Centre, world: SimpleNamespace, given: str
) -> None:
    text = SURVEY.replace("{score >= 4}", given)
    (world.folder / "flows" / "survey.yaml").write_text(text, encoding="utf-8")
    centre.load_flows()
    follows_up(centre, FollowUp("survey", AFTER))
    await talked(centre)
    await passes(centre, AFTER)
    await says(centre, "5")
    assert centre.chat.texts("visitor-1")[-1] == "Thank you."
    assert centre.store.consents == {}


async def test_one_whose_flow_is_gone_is_dropped(centre: Centre) -> None:
    follows_up(centre, FollowUp("nothing", AFTER))
    done = await talked(centre)
    await passes(centre, AFTER)
    assert whys(centre) == ["no_flow"]
    assert follow_up(centre, done, "nothing").outcome is Outcome.NOT_ASKED


async def test_what_admins_write_down_is_taken_over_once_and_is_in_the_journal(centre: Centre) -> None:
    contacts, at = Contacts(centre.floor, centre.store), centre.clock.now()
    for wanted, purpose in ((False, None), (True, "tips")):
        await centre.store.put_wish("chat", "visitor-1", wanted=wanted, purpose=purpose, by="root", at=at)
    for _ in range(2):
        await contacts.follow()
    assert ("chat", "visitor-1") in centre.floor.opted_out
    assert await centre.store.has_consented("chat", "visitor-1", "tips")
    [stopped] = centre.store.happened(Happened.OPTED_OUT)
    [agreed] = centre.store.happened(Happened.CONSENT_CHANGED)
    assert (stopped.facts["by"], agreed.facts["purpose"], centre.store.wished) == ("root", "tips", [])
    await centre.store.put_wish("chat", "visitor-1", wanted=True, purpose=None, by="root", at=at)
    await contacts.follow()
    assert ("chat", "visitor-1") not in centre.floor.opted_out
