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


@record
class Wish:
    """What an admin wrote down for somebody who told it by phone or letter; a service takes it over.

    Without a `purpose` it is about everything on that medium: `wanted` False is do-not-contact, True ends that.
    """

    id: int
    at: datetime
    by: str
    medium: str
    address: str
    wanted: bool
    purpose: str | None = None
