"""The answer to a SIP registrar's or proxy's challenge (RFC 2617 section 3.2.2, MD5, with and without qop=auth)."""

import hashlib
import re
from dataclasses import dataclass

_PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Credentials:
    """A SIP account's user name and password."""

    user: str
    password: str


def _md5(text: str) -> str:
    return hashlib.md5(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def answer(challenge: str, credentials: Credentials, *, method: str, uri: str, cnonce: str) -> str | None:
    """Return the value of Authorization for a challenge; None when it asks for what we cannot do."""
    scheme, _, rest = challenge.strip().partition(" ")
    asked = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
    if scheme.lower() != "digest" or "nonce" not in asked or asked.get("algorithm", "MD5").upper() != "MD5":
        return None
    offered = {kind.strip() for kind in asked["qop"].split(",")} if "qop" in asked else set()
    if offered and "auth" not in offered:
        return None
    realm, nonce = asked.get("realm", ""), asked["nonce"]
    ha1, ha2 = _md5(f"{credentials.user}:{realm}:{credentials.password}"), _md5(f"{method}:{uri}")
    middle = f"{nonce}:00000001:{cnonce}:auth" if offered else nonce
    parts = [
        f'username="{credentials.user}"',
        f'realm="{realm}"',
        f'nonce="{nonce}"',
        f'uri="{uri}"',
        f'response="{_md5(f"{ha1}:{middle}:{ha2}")}"',
        "algorithm=MD5",
    ]
    if "opaque" in asked:
        parts.append(f'opaque="{asked["opaque"]}"')
    if offered:
        parts += ["qop=auth", "nc=00000001", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(parts)
