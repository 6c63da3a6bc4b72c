"""Put one switch's channels and phones, as AMI lists them, into one picture. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from trunkline.core.call import AgentLegSeen, Call, CallerSeen, Picture, Where
from trunkline.core.ids import AsteriskId, CallId, InteractionId, OfferId
from trunkline.telephony.translate import endpoint_of, has_phone, offer_of, stranger_name, stranger_text, variable

CONTEXTS: Mapping[str, Where] = {
    "from-trunk": Where.FLOW,
    "flow": Where.FLOW,
    "safe": Where.SAFE,
    "waiting": Where.WAITING,
    "after": Where.AFTER,
    "fallback": Where.FALLBACK,
    "transfer": Where.TRANSFER,
}
"""Our dialplan's contexts; a channel in any other is no caller of ours."""

STATUS = {"Action": "Status", "Variables": "TL_DIALLED,TL_TRUNK,TL_INTERACTION"}
DEVICES = {"Action": "DeviceStateList"}


def picture_of(
    asterisk: AsteriskId, channels: Iterable[Mapping[str, str]], devices: Iterable[Mapping[str, str]], at: datetime
) -> Picture:
    """Return the picture that the rows of STATUS and DEVICES make."""
    rows = [row for row in channels if row.get("Event") == "Status" and row.get("Uniqueid") and row.get("Channel")]
    offers: defaultdict[str, list[OfferId]] = defaultdict(list)
    bridged: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        if bridge := row.get("BridgeID", ""):
            offer = offer_of(row["Uniqueid"])
            bridged[bridge] += offer is None
            if offer is not None:
                offers[bridge].append(offer)
    callers = []
    legs = []
    for row in rows:
        bridge, offer = row.get("BridgeID", ""), offer_of(row["Uniqueid"])
        if offer is not None:
            interaction = variable(row, "TL_INTERACTION")
            legs.append(
                AgentLegSeen(
                    offer,
                    InteractionId(interaction) if interaction else None,
                    answered=row.get("ChannelStateDesc") == "Up",
                    joined=bool(bridge) and bridged[bridge] > 0,
                )
            )
        elif (where := _where(row)) is not None:
            with_offer = offers[bridge][0] if bridge and offers[bridge] else None
            if with_offer is not None:
                callers.append(_caller(asterisk, row, Where.TALKING, with_offer))
            elif not _is_called_by_us(row):
                callers.append(_caller(asterisk, row, where, None))
    return Picture(asterisk, at, tuple(callers), tuple(legs), reachable_phones(devices))


def _where(row: Mapping[str, str]) -> Where | None:
    where = CONTEXTS.get(row.get("Context", ""))
    return Where.OUTSIDE if where is Where.TRANSFER and row.get("BridgeID") else where


def _is_called_by_us(row: Mapping[str, str]) -> bool:
    """Whether this is the leg of somebody whom a trunk was asked to call: it was never dialled in."""
    return row.get("Context") == "from-trunk" and not variable(row, "TL_DIALLED")


def reachable_phones(devices: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Return the endpoints that have a phone, out of the rows of DEVICES."""
    return frozenset(
        endpoint for row in devices if (endpoint := endpoint_of(row)) is not None and has_phone(row.get("State"))
    )


def _caller(asterisk: AsteriskId, row: Mapping[str, str], where: Where, with_offer: OfferId | None) -> CallerSeen:
    return CallerSeen(
        Call(CallId(asterisk, row["Uniqueid"]), row["Channel"]),
        where,
        caller=stranger_text(row.get("CallerIDNum")),
        caller_name=stranger_name(row.get("CallerIDName")),
        dialled=variable(row, "TL_DIALLED"),
        trunk=variable(row, "TL_TRUNK"),
        with_offer=with_offer,
    )
