"""The three roots of everything that goes wrong.

TrunklineFault
├── Rejected       understood, refused, nothing changed
├── Unavailable    a part of the world failed; `retry` says whether trying again can help
└── Misconfigured  an admin must act; the message says how
"""


class TrunklineFault(Exception):  # noqa: N818 - the three roots below name roles, not mistakes
    """Every error that Trunkline raises on purpose."""


class Rejected(TrunklineFault):
    """Understood and refused; nothing has changed."""


class Unavailable(TrunklineFault):
    """A port failed to do its part."""

    def __init__(self, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.retry = retry


class Misconfigured(TrunklineFault):
    """Only an admin can cure this; the message says how."""
