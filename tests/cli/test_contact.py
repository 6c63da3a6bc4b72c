"""`trunkline contact`: what somebody told by phone or letter, written down for the service."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from click.testing import CliRunner

from tests.builders import NOON, a_chat, later
from tests.fakes.memory_store import MemoryStore
from trunkline.cli.contact import command
from trunkline.core.centre_version import Signed, Source
from trunkline.core.consent import Consent
from trunkline.core.errors import Unavailable
from trunkline.core.ids import InteractionId, new_id
from trunkline.core.interaction import Address, Follows, Interaction, Outcome, Stage
from trunkline.core.opt_out import OptOut
from trunkline.ports.store import Change

CALLER = "+447700900123"


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> MemoryStore:
    store = MemoryStore()

    @asynccontextmanager
    async def opened(_settings: object) -> AsyncIterator[MemoryStore]:
        yield store

    monkeypatch.setattr("trunkline.cli.contact.opened", opened)
    monkeypatch.setattr("trunkline.cli.contact.user", lambda: "root")
    return store


def typed(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(command, words)
    return done.exit_code, done.output


@pytest.mark.parametrize(
    ("words", "wish", "told"),
    [
        (["stop", CALLER], ("sms", CALLER, False, None), f"{CALLER} is not written to on sms"),
        (["allow", "Chris@Example.org"], ("email", "chris@example.org", True, None), "is written to on email"),
        (["consent", CALLER, "tips"], ("sms", CALLER, True, "tips"), f"{CALLER} agrees to tips on sms"),
        (["withdraw", CALLER, "tips"], ("sms", CALLER, False, "tips"), f"{CALLER} does not agree to tips on sms"),
        (["stop", "visitor-1", "--medium", "chat"], ("chat", "visitor-1", False, None), "visitor-1 is not written to"),
    ],
)
def test_a_wish_is_written_down_with_who_did_it(
    store: MemoryStore, words: list[str], wish: tuple[str, str, bool, str | None], told: str
) -> None:
    code, printed = typed(*words)
    [written] = store.wished
    assert (code, (written.medium, written.address, written.wanted, written.purpose)) == (0, wish)
    assert written.by == "root"
    assert told in printed


def test_national_numbers_are_those_of_the_centres_country(store: MemoryStore) -> None:
    assert typed("stop", "07700 900123") == (
        2, 'trunkline: "07700 900123" is no telephone number: write it with + and the country\n'
    )  # fmt: skip
    text = "name: A\nregion: GB\nqueues: {a: {title: A}}\ndispositions: [{code: a, title: A}]\n"
    text += "reasons: [{code: a, title: A}]\n"
    asyncio.run(store.put_centre(text, Signed("root", Source.CLI, ""), base=0, at=NOON))
    assert typed("stop", "07700 900123")[0] == 0
    assert store.wished[0].address == CALLER


@pytest.mark.parametrize(
    "words",
    [["stop", "not an@address"], ["stop", "hello"], ["consent", CALLER, "two words"], ["stop"], ["consent", CALLER]],
)
def test_what_makes_no_sense_is_refused_and_nothing_written(store: MemoryStore, words: list[str]) -> None:
    assert typed(*words)[0] == 2
    assert store.wished == []


def a_follow_up(stage: Stage, at: int) -> Interaction:
    follows = Follows(InteractionId(new_id()), "survey", later(600), later(600))
    outcome = {"outcome": Outcome.NOT_ASKED, "ended_at": later(601)} if stage is Stage.ENDED else {}
    address = Address(CALLER, CALLER)
    return a_chat(stage, address=address, arrived_at=later(at), stage_since=later(602), follows=follows, **outcome)


def test_all_that_is_known_of_an_address_is_shown(store: MemoryStore) -> None:
    change = Change(
        interactions=[a_follow_up(stage, at) for at, stage in enumerate((Stage.IN_FLOW, Stage.ENDED, Stage.SCHEDULED))],
        opt_outs=[OptOut("sms", CALLER, NOON)],
        consents=[
            Consent("sms", CALLER, "surveys", True, NOON, "main/agreed of i"),
            Consent("sms", CALLER, "tips", False, NOON, "written down by root"),
        ],
    )
    asyncio.run(store.save([change]))
    typed("allow", CALLER)

    code, told = typed("show", CALLER)

    assert (code, told.splitlines()) == (
        0,
        [
            "sms: not written to since 2026-11-23 12:00",
            "sms: agreed to surveys on 2026-11-23 12:00 (main/agreed of i)",
            "sms: does not agree to tips on 2026-11-23 12:00 (written down by root)",
            "chat: survey due 2026-11-23 12:10",
            "chat: survey not asked 2026-11-23 12:10",
            "chat: survey in flow 2026-11-23 12:10",
            f"waits for a service: {CALLER} is written to on sms, written down by root",
        ],
    )
    as_json = json.loads(typed("show", CALLER, "--json")[1])
    assert [each["stands"] for each in as_json["follow_ups"]] == ["scheduled", "not_asked", "in_flow"]
    assert (as_json["stopped"][0]["medium"], len(as_json["consents"]), as_json["waiting"][0]["wanted"]) == (
        "sms", 2, True
    )  # fmt: skip


def test_nothing_is_told_of_whom_nothing_is_known(store: MemoryStore) -> None:
    assert typed("show", CALLER) == (0, f"nothing is known of {CALLER}\n")
    assert typed("show", "visitor-1") == (0, "nothing is known of visitor-1\n")


def test_a_database_that_is_away_is_told(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.away = True
    for words in (["show", CALLER], ["stop", CALLER]):
        code, told = typed(*words)
        assert code == 2
        assert str(Unavailable("the database is away")) in told
