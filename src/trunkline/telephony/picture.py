"""Put one switch's channels and phones, as AMI lists them, into one picture. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Picture, Where
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.telephony.header import (
    endpoint_of,
    has_phone,
    offer_of,
    stranger_name,
    stranger_text,
    variable,
)

CONTEXTS: Mapping[str, Where] = {
    "from-trunk": Where.FLOW,
    "visitors": Where.FLOW,
    "flow": Where.FLOW,
    "safe": Where.SAFE,
    "waiting": Where.WAITING,
    "after": Where.AFTER,
    "fallback": Where.FALLBACK,
    "transfer": Where.TRANSFER,
}
"""Our dialplan's contexts; a channel in any other is no caller of ours."""

_CALLED_FROM = frozenset({"from-trunk", "visitors"})

STATUS = {"Action": "Status"}
"""Each row carries the variables that every event carries, `channelvars` in manager.conf."""
DEVICES = {"Action": "DeviceStateList"}


class _Row(NamedTuple):
    """One channel: what is asked of every row is looked up once, for a busy switch lists thousands."""

    headers: Mapping[str, str]
    uniqueid: str
    bridge: str
    offer: OfferId | None


def picture_of(
    asterisk: AsteriskId, channels: Iterable[Mapping[str, str]], devices: Iterable[Mapping[str, str]], at: datetime
) -> Picture:
    """Return the picture that the rows of STATUS and DEVICES make."""
    rows = [row for channel in channels if (row := _row(channel)) is not None]
    offers: defaultdict[str, list[OfferId]] = defaultdict(list)
    bridged: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        if row.bridge:
            bridged[row.bridge] += row.offer is None
            if row.offer is not None:
                offers[row.bridge].append(row.offer)
    callers = []
    legs = []
    for row in rows:
        if row.offer is not None:
            legs.append(_leg(row, row.offer, joined=bool(row.bridge) and bridged[row.bridge] > 0))
        elif (where := _where(row)) is not None:
            with_offer = offers[row.bridge][0] if row.bridge in offers else None
            if with_offer is not None:
                callers.append(_caller(asterisk, row, Where.TALKING, with_offer))
            elif not _is_called_by_us(row):
                callers.append(_caller(asterisk, row, where, None))
    return Picture(asterisk, at, tuple(callers), tuple(legs), reachable_phones(devices))


def _row(headers: Mapping[str, str]) -> _Row | None:
    uniqueid = headers.get("Uniqueid", "")
    if headers.get("Event") != "Status" or not uniqueid or not headers.get("Channel"):
        return None
    return _Row(headers, uniqueid, headers.get("BridgeID", ""), offer_of(headers))


def _leg(row: _Row, offer: OfferId, *, joined: bool) -> AgentLegSeen:
    interaction = variable(row.headers, "TL_INTERACTION")
    return AgentLegSeen(
        offer,
        InteractionId(interaction) if interaction else None,
        answered=row.headers.get("ChannelStateDesc") == "Up",
        joined=joined,
        channel=row.headers["Channel"],
    )


def _where(row: _Row) -> Where | None:
    where = CONTEXTS.get(row.headers.get("Context", ""))
    return Where.OUTSIDE if where is Where.TRANSFER and row.bridge else where


def _is_called_by_us(row: _Row) -> bool:
    """Whether this is the leg of somebody whom a trunk, or a browser, was asked to call: it was never dialled in."""
    return row.headers.get("Context") in _CALLED_FROM and not variable(row.headers, "TL_DIALLED")


def reachable_phones(devices: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the endpoints that have a phone, out of the rows of DEVICES."""
    return frozenset(
        endpoint for row in devices if (endpoint := endpoint_of(row)) is not None and has_phone(row.get("State"))
    )


def _caller(asterisk: AsteriskId, row: _Row, where: Where, with_offer: OfferId | None) -> CallerSeen:
    return CallerSeen(
        Call(CallId(asterisk, row.uniqueid), row.headers["Channel"]),
        where,
        caller=stranger_text(row.headers.get("CallerIDNum")),
        caller_name=stranger_name(row.headers.get("CallerIDName")),
        dialled=variable(row.headers, "TL_DIALLED"),
        trunk=variable(row.headers, "TL_TRUNK"),
        with_offer=with_offer,
    )
