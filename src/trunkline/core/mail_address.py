"""Email addresses, as anybody has them."""

import re

_IN_NONE = re.compile(r"[\s,;:<>()\[\]\"\\\x00-\x1f\x7f]")


def is_mail_address(text: str) -> bool:
    """Whether this can be an address (RFC 5321), without the quoted forms that nobody has."""
    local, at, domain = text.rpartition("@")
    return bool(at and local and domain) and len(text) <= 254 and not _IN_NONE.search(text)
