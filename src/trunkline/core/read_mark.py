"""Up to where each side of a conversation has read what the other wrote."""

from datetime import datetime

from trunkline.core.ids import InteractionId, MessageId
from trunkline.core.message import Side
from trunkline.core.record import record


@record
class ReadMark:
    """The last message of the other side that `side`, the customer or an agent, has had before their eyes."""

    interaction: InteractionId
    side: Side
    message: MessageId
    at: datetime
