"""How long somebody is going to wait, and how far such a guess has been off."""

from datetime import timedelta


def expected_wait(position: int, *, handling: timedelta | None, agents: int) -> timedelta | None:
    """Return the wait to expect at a place in line: `position` handlings shared by `agents`, or None when unknown.

    Each of `agents` ends a contact every `handling` on average, so that the queue moves up once every
    `handling / agents`; for exponential handling times this is the mean of the wait given that all are busy.
    """
    if handling is None or agents < 1:
        return None
    return handling * position / agents
