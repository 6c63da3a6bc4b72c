"""Who a site says that its visitor is: a JSON Web Token (RFC 7519), signed with a secret that it shares with us."""

import hashlib
from dataclasses import dataclass

import jwt

from trunkline.core.errors import Rejected
from trunkline.core.mail_address import is_mail_address

LONGEST_TOKEN = 4096
LONGEST_SUBJECT = 200
_LONGEST_NAME = 80
_LEEWAY_S = 60
"""How far the site's clock may be from ours."""


class NotProven(Rejected):
    """A token that the site has not signed, or not for now; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A visitor as the site knows them: `subject` is its own name of theirs, and stays the same for good."""

    subject: str
    name: str
    phone: str = ""
    """Their number, of which the site is sure."""
    email: str = ""
    """Their email address, as far as the site knows it."""

    @property
    def address(self) -> str:
        """Their address here, on whatever device: it does not tell the subject."""
        return "user-" + hashlib.sha256(self.subject.encode()).hexdigest()[:24]


def identity_of(token: str, secret: str) -> Identity:
    """Return who a token is about; raises NotProven."""
    if len(token) > LONGEST_TOKEN:
        raise NotProven("the token is too long")
    try:
        # One algorithm: a token cannot choose a weaker one, or none.
        claims = jwt.decode(token, secret, algorithms=["HS256"], leeway=_LEEWAY_S, options={"require": ["exp", "sub"]})
    except jwt.PyJWTError as fault:
        raise NotProven(f"the token does not prove it: {fault}") from None
    # OpenID Connect Core 1.0 section 5.1 names these claims.
    subject, name, phone = claims["sub"], claims.get("name", ""), claims.get("phone_number", "")
    email = claims.get("email", "")
    if not (isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT):
        raise NotProven(f"`sub` has 1 to {LONGEST_SUBJECT} characters")
    if not (isinstance(name, str) and isinstance(phone, str) and isinstance(email, str)):
        raise NotProven("`name`, `phone_number` and `email` are text")
    return Identity(
        subject, " ".join(name.split())[:_LONGEST_NAME], phone[:_LONGEST_NAME],
        email if is_mail_address(email) else "",
    )  # fmt: skip
