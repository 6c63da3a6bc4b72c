"""The bytes that an Asterisk sends while calls come in, are rung, talked and ended: recorded once, replayed at will."""

import uuid
from collections.abc import Iterator
from pathlib import Path

from trunkline.core.ids import AsteriskId, CallId, OfferId, interaction_id_of

ASTERISK = AsteriskId("trunkline")
AGENTS = 50
SEPARATOR = b"\r\n\r\n"
_TRANSCRIPTS = Path(__file__).parent.parent / "tests" / "telephony" / "transcripts"
_STORY = ("arrival", "agi_exec", "flow_to_waiting", "offer_answered_agent_hangs_up")
_CALL, _CHANNEL, _OFFER = b"trunkline-1795430455.5", b"demo-trunk-00000005", b"55a57dee-7e84-4792-97d0-cfc129bcbad0"
_LEG = b"trunkline-1795430455.6"
_INTERACTION, _AGENT_CHANNEL, _AGENT = b"6f1e2a34-0000-5000-8000-000000000001", b"ana-00000006", b"PJSIP/ana"
_BRIDGES = (
    b"26d6bb7b-45ce-49a6-8bd8-68915733d88b",
    b"a193f464-31f0-425e-9b16-08a6a856715d",
    b"2f71e998-0baf-4d57-bc0b-91536b6e33c9",
)


def story() -> list[bytes]:
    """Return the events of one call as they were recorded, without answers to actions (nobody asks here)."""
    text = b"".join((_TRANSCRIPTS / f"{name}.txt").read_bytes() for name in _STORY)
    return [block for block in text.split(SEPARATOR) if block.startswith(b"Event: ")]


def call_of(number: int) -> CallId:
    """Return the id of the nth call of a replay."""
    return CallId(ASTERISK, f"trunkline-1795430455.{number}")


def offer_of(number: int) -> OfferId:
    """Return the offer that rings the nth call's agent."""
    return OfferId(str(uuid.UUID(int=0x55A57DEE_7E84_4792_97D0_000000000000 + number)))


def agent_of(number: int) -> str:
    """Return the agent who takes the nth call: AGENTS calls are under way at any time."""
    return f"agent{number % AGENTS:02}"


def replay(calls: int) -> Iterator[bytes]:
    """Yield the events of so many calls, AGENTS of them at a time, an event of each in turn."""
    events = story()
    for first in range(0, calls, AGENTS):
        under_way = [_one(events, number) for number in range(first, min(first + AGENTS, calls))]
        for together in zip(*under_way, strict=True):
            yield from together


def _one(events: list[bytes], number: int) -> list[bytes]:
    call = call_of(number)
    swaps = [
        (_LEG, f"trunkline-1795430456.{number}".encode()),
        (_CALL, call.uniqueid.encode()),
        (_CHANNEL, f"demo-trunk-{number:08x}".encode()),
        (_OFFER, offer_of(number).encode()),
        (_INTERACTION, interaction_id_of(call).encode()),
        (_AGENT_CHANNEL, f"{agent_of(number)}-{number:08x}".encode()),
        (_AGENT, f"PJSIP/{agent_of(number)}".encode()),
        *((bridge, str(uuid.uuid5(uuid.UUID(bridge.decode()), str(number))).encode()) for bridge in _BRIDGES),
    ]
    whole = SEPARATOR.join(events)
    for old, new in swaps:
        whole = whole.replace(old, new)
    return whole.split(SEPARATOR)
