"""What single headers of Asterisk's events say. Pure."""

import re
from collections.abc import Mapping
from functools import lru_cache

from trunkline.core.ids import OfferId
from trunkline.telephony.encode import clean
from trunkline.telephony.wire import first_of, setting_of

LONGEST_TEXT = 256
"""Characters kept of what a caller can choose."""
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_C_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

ORIGINATE_ID = "ring/"
"""The ActionID of the Originate that rings an offer is this and the offer's id."""
OFFER = "TL_OFFER"
"""The channel variable that says whose leg this is: the offer's id. It comes first of those that an event carries."""
_OFFER_IS = re.compile(OFFER + r"=[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OFFER_AT = len(OFFER) + 1
_PJSIP = "PJSIP/"
_PJSIP_AT = len(_PJSIP)
_NO_PHONE = frozenset({"UNAVAILABLE", "INVALID", "UNKNOWN"})


def offer_of(message: Mapping[str, str]) -> OfferId | None:
    """Return the offer whose leg this event or row of Status is about; None where the channel is no agent's leg."""
    told = first_of(message, "ChanVariable")
    # Most channels are callers', whose variable is empty.
    return _offer_named(told) if len(told) > _OFFER_AT else None


@lru_cache(maxsize=10_000)
def _offer_named(told: str) -> OfferId | None:
    return OfferId(told[_OFFER_AT:]) if _OFFER_IS.fullmatch(told) else None


def originated(message: Mapping[str, str]) -> OfferId | None:
    """Return the offer of whose Originate an OriginateResponse tells: one that failed may have had no channel."""
    action = message.get("ActionID", "")
    return OfferId(action.removeprefix(ORIGINATE_ID)) if action.startswith(ORIGINATE_ID) else None


def stranger_text(value: str | None) -> str:
    """Return what a caller chose, safe to keep: no control characters, at most LONGEST_TEXT; empty when not given."""
    return "" if value is None or value == "<unknown>" else clean(value, at_most=LONGEST_TEXT)


def stranger_name(value: str | None) -> str:
    r"""Return a caller's display name as they wrote it.

    AMI escapes names as C does (`ast_escape_c_alloc` in manager_channels.c), and below that Asterisk leaves the quoted
    pairs of SIP (`\"`, RFC 3261 section 25.1) in them.
    """
    if not value or "\\" not in value:
        return stranger_text(value)
    plain = _ESCAPED.sub(lambda found: _C_ESCAPES.get(found[1], found[1]), value)
    return _ESCAPED.sub(r"\1", stranger_text(plain))


def variable(message: Mapping[str, str], name: str) -> str:
    """Return a channel variable that an event carries (`channelvars` in manager.conf), empty when it does not."""
    told = setting_of(message, "ChanVariable", name)
    if told is None:
        told = setting_of(message, "Variable", name)
    return clean(told, at_most=LONGEST_TEXT) if told else ""


def endpoint_of(message: Mapping[str, str]) -> str | None:
    """Return the SIP endpoint whose device state this is; None for other devices (queues, mailboxes)."""
    device = message.get("Device", "")
    return device[_PJSIP_AT:] or None if device.startswith(_PJSIP) else None


def has_phone(state: str | None) -> bool:
    """Whether an endpoint in this device state has a phone registered."""
    return state not in _NO_PHONE
