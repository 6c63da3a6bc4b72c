"""A phone's SIP account, made from one secret: nobody has to store or remember a password."""

import base64
import hashlib
import hmac

REALM = "trunkline"
"""The digest realm of every account."""


def sip_password(agent_secret: bytes, endpoint: str) -> str:
    """Return the SIP password of an endpoint (`ana`, `ana-web`): 20 characters of URL-safe base64.

    Another `agent_secret` makes every password another.
    """
    digest = hmac.digest(agent_secret, f"sip:{endpoint}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest)[:20].decode("ascii")


def sip_ha1(endpoint: str, password: str) -> str:
    """Return what the registrar stores in place of the password: HA1 of RFC 2617 section 3.2.2.2, in lower-case hex."""
    return hashlib.md5(f"{endpoint}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()
