"""Every option of Trunkline, once: its name, its default and what it does.

A value comes from the first of: a flag (`--http-port 9000`), the environment (`TRUNKLINE_HTTP_PORT=9000`), the TOML
file (`http_port = 9000` in `config_file`, else in `<data_dir>/trunkline.toml` where it exists), the default. An empty
environment variable counts as not set. Relative paths are taken from the directory the command is started in.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from trunkline.core.errors import Misconfigured
from trunkline.core.relay import RelayUrls
from trunkline.ports.fetcher import AllowedHosts

ENV_PREFIX = "TRUNKLINE_"
_DATA_DIR = "var"


class PortRange(NamedTuple):
    """UDP ports from first to last, both included; written `10000-10999`."""

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() would follow links


def _port_range(value: object) -> object:
    """`10000-10999` as a pair; anything else is left to the type to refuse."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"\s*(\d{1,5})\s*-\s*(\d{1,5})\s*", value)
    if match is None:
        raise ValueError("write a range of ports as first-last, for example 10000-10999")
    return PortRange(int(match[1]), int(match[2]))


def _usable_range(ports: PortRange) -> PortRange:
    if not 1024 <= ports.first < ports.last <= 65535:
        raise ValueError("the range must lie within 1024-65535 and its first port be below its last")
    return ports


def _allowed_hosts(value: object) -> object:
    """A list, or one text with commas, as hosts; anything else is left to the type to refuse."""
    value = _joined(value)
    return AllowedHosts.read(value) if isinstance(value, str) else value


def _joined(value: object) -> object:
    """A list of texts as one, with commas."""
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return value


def _relay_urls(value: object) -> object:
    """A list, or one text with commas, as relays' URLs; anything else is left to the type to refuse."""
    value = _joined(value)
    return RelayUrls.read(value) if isinstance(value, str) else value


def _postgres_url(url: str) -> str:
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("write it as postgresql://user:password@host:port/database")
    return url


Port = Annotated[int, Field(ge=1, le=65535)]
AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
RtpPorts = Annotated[PortRange, NoDecode, BeforeValidator(_port_range), AfterValidator(_usable_range)]
RelayList = Annotated[RelayUrls, NoDecode, BeforeValidator(_relay_urls)]
AllowedList = Annotated[AllowedHosts, NoDecode, BeforeValidator(_allowed_hosts)]


