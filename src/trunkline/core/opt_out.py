"""Who wants nothing more on a medium: they sent STOP there, or their provider says so."""

from datetime import datetime

from trunkline.core.record import record


@record(slots=False)
class OptOut:
    """Somebody's wish to be written to no more, or, `ended`, to be written to again."""

    medium: str
    address: str
    at: datetime
    ended: bool = False
