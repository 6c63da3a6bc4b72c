"""The trunks file: carriers' lines, read with every mistake at once, each with its place and its cure."""

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from trunkline.core.errors import Misconfigured
from trunkline.core.outbound import Route

CODECS = ("opus", "g722", "alaw", "ulaw")
"""Codecs that we can turn into one another."""

_TRANSPORTS = ("udp", "tcp", "tls")
_SRTP = ("no", "sdes", "offer")
_CALLER_ID = ("from", "pai", "rpid")
_TRUNK_KEYS = (
    "name", "enabled", "hosts", "match", "register", "transport", "srtp", "codecs", "caller_id", "max_calls",
    "calls_out",
)  # fmt: skip
_CALLS_OUT_KEYS = ("to", "as")
_REGISTER_KEYS = ("user", "password", "password_env", "password_file", "expires_s")
_PASSWORD_KEYS = ("password", "password_env", "password_file")
_HOST = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)(?::(?P<port>\d{1,5}))?")


@dataclass(frozen=True, slots=True, order=True)
class TrunkProblem:
    """One mistake in the trunks file: where (lines and columns from 1), what, and the cure."""

    line: int
    column: int
    what: str
    cure: str

    def __str__(self) -> str:
        """Return it as `12:5: what; cure`."""
        return f"{self.line}:{self.column}: {self.what}; {self.cure}"


@dataclass(frozen=True, slots=True)
class Registration:
    """How we log in at a carrier that wants it. The password is in clear here: never log this record."""

    user: str
    password: str = field(repr=False)
    expires_s: int = 3600


@dataclass(frozen=True, slots=True)
class CallsOut:
    """Which numbers a trunk may call (prefixes in E.164), and the number that is shown to them."""

    to: tuple[str, ...]
    shown: str


@dataclass(frozen=True, slots=True)
class Trunk:
    """One carrier's line. `max_calls` of 0 sets no limit; `match` are the addresses its calls come from."""

    name: str
    hosts: tuple[str, ...]
    match: tuple[str, ...]
    enabled: bool = True
    register: Registration | None = None
    transport: str = "udp"
    srtp: str = "no"
    codecs: tuple[str, ...] = ("alaw", "ulaw")
    caller_id: str = "from"
    max_calls: int = 0
    calls_out: CallsOut | None = None
    """None: it calls nobody."""


def routes_of(trunks: Sequence[Trunk]) -> tuple[Route, ...]:
    """Return the numbers that may be called by these trunks."""
    return tuple(
        Route(trunk.name, trunk.calls_out.to, trunk.calls_out.shown)
        for trunk in trunks
        if trunk.enabled and trunk.calls_out is not None
    )


def trunks_in(
    text: str, *, environment: Mapping[str, str], read: Callable[[str], str]
) -> tuple[list[Trunk], list[TrunkProblem]]:
    """Return the trunks of a file's text, and all of its problems; trunks with a problem are left out.

    `read` returns the text of a password file, and may raise OSError. Secrets of a trunk that is off are not read.
    """
    try:
        document = YAML().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = str(error.problem or "not YAML").replace("\n", " ")
        return [], [TrunkProblem(line, column, what, "write valid YAML here")]
    except (YAMLError, ValueError) as error:
        # A character that YAML forbids, or a date that is none: the library names no line.
        what = str(error).partition("\n")[0]
        return [], [TrunkProblem(1, 1, f"not YAML: {what}", "take that out, or put it in quotes")]
    reader = _Reader(environment, read)
    trunks = reader.trunks(document)
    return trunks, sorted(reader.problems)


