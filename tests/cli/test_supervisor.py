"""What the supervisor makes of a service's `/healthz`."""

import pytest

from trunkline.cli.supervisor import lacking_parts, stands_by

ALL = {name: {"ready": True, "detail": ""} for name in ("dispatcher", "database", "centre", "flows", "sounds")}
LACKS = {"ready": False, "detail": "stands by; 4711@web-1 serves"}


def test_a_service_that_lacks_nothing_but_the_lease_stands_by() -> None:
    assert stands_by(ALL | {"dispatcher": LACKS})
    assert lacking_parts(ALL | {"dispatcher": LACKS}) == "dispatcher (stands by; 4711@web-1 serves)"


@pytest.mark.parametrize(
    "parts",
    [
        ALL,
        ALL | {"dispatcher": LACKS, "flows": LACKS},
        ALL | {"flows": LACKS},
        # It is about to serve.
        ALL | {"dispatcher": {"ready": False, "detail": "takes over"}},
        # It serves, and could not renew its lease.
        ALL | {"dispatcher": LACKS, "switch": {"ready": True, "detail": ""}},
    ],
)
def test_any_other_service_does_not(parts: dict[str, dict[str, object]]) -> None:
    assert not stands_by(parts)
