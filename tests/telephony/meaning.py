"""What one event means, found as the connection finds it: by the event's name."""

from collections.abc import Mapping
from datetime import datetime

from trunkline.ports.call_control import CallEvent
from trunkline.telephony.translate import Taken, Translator


def meaning_of(translator: Translator, message: Mapping[str, str], at: datetime) -> CallEvent | Taken | None:
    """Return what an event means; None where it means nothing by itself."""
    meaning = translator.meanings.get(message.get("Event", ""))
    return meaning(message, at) if meaning is not None else None