def trunk_config(trunk: Trunk) -> str:
    """Return the sections of pjsip.conf that make one trunk."""
    name = f"trunk-{trunk.name}"
    uris = [_uri(host, trunk.transport) for host in trunk.hosts]
    endpoint = [
        f"[{name}]",
        "type = endpoint",
        f"transport = transport-{trunk.transport}",
        # By its address alone: a name in From is anybody's to write, and this endpoint asks for no password.
        "identify_by = ip",
        "context = from-trunk",
        "disallow = all",
        f"allow = {','.join(trunk.codecs)}",
        f"aors = {name}",
        f"set_var = TL_TRUNK={trunk.name}",
        f"media_encryption = {'no' if trunk.srtp == 'no' else 'sdes'}",
        f"media_encryption_optimistic = {'yes' if trunk.srtp == 'offer' else 'no'}",
        f"trust_id_inbound = {'no' if trunk.caller_id == 'from' else 'yes'}",
        f"send_pai = {'yes' if trunk.caller_id == 'pai' else 'no'}",
        f"send_rpid = {'yes' if trunk.caller_id == 'rpid' else 'no'}",
        "direct_media = no",
        "rtp_symmetric = yes",
        "force_rport = yes",
        "rewrite_contact = yes",
        "allow_transfer = no",
        "rtp_timeout = 120",
        "rtp_timeout_hold = 1800",
        "timers = yes",
        "timers_sess_expires = 1800",
    ]
    sections = [endpoint, [f"[{name}]", "type = aor", *(f"contact = {uri}" for uri in uris), "qualify_frequency = 60"]]
    sections.append([f"[{name}]", "type = identify", f"endpoint = {name}", *(f"match = {m}" for m in trunk.match)])
    if trunk.register:
        endpoint.append(f"outbound_auth = {name}")
        sections += _registration(trunk, trunk.register, name, uris[0])
    return "\n".join("\n".join((*section, "")) for section in sections)


def _registration(trunk: Trunk, register: Registration, name: str, uri: str) -> list[list[str]]:
    user, password = (text.replace(";", "\\;") for text in (register.user, register.password))
    scheme, _, rest = uri.partition(":")
    return [
        [f"[{name}]", "type = auth", "auth_type = userpass", f"username = {user}", f"password = {password}"],
        [
            f"[{name}]",
            "type = registration",
            f"transport = transport-{trunk.transport}",
            f"outbound_auth = {name}",
            f"server_uri = {uri}",
            f"client_uri = {scheme}:{user}@{rest}",
            f"contact_user = {user}",
            f"expiration = {register.expires_s}",
            # After a restart calls come again at once; spreading out is for those who register by the hundred.
            "max_random_initial_delay = 1",
            "retry_interval = 30",
            "forbidden_retry_interval = 300",
            # A carrier that is down for a night is tried for ever.
            "max_retries = 100000",
            "auth_rejection_permanent = no",
        ],
    ]


def _uri(host: str, transport: str) -> str:
    return f"sip:{host}" + ("" if transport == "udp" else f"\\;transport={transport}")


