"""Somebody's address, and all that is known of what may be sent there."""

from collections.abc import Sequence
from datetime import datetime

from trunkline.core.consent import Consent, Wish
from trunkline.core.opt_out import OptOut
from trunkline.core.record import record


@record
class FollowedUp:
    """A follow-up to an address: by which flow, and how it stands (scheduled, in_flow …, or its outcome)."""

    medium: str
    flow: str
    stands: str
    at: datetime
    """When it is due, or when it came to stand so."""


@record
class Contacted:
    """What is known of an address that messages go to."""

    opt_outs: Sequence[OptOut] = ()
    consents: Sequence[Consent] = ()
    follow_ups: Sequence[FollowedUp] = ()
    """The latest first."""
    waiting: Sequence[Wish] = ()
    """What an admin wrote down and no service has taken over yet."""