class Settings(BaseSettings):
    """What an admin can choose; frozen once loaded. `load()` is the usual way to get one.

    The secrets (`ami_secret`, `agent_secret`, …) are None unless the admin chose them: read them through
    `trunkline.secrets`, which makes and keeps one where none was chosen.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        validate_default=True,
        hide_input_in_errors=True,
    )

    data_dir: AbsolutePath = Field(
        default=Path(_DATA_DIR),
        description="Where everything we keep lives: database, secrets, recordings, logs, pid files.",
    )
    config_file: AbsolutePath | None = Field(
        default=None,
        description="TOML file with any of these options; trunkline.toml in the data directory when not given.",
    )
    demo: bool = Field(
        default=False,
        description="Make demo agents and let calls from this machine count as the trunk's; not for production.",
    )
    http_host: str = Field(default="127.0.0.1", description="Address the desktop and the API are served on.")
    http_port: Port = Field(default=8800, description="TCP port of the desktop and the API.")
    tls_cert: AbsolutePath | None = Field(
        default=None,
        description="Certificate chain (PEM) for HTTPS, WSS and SIP over TLS; without it all three are plain.",
    )
    tls_key: AbsolutePath | None = Field(default=None, description="Private key (PEM) of tls_cert.")
    public_url: str | None = Field(
        default=None,
        description="URL under which browsers and providers of text messages reach us, for example https://cc.example.",
    )
    sip_host: str = Field(default="127.0.0.1", description="Address Asterisk listens on for SIP and its websocket.")
    sip_port: Port = Field(default=5060, description="SIP port of Asterisk, UDP and TCP.")
    sip_tls_port: Port = Field(default=5061, description="SIP over TLS; used only with tls_cert.")
    sip_ws_port: Port = Field(
        default=8088, description="Asterisk's HTTP server: SIP over websocket for browsers, WSS with tls_cert."
    )
    rtp_ports: RtpPorts = Field(
        default=PortRange(10000, 10999), description="UDP ports for audio, first-last; two for each leg."
    )
    external_address: str | None = Field(
        default=None, description="Our public IP address when Asterisk stands behind address translation."
    )
    relay_urls: RelayList = Field(
        default=RelayUrls(),
        description="Relay (TURN) for browsers that can send no UDP, such as turn:relay.example:3478?transport=udp, "
        "turns:relay.example:443; browsers try each.",
    )
    relay_secret: str | None = Field(
        default=None, repr=False, description="What the relay and we share: coturn's static-auth-secret."
    )
    ami_host: str = Field(default="127.0.0.1", description="Address of Asterisk's manager interface.")
    ami_port: Port = Field(default=5038, description="TCP port of Asterisk's manager interface.")
    ami_user: str = Field(
        default="trunkline", pattern=r"^[A-Za-z0-9_.-]+$", description="Our user at the manager interface."
    )
    ami_secret: str | None = Field(
        default=None, repr=False, description="Our password at the manager interface; generated when not given."
    )
    agent_secret: str | None = Field(
        default=None,
        repr=False,
        description="Key from which the agents' SIP passwords are derived; generated when not given.",
    )
    demo_password: str | None = Field(
        default=None, repr=False, description="Password of the demo agents; generated when not given."
    )
    database_url: Annotated[str, AfterValidator(_postgres_url)] | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL to use, postgresql://user:password@host:port/name; without it we run our own.",
    )
    postgres_port: Port = Field(default=54320, description="TCP port of our own PostgreSQL, on loopback only.")
    asterisk: str | None = Field(
        default=None,
        description="Path of the Asterisk 22 to run, `external` for one that runs already; else found or made.",
    )
    asterisk_cache: AbsolutePath = Field(
        default=Path("~/.cache/trunkline"), description="Where a private Asterisk is kept between runs."
    )
    asterisk_id: str = Field(
        "trunkline",
        pattern=r"^[A-Za-z0-9_-]{1,32}$",
        description="Name of the Asterisk, its systemname; part of every call's id.",
    )
    centre_file: AbsolutePath = Field(
        default=Path("ivr_flows/centre.yaml"),
        description="Queues, agents, hours, dispositions and reasons of the centre.",
    )
    flows_dir: AbsolutePath = Field(
        default=Path("ivr_flows"), description="Folder with the flow files and their prompts."
    )
    http_allowed_hosts: AllowedList = Field(
        default=AllowedHosts(),
        description="Hosts and networks inside that flows may ask by `http`, such as shop.internal:8443, 10.0.0.0/8.",
    )
    trunks_file: AbsolutePath = Field(
        default=Path("asterisk/trunks.yaml"),
        description="Trunks to carriers. Which dialled number leads to which flow stands in the flow files.",
    )
    channels_file: AbsolutePath = Field(
        default=Path("channels.yaml"),
        description="Channels on which people write. Which flow each leads to stands in the flow files.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least weighty message that is logged."
    )
    log_file: AbsolutePath = Field(
        default_factory=lambda data: data.get("data_dir", Path(_DATA_DIR)) / "log" / "service.log",
        description="Where the service logs, one JSON object a line (default: log/service.log in data_dir).",
    )

    @model_validator(mode="after")
    def _certificate_and_key(self) -> "Settings":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key go together: give both or neither")
        return self

    @model_validator(mode="after")
    def _relay_and_secret(self) -> "Settings":
        if bool(self.relay_urls.urls) != bool(self.relay_secret):
            raise ValueError("relay_urls and relay_secret go together: give both or neither")
        return self

    @property
    def secrets_dir(self) -> Path:
        """Where generated secrets are kept, one file each, readable by us only."""
        return self.data_dir / "secrets"

    @property
    def run_dir(self) -> Path:
        """Where pid files and sockets of what we started are kept."""
        return self.data_dir / "run"

    @property
    def centre_in_force(self) -> Path:
        """A copy of the centre that is in force, for the tests of flows; nobody edits it."""
        return self.run_dir / "centre-in-force.yaml"

    @property
    def log_dir(self) -> Path:
        """Where everything we start writes its log."""
        return self.data_dir / "log"

    @property
    def url(self) -> str:
        """Where a browser finds the desktop."""
        if self.public_url:
            return self.public_url
        host = self.http_host if self.http_host not in {"0.0.0.0", "::"} else "localhost"  # noqa: S104 - read, not bound
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.http_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flag, environment, file, in this order."""
        flags = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        toml = TomlConfigSettingsSource(settings_cls, toml_file=_config_path(flags))
        return init_settings, env_settings, toml