class _Reader:
    """Walks the document and collects problems; one use."""

    def __init__(self, environment: Mapping[str, str], read: Callable[[str], str]) -> None:
        self._environment, self._read = environment, read
        self.problems: list[TrunkProblem] = []

    def trunks(self, document: object) -> list[Trunk]:
        if document is None:
            return []
        if not isinstance(document, CommentedMap):
            self._problem((1, 1), "the file is no mapping", "start it with `trunks:`")
            return []
        self._known(document, ("trunks",), "")
        rows = document.get("trunks") or CommentedSeq()
        if not isinstance(rows, CommentedSeq):
            self._problem(_at(document, "trunks"), "`trunks` is no list", "write one `- name: …` for each trunk")
            return []
        found: list[Trunk] = []
        for index, row in enumerate(rows):
            before = len(self.problems)
            if not isinstance(row, CommentedMap):
                self._problem(_item(rows, index), "this trunk is no mapping", "write `- name: …` and its keys below")
                continue
            trunk = self._trunk(row)
            if trunk.name in {other.name for other in found}:
                self._problem(_at(row, "name"), f"a second trunk `{trunk.name}`", "give each trunk its own name")
            if len(self.problems) == before:
                found.append(trunk)
        return found

    def _trunk(self, row: CommentedMap) -> Trunk:
        self._known(row, _TRUNK_KEYS, "a trunk")
        hosts = self._texts(row, "hosts", _is_host, "a host name or address, `:port` if it is not 5060")
        if not hosts:
            self._problem(
                _at(row, "hosts"), "a trunk needs `hosts`", "name the carrier's SIP servers, `hosts: [sip.…]`"
            )
        match = self._texts(row, "match", _is_network, "an address, a network such as 203.0.113.0/28, or a host name")
        enabled = self._typed(row, "enabled", bool, True, "write true or false")
        return Trunk(
            name=self._name(row),
            hosts=hosts,
            match=match or tuple(dict.fromkeys(_without_port(host) for host in hosts)),
            enabled=enabled,
            register=self._registration(row, enabled=enabled),
            transport=self._one_of(row, "transport", _TRANSPORTS),
            srtp=self._one_of(row, "srtp", _SRTP),
            codecs=self._texts(row, "codecs", CODECS.__contains__, f"one of {', '.join(CODECS)}") or ("alaw", "ulaw"),
            caller_id=self._one_of(row, "caller_id", _CALLER_ID),
            max_calls=self._number(row, "max_calls", 0, 100_000),
            calls_out=self._calls_out(row),
        )

    def _calls_out(self, row: CommentedMap) -> CallsOut | None:
        out = row.get("calls_out")
        if out is None:
            return None
        if not isinstance(out, CommentedMap):
            cure = 'write `to: ["+44"]` and `as: "+442071234567"` below it'
            self._problem(_at(row, "calls_out"), "`calls_out` is no mapping", cure)
            return None
        self._known(out, _CALLS_OUT_KEYS, "`calls_out`")
        to = self._texts(out, "to", _is_prefix, 'the beginning of numbers that may be called, such as "+44", in quotes')
        if not to:
            self._problem(_at(out, "to"), "`calls_out` names no numbers", 'write where it may call: `to: ["+44"]`')
        shown = out.get("as")
        if not isinstance(shown, str) or not re.fullmatch(r"\+?[0-9]{3,15}", shown):
            cure = 'write the number that is shown to whoever is called, in quotes: `as: "+442071234567"`'
            self._problem(_at(out, "as"), "`calls_out` needs `as`", cure)
        return CallsOut(to, str(shown))

    def _name(self, row: CommentedMap) -> str:
        name = row.get("name")
        if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", name):
            what = "a trunk needs a `name`" if name is None else f"{name!r} is no name for a trunk"
            self._problem(_at(row, "name"), what, "use up to 32 of a-z, 0-9, - and _, for example `name: my-carrier`")
            return ""
        return name

    def _registration(self, row: CommentedMap, *, enabled: bool) -> Registration | None:
        register = row.get("register")
        if register is None:
            return None
        if not isinstance(register, CommentedMap):
            self._problem(
                _at(row, "register"), "`register` is no mapping", "write `user:` and `password_env:` below it"
            )
            return None
        self._known(register, _REGISTER_KEYS, "`register`")
        user = register.get("user")
        if not _is_line(user):
            self._problem(_at(register, "user"), "`register` needs a `user`", "write the carrier's user name in quotes")
        expires = self._number(register, "expires_s", 3600, 86_400)
        return Registration(str(user), self._password(register) if enabled else "", expires or 3600)

    def _password(self, register: CommentedMap) -> str:
        given = [key for key in _PASSWORD_KEYS if key in register]
        if len(given) != 1:
            what = "no password" if not given else f"{' and '.join(given)} together"
            place = _at(register, given[-1]) if given else _at(register, "user")
            self._problem(place, f"{what} in `register`", f"give exactly one of {', '.join(_PASSWORD_KEYS)}")
            return ""
        key, value = given[0], register[given[0]]
        password: object = value
        if not _is_line(value):
            self._problem(_at(register, key), f"`{key}` is no text", "write it in quotes, on one line")
        elif key == "password_env":
            password = self._environment.get(value)
            if not password:
                self._problem(
                    _at(register, key), f"{value} is not in the environment", f"set {value}, or use password_file"
                )
        elif key == "password_file":
            try:
                password = self._read(value).strip()
            except OSError as error:
                cure = "name a file that the service may read"
                self._problem(_at(register, key), f"{value} cannot be read ({error.strerror})", cure)
        if not _is_line(password) and _is_line(value) and password is not None:
            self._problem(_at(register, key), "the password is empty or has line breaks", "keep it on one line")
        return str(password)

    def _known(self, mapping: CommentedMap, keys: Sequence[str], owner: str) -> None:
        for key in mapping:
            if key not in keys:
                close = difflib.get_close_matches(str(key), keys, n=1)
                cure = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(keys)}"
                self._problem(_at(mapping, key), f"`{key}` is no key of {owner or 'the trunks file'}", cure)

    def _texts(self, row: CommentedMap, key: str, fits: Callable[[str], bool], kind: str) -> tuple[str, ...]:
        value = row.get(key)
        if value is None:
            return ()
        if not isinstance(value, CommentedSeq):
            self._problem(_at(row, key), f"`{key}` is no list", f"write {key}: [{value}]")
            return ()
        for index, item in enumerate(value):
            if not (isinstance(item, str) and fits(item)):
                self._problem(_item(value, index), f"{item!r} in `{key}` is not understood", f"write {kind}")
        return tuple(str(item) for item in value)

    def _one_of(self, row: CommentedMap, key: str, choices: Sequence[str]) -> str:
        value = row.get(key, choices[0])
        text = "no" if value is False else value
        if text not in choices:
            self._problem(_at(row, key), f"`{key}: {value}` is not understood", f"write one of {', '.join(choices)}")
            return choices[0]
        return str(text)

    def _number(self, row: CommentedMap, key: str, default: int, most: int) -> int:
        value: int = self._typed(row, key, int, default, f"write a whole number up to {most}")
        if not 0 <= value <= most:
            self._problem(_at(row, key), f"`{key}: {value}` is out of range", f"write a whole number from 0 to {most}")
        return value

    def _typed(self, row: CommentedMap, key: str, kind: type[Any], default: Any, cure: str) -> Any:
        value = row.get(key, default)
        if type(value) is not kind and not (kind is int and isinstance(value, int) and not isinstance(value, bool)):
            self._problem(_at(row, key), f"`{key}: {value}` is not understood", cure)
            return default
        return value

    def _problem(self, place: tuple[int, int], what: str, cure: str) -> None:
        self.problems.append(TrunkProblem(*place, what, cure))


