"""What the channels file says of a mailbox."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from trunkline.channels.rest import CarriedShape
from trunkline.core.mail_address import is_mail_address

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$", max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
_CLOSED = ConfigDict(extra="forbid", frozen=True, strict=True)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_PORTS = {"imap": {"tls": 993, "starttls": 143, "none": 143}, "smtp": {"tls": 465, "starttls": 587, "none": 25}}
LONGEST_LOCAL = 14
"""Characters before the @ of an address that takes a token: RFC 5321 allows 64 with it."""


class ServerShape(BaseModel):
    """A mail server."""

    model_config = _CLOSED

    host: Host
    port: Port | None = None
    security: Literal["tls", "starttls", "none"] = "tls"

    @model_validator(mode="after")
    def _is_safe(self) -> "ServerShape":
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ValueError("security: none is for a server on this machine: the password would go over the network")
        return self

    def port_for(self, protocol: str) -> int:
        """Return its port, or the protocol's own."""
        return self.port or _PORTS[protocol][self.security]


class OAuthShape(BaseModel):
    """Where tokens come from; the refresh token stands in the password's place."""

    model_config = _CLOSED

    token_url: str
    client_id: Annotated[str, Field(min_length=1, max_length=300)]

    @field_validator("token_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if not parts.hostname or not (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        ):
            raise ValueError("must begin with https://, for a secret goes there")
        return value


class EmailShape(CarriedShape):
    """A mailbox of ours."""

    kind: Literal["email"]
    address: str
    name: Annotated[str, Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    imap: ServerShape
    smtp: ServerShape
    folder: Annotated[str, Field(min_length=1, max_length=200)] = "INBOX"
    user: str | None = None
    smtp_login: bool = True
    password_env: str | None = None
    password_file: str | None = None
    oauth: OAuthShape | None = None
    client_secret_env: str | None = None
    client_secret_file: str | None = None
    reply_token: bool = False
    verdict_by: str | None = None
    format: Literal["plain", "rich"] = "plain"
    signature: Annotated[str, Field(max_length=2000)] = ""
    password: str = Field(default="", repr=False)
    """The secrets themselves, once they are read; never in the file."""
    client_secret: str = Field(default="", repr=False)

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if not is_mail_address(value) or not value.isascii():
            raise ValueError("must be an address such as support@acme.example")
        return value.lower()

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> "EmailShape":
        if self.password or self.client_secret:
            raise ValueError("a password does not belong in this file: name where it is kept, password_env or _file")
        if (self.password_env is None) == (self.password_file is None):
            raise ValueError("give exactly one of password_env and password_file: where the mailbox's password is kept")
        if self.client_secret_env is not None and self.client_secret_file is not None:
            raise ValueError("give one of client_secret_env and client_secret_file")
        if self.reply_token and len(self.address.partition("@")[0]) > LONGEST_LOCAL:
            raise ValueError(f"reply_token needs an address with at most {LONGEST_LOCAL} characters before the @")
        return self
