"""What PostgreSQL keeps of mails, and how soon it finds them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import NOON, a_chat, an_agent, an_interaction
from trunkline.core.draft import Draft, ended
from trunkline.core.ids import AgentId, MessageId, new_id
from trunkline.core.message import Message, Side
from trunkline.core.outgoing import Outgoing, put_off
from trunkline.ports.files import AttachedFile, FileFacts
from trunkline.ports.mails import KeptMail, KnownMail
from trunkline.ports.store import Change
from trunkline.store.database import Database
from trunkline.store.postgres import PostgresStore
from trunkline.store.queries import queries

CHRIS, DANA = "chris@home.example", "dana@home.example"
_MANY = """
INSERT INTO mail (id, channel, thread, message_id, address, incoming, automatic, at, raw)
SELECT gen_random_uuid(), 'mail', 'thread' || n % 20000, n || '@home', 'a' || n % 5000 || '@home', n % 3 > 0, n % 2 = 0,
       timestamptz '2026-11-01' + n * interval '1 second', ''
FROM generate_series(1, 60000) AS n;
"""


def a_mail(name: str, *, thread: str = "t1", address: str = CHRIS, incoming: bool = True, **more: bool) -> KeptMail:
    automatic = more.get("automatic", False)
    return KeptMail(MessageId(new_id()), "mail", thread, name, address, incoming, automatic, NOON, b"\0\xffraw")


async def test_a_mail_comes_back_whole_and_the_first_of_two_stays(database: Database) -> None:
    store = PostgresStore(database)
    mail = a_mail("1@home")
    await store.keep_mail(mail)
    await store.keep_mail(KeptMail(mail.id, "mail", "other", "x", DANA, False, True, NOON, b"another"))
    assert await store.mail(mail.id) == mail
    assert await store.mail(MessageId(new_id())) is None


async def test_a_thread_is_found_by_the_mails_in_it_and_known_by_who_opened_it(database: Database) -> None:
    store = PostgresStore(database)
    for mail in (a_mail("1@home"), a_mail("2@acme", incoming=False), a_mail("3@home", address=DANA)):
        await store.keep_mail(mail)
    await store.keep_mail(a_mail("4@home", thread="t2"))
    known = await store.known_mails("mail", ["2@acme", "3@home", "nobody@home"])
    assert known == {"2@acme": KnownMail("t1", CHRIS, False, CHRIS), "3@home": KnownMail("t1", CHRIS, True, DANA)}
    assert await store.known_mails("other", ["2@acme"]) == {}
    latest = [await store.latest_mail("mail", "t1"), await store.latest_mail("mail", "t1", incoming=True)]
    assert [each and each.message_id for each in latest] == ["3@home", "3@home"]
    assert await store.latest_mail("mail", "none") is None


async def test_what_flows_sent_to_an_address_is_counted(database: Database) -> None:
    store = PostgresStore(database)
    for mail in (
        a_mail("1", incoming=False, automatic=True), a_mail("2", incoming=False), a_mail("3", automatic=True),
        a_mail("4", incoming=False, automatic=True, address=DANA),
    ):  # fmt: skip
        await store.keep_mail(mail)
    assert await store.automatic_mails("mail", CHRIS, since=NOON) == 1
    assert await store.automatic_mails("mail", CHRIS, since=NOON + timedelta(seconds=1)) == 0


async def test_a_mailbox_is_read_to_where_it_was_left(database: Database) -> None:
    store = PostgresStore(database)
    assert await store.read_to("mail") is None
    await store.have_read("mail", 7, 41)
    await store.have_read("mail", 4_294_967_295, 3)
    assert await store.read_to("mail") == (4_294_967_295, 3)


async def test_files_are_kept_for_a_week(database: Database) -> None:
    store = PostgresStore(database)
    file = AttachedFile(new_id(), "a.pdf", "application/pdf", b"%PDF", AgentId("ana"))
    await store.keep_file(file, at=NOON)
    assert await store.file(file.id) == file
    later = AttachedFile(new_id(), "b.pdf", "application/pdf", b"", AgentId("ana"))
    await store.keep_file(later, at=NOON + timedelta(days=8))
    assert (await store.file(file.id), await store.file(later.id)) == (None, later)


async def test_what_is_known_of_files_comes_without_what_is_in_them(database: Database) -> None:
    store = PostgresStore(database)
    one, other = (AttachedFile(new_id(), name, "a/b", b"%PDF" * 3, AgentId("ana")) for name in ("a", "b"))
    for each in (one, other):
        await store.keep_file(each, at=NOON)

    assert await store.file_facts([one.id, new_id()]) == [FileFacts(one.id, "a", "a/b", 12, AgentId("ana"))]
    assert await store.file_facts([]) == []


async def test_details_and_threads_come_back(database: Database) -> None:
    store = PostgresStore(database)
    mail = an_interaction(medium="email", thread="t1")
    details = {"subject": "Ördér", "files": [{"name": "a", "size": 3}]}
    message = Message(MessageId(new_id()), mail.id, NOON, Side.CUSTOMER, "Hi", details=details)
    out = Outgoing(MessageId(new_id()), "mail", CHRIS, "Hello", NOON, mail.id, details={"by": "ana", "cc": [DANA]})
    await store.save([Change(interactions=[mail], messages=[message], outgoing=[out])])
    await store.save([Change(outgoing=[put_off(out, "away", at=NOON)])])
    situation = await store.load()
    assert [each.thread for each in situation.interactions if each.id == mail.id] == ["t1"]
    assert [each.details for each in situation.messages if each.id == message.id] == [details]
    assert [each.details for each in situation.outgoing if each.id == out.id] == [out.details]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("known", ("mail", ["7@home"])),
        ("latest", ("mail", "thread7", True)),
        ("automatic_to", ("mail", "a2@home", NOON)),
    ],
)
async def test_mails_are_found_by_their_indexes(database: Database, name: str, arguments: tuple[object, ...]) -> None:
    await database.rows(_MANY)
    await database.rows("ANALYZE mail")
    plan = await database.row(f"EXPLAIN (FORMAT JSON) {queries('mail')[name]}", *arguments)
    assert plan is not None
    assert "Seq Scan" not in json.dumps(plan["QUERY PLAN"])


async def test_one_message_comes_back(database: Database) -> None:
    store = PostgresStore(database)
    mail = an_interaction(medium="email")
    message = Message(MessageId(new_id()), mail.id, NOON, Side.CUSTOMER, "Hi", details={"files": []})
    await store.save([Change(interactions=[mail], messages=[message])])
    assert await store.message(message.id) == message
    assert await store.message(MessageId(new_id())) is None


async def test_a_huge_mail_is_kept_whole(database: Database) -> None:
    store = PostgresStore(database)
    huge = replace(a_mail("1@home"), raw=bytes(range(256)) * (30 * 4096))
    await store.keep_mail(huge)
    assert await store.mail(huge.id) == huge


async def test_no_draft_of_an_interaction_that_is_over_is_kept(database: Database) -> None:
    store, chat = PostgresStore(database), a_chat()
    draft = Draft(chat.id, AgentId("ana"), NOON, 1, "Half a")
    await store.save([Change([chat], [an_agent()], drafts=[draft])])
    assert [dict(row) for row in await database.rows("SELECT version, text FROM draft")] == [
        {"version": 1, "text": "Half a"}
    ]

    await store.save([Change(drafts=[ended(draft)])])

    assert await database.rows("SELECT FROM draft") == []
