"""Named queries out of the `.sql` files: SQL is read, coloured and run by database tools, and found by its name."""

import re
from collections.abc import Mapping
from importlib import resources

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def queries(noun: str) -> Mapping[str, str]:
    """Return the queries of `sql/<noun>.sql` by name; each begins with a line `-- name --`."""
    text = resources.files(__package__).joinpath("sql", f"{noun}.sql").read_text("utf-8")
    _, *parts = _NAME.split(text)
    return dict(zip(parts[::2], parts[1::2], strict=True))