def _config_path(flags: Mapping[str, Any]) -> Path | None:
    """The TOML file to read, None when there is none; raises Misconfigured when the one named does not exist."""

    def chosen(name: str) -> Path | None:
        value = flags.get(name) or os.environ.get(env_name(name))
        return _absolute(Path(value)) if value else None

    named = chosen("config_file")
    if named is not None:
        if not named.is_file():
            raise Misconfigured(f"config_file: {named} does not exist")
        return named
    usual = (chosen("data_dir") or _absolute(Path(_DATA_DIR))) / "trunkline.toml"
    return usual if usual.is_file() else None


def env_name(option: str) -> str:
    """The environment variable of an option."""
    return f"{ENV_PREFIX}{option.upper()}"


def load(flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force. Flags that are None count as not given.

    Raises Misconfigured with one line for each value that is wrong, saying where it came from.
    """
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        found = _origins(given)
        # A default that hangs on a wrong value is no mistake of its own.
        wrong = [problem for problem in error.errors() if problem["type"] != "default_factory_not_called"]
        raise Misconfigured("\n".join(_line(problem, found) for problem in wrong)) from None
    except tomllib.TOMLDecodeError as error:
        raise Misconfigured(f"{_config_path(given)}: {error}") from None


def origins(flags: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Where each option's value came from: `flag`, an environment variable's name, a file's name, or `default`."""
    found = _origins({name: value for name, value in (flags or {}).items() if value is not None})
    return {name: found.get(name, "default") for name in Settings.model_fields}


def _origins(given: Mapping[str, Any]) -> dict[str, str]:
    path = _config_path(given)
    file = tomllib.loads(path.read_text(encoding="utf-8")) if path else {}
    environment = {name for name in Settings.model_fields if os.environ.get(env_name(name))}
    return {
        **dict.fromkeys(file, str(path)),
        **{name: env_name(name) for name in environment},
        **dict.fromkeys(given, "flag"),
    }


def _line(problem: Mapping[str, Any], found: Mapping[str, str]) -> str:
    """One wrong value as one line: option, origin, what is wrong."""
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if problem["type"] == "extra_forbidden":
        return f"{name} ({found.get(name, 'flag')}): there is no such option{_did_you_mean(name)}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{name} ({found.get(name, 'default')}): {message}" if name else message


def _did_you_mean(name: str) -> str:
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def unknown_environment() -> list[str]:
    """A line for each TRUNKLINE_ variable that is no option of ours; most often a slip of the pen."""
    known = {env_name(name) for name in Settings.model_fields}
    strangers = sorted(name for name in os.environ if name.startswith(ENV_PREFIX) and name not in known)
    return [
        f"{name}: there is no such option{_did_you_mean(name.removeprefix(ENV_PREFIX).lower())}" for name in strangers
    ]
