"""How the garbage collector is to behave: in a service that must never hold a call up, in a command that ends soon."""

import gc

_YOUNG, _MIDDLE, _OLD = 10_000, 50, 50
"""Objects made before the young are looked through, and how often that before the older ones are."""


_HARDLY = 200_000


def leave_garbage_lie() -> None:
    """Hardly look at all: what a command makes of files is a tree, and is gone with the command in a second."""
    gc.set_threshold(_HARDLY, _MIDDLE, _OLD)


def keep_garbage_short() -> None:
    """Let the collector pass over all that exists now, and look at what is made later seldom and briefly.

    To be called once everything is made that stays. A decision makes some dozens of objects that die with the call, and
    hardly any circles: with Python's own thresholds (700, 10, 10) a fifth of the time at a busy hour goes into looking.
    A look at so many young ones, which is all there is most of the time, takes about three milliseconds.
    """
    gc.unfreeze()  # what stayed before need not stay for ever: a service that was taken over is made anew
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
