"""Records that are changed by a copy, many thousand times a second.

`dataclasses.replace` looks every field up by name and calls `__init__`: for a record of twenty fields that is more than
all the rest of a decision. A frozen dataclass without slots can be copied whole.
"""

from typing import Any, TypeVar

Record = TypeVar("Record")


def changed(record: Record, **changes: Any) -> Record:
    """Return a frozen dataclass with other values in some fields; the record itself stays as it is.

    For classes without `__slots__` and `__post_init__`. Raises TypeError for a field that the record does not have.
    """
    fields = {**record.__dict__, **changes}
    if len(fields) != len(record.__dict__):
        raise TypeError(f"{type(record).__name__} has no {', '.join(sorted(changes.keys() - record.__dict__.keys()))}")
    copy = object.__new__(type(record))
    object.__setattr__(copy, "__dict__", fields)
    return copy
