"""A relay (TURN, RFC 8656) for browsers that can send no UDP to the switch, and passwords for it that expire.

The relay and we share a secret, and nobody stores an account: the user's name says until when it is good, and the
password is that name's digest. This is what coturn calls `use-auth-secret`, from draft-uberti-behave-turn-rest-00.
"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

GOOD_FOR = timedelta(hours=24)
"""For so long a password lets somebody begin, and keep, a call by the relay."""
_URL = re.compile(
    r"turns?:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?(?:\?transport=(?:udp|tcp))?"
)  # RFC 7065 section 3.1


@dataclass(frozen=True, slots=True)
class RelayUrls:
    """The ways by which a relay is reached; written as a list with commas."""

    urls: tuple[str, ...] = ()

    @classmethod
    def read(cls, text: str) -> "RelayUrls":
        """Read a list; raises ValueError where one is no relay's URL."""
        urls = tuple(each.strip() for each in text.split(",") if each.strip())
        for url in urls:
            if _URL.fullmatch(url) is None:
                raise ValueError(f"{url} is no relay's URL: write turn:host:port?transport=udp or turns:host:port")
        return cls(urls)

    def __str__(self) -> str:
        """Return it as an admin writes it."""
        return ", ".join(self.urls)


def ice_servers(urls: Sequence[str], secret: str, user: str, *, at: datetime) -> Sequence[Mapping[str, Any]]:
    """Return a relay as the `iceServers` of a browser (WebRTC's RTCIceServer), good for `GOOD_FOR` from now."""
    name = f"{int((at + GOOD_FOR).timestamp())}:{user}"
    password = base64.b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode("ascii")
    return [{"urls": list(urls), "username": name, "credential": password}]