def refuse(problems: Sequence[TrunkProblem], file: str) -> None:
    """Raise Misconfigured with one line for each problem; nothing when there are none."""
    if problems:
        raise Misconfigured("\n".join(f"{file}:{problem}" for problem in problems))


def _at(mapping: CommentedMap, key: object) -> tuple[int, int]:
    """Line and column of a key, or of the mapping where the key is missing; from 1."""
    line, column = mapping.lc.key(key) if key in mapping else (mapping.lc.line, mapping.lc.col)
    return line + 1, column + 1


def _item(sequence: CommentedSeq, index: int) -> tuple[int, int]:
    line, column = sequence.lc.item(index)
    return line + 1, column + 1


def _is_line(value: object) -> bool:
    return isinstance(value, str) and bool(value) and not re.search(r"[\x00-\x1f\x7f]", value)


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    return match is not None and (match["port"] is None or 0 < int(match["port"]) < 65536)


def _is_prefix(text: str) -> bool:
    return re.fullmatch(r"\+[1-9][0-9]{0,14}", text) is not None


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        # Four numbers with a slip are no host name.
        return re.fullmatch(r"[\d./]+", text) is None and _HOST.fullmatch(text) is not None and ":" not in text
    return True


def _without_port(host: str) -> str:
    return host.partition(":")[0]
