"""The names of mails that we send: each Message-ID is signed, so that an answer to it is known for one."""

import hmac
import re
from base64 import b32encode
from hashlib import sha256

from trunkline.core.ids import MessageId

_OURS = re.compile(r"^([0-9a-f]{32})\.([a-z2-7]{16})@")
_PLUS = re.compile(r"\+([0-9a-f]{32})\.([a-z2-7]{16})@")


def _signature(secret: bytes, channel: str, name: str) -> str:
    digest = hmac.new(secret, f"{channel}/{name}".encode(), sha256).digest()
    return b32encode(digest[:10]).decode().lower()


def message_id(secret: bytes, channel: str, id_: MessageId, domain: str) -> str:
    """Return the Message-ID of a mail of ours, without angle brackets, the same however often it is sent."""
    name = id_.replace("-", "")
    return f"{name}.{_signature(secret, channel, name)}@{domain}"


def reply_address(secret: bytes, channel: str, id_: MessageId, address: str) -> str:
    """Return our address with the token of a mail in it, as `support+TOKEN@` (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    name = id_.replace("-", "")
    return f"{local}+{name}.{_signature(secret, channel, name)}@{domain}"


def mail_named(secret: bytes, channel: str, message_id: str) -> MessageId | None:
    """Return which mail of ours a Message-ID names, None where we never gave it."""
    return _verified(secret, channel, _OURS.match(message_id.lower()))


def mail_addressed(secret: bytes, channel: str, address: str) -> MessageId | None:
    """Return which mail of ours an address that somebody wrote to names, None where it names none."""
    return _verified(secret, channel, _PLUS.search(address.lower()))


def _verified(secret: bytes, channel: str, found: re.Match[str] | None) -> MessageId | None:
    if found is None:
        return None
    name, signature = found.groups()
    if not hmac.compare_digest(signature, _signature(secret, channel, name)):
        return None
    return MessageId(f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{name[20:]}")
