"""What somebody has consented to be written about, or has not any more. Whoever wants nothing at all is an opt-out."""

from datetime import datetime

from trunkline.core.record import record


@record
class Consent:
    """A customer's word on one purpose, at one address: `how` says where they gave it."""

    medium: str
    address: str
    purpose: str
    given: bool
    at: datetime
    how: str
