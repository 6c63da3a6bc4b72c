"""The channels file: each channel by its name, read with every mistake at once, each with its place."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from trunkline.channels.email.shape import EmailShape, Host, Port
from trunkline.channels.rest import CarriedShape, RestShape, Words
from trunkline.channels.webchat.wire import is_origin
from trunkline.flows.problem import Problem, Severity, serves
from trunkline.flows.shape import shaped
from trunkline.flows.source import MOST_BYTES, Node, read

Line = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]


class WebChatShape(RestShape):
    """A web chat: what its window says, and the sites that may have it. Our own pages always may."""

    kind: Literal["webchat"]
    title: Line = "Chat with us"
    origins: tuple[str, ...] = ()
    transcript: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The email channel by which visitors can have their conversation."""
    browser_calls: bool = False
    """Whether visitors may talk by their browsers."""
    secret_env: str | None = None
    secret_file: str | None = None
    secret: str = Field(default="", repr=False)
    """The secret itself, once it is read; never in the file."""

    @field_validator("origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        if not isinstance(value, list):
            raise ValueError("must be a list of sites such as https://shop.example")  # noqa: TRY004 - pydantic's way
        wrong = [each for each in value if not (isinstance(each, str) and is_origin(each))]
        if wrong:
            raise ValueError(f"{wrong[0]!r} is no site: write it as browsers do, such as https://shop.example")
        return tuple(value)

    @model_validator(mode="after")
    def _keeps_its_secret(self) -> "WebChatShape":
        if self.secret:
            raise ValueError("a secret does not belong in this file: name where it is kept, secret_env or secret_file")
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("give one of secret_env and secret_file: where what sites sign with is kept")
        return self


class TwilioShape(CarriedShape):
    """Text messages by Twilio, or by a provider with the same interface."""

    kind: Literal["twilio"]
    account: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
    sender: Annotated[str, Field(pattern=r"^(\+[0-9]{7,15}|MG[A-Za-z0-9]{4,62}|[0-9]{3,8})$")]
    token_env: str | None = None
    token_file: str | None = None
    api: str = "https://api.twilio.com"
    help: Words | None = None
    stopped: Words | None = None
    started: Words | None = None
    token: str = Field(default="", repr=False)
    """The secret itself, once it is read; never in the file."""

    @field_validator("api")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
        except ValueError:
            raise ValueError("must be an address such as https://api.twilio.com") from None
        here = parts.hostname in ("127.0.0.1", "::1", "localhost")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise ValueError("must begin with https://, for the token goes there")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_a_token(self) -> "TwilioShape":
        if self.token:
            raise ValueError("a token does not belong in this file: name where it is kept, token_env or token_file")
        if (self.token_env is None) == (self.token_file is None):
            raise ValueError("give exactly one of token_env and token_file: where the account's auth token is kept")
        return self


class SmppShape(CarriedShape):
    """Text messages by SMPP, at a carrier's message centre."""

    kind: Literal["smpp"]
    host: Host
    port: Port = 2775
    security: Literal["tls", "none"] = "tls"
    system_id: Annotated[str, Field(min_length=1, max_length=15, pattern=r"^[\x21-\x7e]+$")]
    system_type: Annotated[str, Field(max_length=12, pattern=r"^[\x20-\x7e]*$")] = ""
    sender: Annotated[str, Field(pattern=r"^(\+[0-9]{7,15}|[0-9]{3,8}|[A-Za-z0-9 ._-]{1,11})$")]
    password_env: str | None = None
    password_file: str | None = None
    help: Words | None = None
    stopped: Words | None = None
    started: Words | None = None
    password: str = Field(default="", repr=False)
    """The secret itself, once it is read; never in the file."""

    @model_validator(mode="after")
    def _has_a_password(self) -> "SmppShape":
        if self.password:
            raise ValueError("a password does not belong in this file: name where it is kept, password_env or _file")
        if (self.password_env is None) == (self.password_file is None):
            raise ValueError("give exactly one of password_env and password_file: where the account's password is kept")
        return self


Shape = WebChatShape | TwilioShape | EmailShape | SmppShape
_SHAPES: Mapping[str, type[WebChatShape] | type[TwilioShape] | type[EmailShape] | type[SmppShape]] = {
    "webchat": WebChatShape,
    "twilio": TwilioShape,
    "smpp": SmppShape,
    "email": EmailShape,
}
_SECRETS = {
    "webchat": {"secret": 32},
    "twilio": {"token": 1},
    "smpp": {"password": 1},
    "email": {"password": 1, "client_secret": 1},
}
"""The secrets of each kind, and how many bytes each has at least (RFC 7518 section 3.2: as many as its hash)."""


def channels_in(path: Path, environment: Mapping[str, str] = os.environ) -> tuple[Mapping[str, Shape], list[Problem]]:
    """Return the channels of a file by name, and every problem of it; a file that is not there has none of either.

    Secrets are read from where the file says that they are kept.
    """
    file = str(path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return {}, [Problem(file, 1, 1, Severity.ERROR, "file", f"cannot be read: {error.strerror or error}")]
    root, problems = read(data, file)
    if root is None:
        return {}, problems
    if not isinstance(root.value, dict):
        message = "a channels file is names and what they are"
        return {}, [*problems, Problem(file, root.line, root.column, Severity.ERROR, "shape", message)]
    found: dict[str, Shape] = {}
    for name, node in root.parts.items():
        shape, wrong = _channel(node, file, f'channel "{name}": ', path.parent, environment)
        problems += wrong
        if shape is not None:
            found[str(name)] = shape
    problems += [
        Problem(file, at.line, at.column, Severity.ERROR, "transcript",
                f'channel "{name}": transcript: no email channel is called "{each.transcript}"')
        for name, each in found.items()
        if isinstance(each, WebChatShape) and each.transcript is not None
        and (root.value.get(each.transcript) or {}).get("kind") != "email"
        for at in [root.parts[name].parts["transcript"]]
    ]  # fmt: skip
    return (found if serves(problems) else {}), sorted(problems)


def _channel(
    node: Node, file: str, subject: str, folder: Path, environment: Mapping[str, str]
) -> tuple[Shape | None, list[Problem]]:
    kind = node.value.get("kind") if isinstance(node.value, dict) else None
    if isinstance(node.value, dict) and kind not in _SHAPES:
        at = node.parts.get("kind", node)
        known = ", ".join(f'"{each}"' for each in _SHAPES)
        return None, [
            Problem(file, at.line, at.column, Severity.ERROR, "kind", f"{subject}kind must be one of {known}")
        ]
    shape, problems = shaped(_SHAPES[kind] if isinstance(kind, str) else WebChatShape, node, file, subject)
    if shape is None:
        return None, problems
    found = {}
    for what, least in _SECRETS[shape.kind].items():
        variable, path = getattr(shape, f"{what}_env"), getattr(shape, f"{what}_file")
        if variable is None and path is None:
            continue
        secret, why = _secret(variable, path, folder, environment)
        if secret is not None and len(secret.encode()) < least:
            secret, why = None, f"the secret has fewer than {least} characters: others could guess it"
        if secret is None:
            at = node.parts.get(f"{what}_env") or node.parts.get(f"{what}_file") or node
            return None, [*problems, Problem(file, at.line, at.column, Severity.ERROR, "secret", f"{subject}{why}")]
        found[what] = secret
    return shape.model_copy(update=found), problems


def _secret(
    variable: str | None, path: str | None, folder: Path, environment: Mapping[str, str]
) -> tuple[str | None, str]:
    """Return a secret from where it is kept, or None and why there is none."""
    if variable is not None:
        return environment.get(variable, "").strip() or None, f"{variable} is not in the environment: set it"
    assert path is not None  # noqa: S101 - it is kept in one of the two
    try:
        return (folder / path).read_text(encoding="utf-8").strip() or None, f"{path} is empty"
    except OSError as error:
        return None, f"{path} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return None, f"{path} is no text"
