"""Records that are made, and changed by a copy, many thousand times a second.

A frozen dataclass sets each field by a call, which makes it cost four times what one costs that is not frozen; and
`dataclasses.replace` looks every field up by name: for a record of twenty fields that is more than all the rest of a
decision. So these are frozen for the type checker, which sees all that we write, and copied whole.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform, overload

Record = TypeVar("Record")


@overload
def record(cls: type[Record], /) -> type[Record]: ...
@overload
def record(*, slots: bool = True, order: bool = False) -> Callable[[type[Record]], type[Record]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[Any] | None = None, /, *, slots: bool = True, order: bool = False) -> Any:
    """Make a dataclass that nobody changes: hashable, and frozen as far as the type checker sees.

    Without `slots` it can be copied by `changed`.
    """
    make = dataclass(slots=slots, order=order, unsafe_hash=True)
    return make if cls is None else make(cls)


def changed(record: Record, **changes: Any) -> Record:
    """Return a record with other values in some fields; the record itself stays as it is.

    For classes without `__slots__` and `__post_init__`. Raises TypeError for a field that the record does not have.
    """
    fields = record.__dict__ | changes
    if len(fields) != len(record.__dict__):
        raise TypeError(f"{type(record).__name__} has no {', '.join(sorted(changes.keys() - record.__dict__.keys()))}")
    copy = object.__new__(type(record))
    copy.__dict__ = fields
    return copy
