"""Conversations by mail: to whoever had them, few, plain, and once."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.floor.conftest import Centre
from tests.floor.test_files_and_marks import brings
from tests.floor.test_text_desk import ANA, accepts, nobody_asks, says
from trunkline.core.errors import Unavailable
from trunkline.core.opt_out import OptOut
from trunkline.floor import transcripts
from trunkline.floor.transcripts import MOST_OF_ONE, MOST_TO_ONE, Transcripts, inert
from trunkline.ports.channel import ConversationId

__all__ = ["nobody_asks"]
CHRIS = "chris@home.example"
VISITOR = ConversationId("chat", "visitor-1")
LINK = re.compile(r"https?://|www\.|[\w-]+\.[a-z]{2,}|\w@\w", re.IGNORECASE)


@pytest.fixture
def sends(centre: Centre) -> Transcripts:
    return Transcripts(centre.floor, centre.store, centre.store, centre.outbox, {"chat": "post"})


async def talked(centre: Centre, of: str = "visitor-1", said: str = "Hi") -> None:
    await centre.ready("ana")
    await says(centre, said, of=of)
    talking = await accepts(centre, of=of)
    await centre.text_desk.say(ANA, talking.id, "See https://acme.example/help", key="1")
    await centre.settled()


async def test_a_conversation_is_sent_as_plain_text_in_which_the_visitors_links_are_none(
    centre: Centre, sends: Transcripts
) -> None:
    await talked(centre, said="Look at https://evil.example/a and www.evil.example\nor mail me@evil.example")
    await brings(centre, "pic.png")
    assert await sends.send(VISITOR, " Chris@Home.example", key="t1", language="en") is None
    await centre.settled()

    [out] = centre.post.given
    assert (out.address, out.details) == (CHRIS, {"subject": "Your conversation with Acme"})
    lead, _, said = out.text.partition("\n\n")
    assert "asked for it" in lead
    lines = said.splitlines()
    assert [each[6:] for each in lines if each[2:3] == ":"] == [
        "Visitor: Look at https[:]//evil[.]example/a and www[.]evil[.]example",
        "Automatic: Welcome to Acme.",
        f"{centre.floor.centre.agents[ANA].name}: See https://acme.example/help",
        "Visitor: [pic[.]png]",
    ]
    assert "    or mail me[@]evil[.]example" in lines


async def test_the_same_request_is_one_mail_through_restarts(centre: Centre, sends: Transcripts) -> None:
    await talked(centre)
    for _ in range(3):
        assert await sends.send(VISITOR, CHRIS, key="t1", language="en") is None
    again = Transcripts(centre.floor, centre.store, centre.store, centre.outbox, {"chat": "post"})
    assert await again.send(VISITOR, CHRIS, key="t1", language="en") is None
    await centre.settled()
    assert len(centre.post.given) == 1


async def test_only_conversations_in_which_an_agent_wrote_are_sent_and_of_those_the_latest(
    centre: Centre, sends: Transcripts
) -> None:
    await says(centre, "Hi")
    assert await sends.send(VISITOR, CHRIS, key="t1", language="en") == "nothing"
    await talked(centre, of="visitor-2", said="My secret")
    assert await sends.send(VISITOR, CHRIS, key="t1", language="en") == "nothing"
    assert centre.store.requests == {}


@pytest.mark.parametrize("to", ["", "chris", "a@b c", "a@b.example\r\nBcc: d@e.example", "a@b,c@d"])
async def test_what_is_no_address_gets_nothing(centre: Centre, sends: Transcripts, to: str) -> None:
    await talked(centre)
    assert await sends.send(VISITOR, to, key="t1", language="en") == "no_address"


async def test_who_wants_nothing_more_gets_nothing(centre: Centre, sends: Transcripts) -> None:
    await talked(centre)
    await centre.floor.commit(opt_outs=[OptOut("email", CHRIS, centre.clock.now())])
    assert await sends.send(VISITOR, CHRIS, key="t1", language="en") == "wants_nothing"


async def test_nobody_has_too_many_sent(centre: Centre, sends: Transcripts, monkeypatch: pytest.MonkeyPatch) -> None:
    await talked(centre)
    for number in range(MOST_OF_ONE):
        assert await sends.send(VISITOR, f"{number}@home.example", key=f"{number}", language="en") is None
    assert await sends.send(VISITOR, CHRIS, key="more", language="en") == "too_many"
    await talked(centre, of="visitor-2")
    other = ConversationId("chat", "visitor-2")
    for number in range(MOST_TO_ONE - 1):
        assert await sends.send(other, "0@home.example", key=f"{number}", language="en") is None
    assert await sends.send(other, "0@home.example", key="more", language="en") == "too_many"
    monkeypatch.setattr(transcripts, "MOST_OF_ALL", 5)
    assert await sends.send(other, CHRIS, key="more", language="en") == "too_many"
    centre.clock.forward(86_401)
    assert await sends.send(other, CHRIS, key="more", language="en") is None


async def test_while_the_database_is_away_it_is_to_be_asked_again(centre: Centre, sends: Transcripts) -> None:
    await talked(centre)
    centre.store.away = True
    with pytest.raises(Unavailable):
        await sends.send(VISITOR, CHRIS, key="t1", language="en")
    centre.store.away = False
    assert await sends.send(VISITOR, CHRIS, key="t1", language="en") is None


@given(
    st.text(alphabet="abc.@:/\u3002 \n\u202e\0", max_size=40)
    | st.from_regex(r"(https?://)?[a-z]{1,9}(\.[a-z]{2,5}){1,3}/?")
)
def test_nothing_in_what_a_visitor_wrote_can_be_clicked(text: str) -> None:
    safe = inert(text)
    assert LINK.search(safe) is None
    assert not set("\u202e\0") & set(safe)


@pytest.mark.parametrize("text", ["It costs 3.50, thanks.", "Yes... no", "1.2.2027 at 10.30", "Grüße\nmehr"])
def test_words_stay_as_they_are(text: str) -> None:
    assert inert(text) == text
