"""Asterisk's configuration from our settings: pure, so that a test reads it and a diff tells whether to restart.

The text lives in `asterisk/*.conf`; a word between double braces there is filled in here. Nothing else is a template.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from trunkline.core.errors import Misconfigured
from trunkline.telephony.modules import module_lines
from trunkline.telephony.trunks import Trunk, trunk_config

EVENTS = (
    "AsyncAGIEnd",
    "AsyncAGIExec",
    "AsyncAGIStart",
    "BridgeDestroy",
    "BridgeEnter",
    "BridgeLeave",
    "ContactStatus",
    "DTMFEnd",
    "DeviceStateChange",
    "FullyBooted",
    "Hangup",
    "Hold",
    "NewCallerid",
    "Newstate",
    "OriginateResponse",
    "Shutdown",
    "Unhold",
    "UserEvent",
)
"""The AMI events that reach the service; Asterisk sends no other."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the dialplan waits, in seconds; tests shorten it.

    `patience_s`: the service may be silent before callers go to the fallback. `guard_s`: a flow may be silent before
    its caller gets music. `slice_s`: music in the safe place between two looks at the heartbeat.
    `fallback_ring_s`: the fallback rings all phones.
    """

    patience_s: int = 60
    guard_s: int = 8
    slice_s: int = 10
    fallback_ring_s: int = 120


@dataclass(frozen=True, slots=True)
class SwitchPlan:
    """Everything that Asterisk's configuration depends on. Paths are as Asterisk sees them.

    `home` is the one folder it writes in. `modules` are the files of its modules folder, None when that is not known.
    `inner_address` is the address of this machine that `external_address` is translated to.
    """

    home: PurePosixPath
    modules_dir: PurePosixPath
    data_dir: PurePosixPath
    recordings: PurePosixPath
    systemname: str
    demo: bool
    sip_host: str
    sip_port: int
    sip_tls_port: int
    sip_ws_port: int
    rtp_ports: tuple[int, int]
    external_address: str | None
    inner_address: str | None
    tls: tuple[PurePosixPath, PurePosixPath] | None
    ami_bind: str
    ami_port: int
    ami_user: str
    ami_secret: str
    ami_permit: Sequence[str]
    database_url: str
    trunks: Sequence[Trunk] = ()
    ring_group: Sequence[str] = ()
    modules: frozenset[str] | None = None
    timing: Timing = Timing()


def render(plan: SwitchPlan, templates: Mapping[str, str]) -> dict[str, str]:
    """Return the text of each file of the configuration folder, by name.

    Raises Misconfigured for a value that no configuration file can hold, for a trunk over TLS without a certificate,
    and for a word in a template that is unknown.
    """
    secure = [trunk.name for trunk in plan.trunks if trunk.enabled and trunk.transport == "tls"]
    if secure and plan.tls is None:
        raise Misconfigured(f"trunk {', '.join(secure)}: `transport: tls` needs the options tls_cert and tls_key")
    words = _words(plan)
    return {name: _filled(name, text, words) for name, text in sorted(templates.items())}


def callers_at_most(rtp_ports: tuple[int, int]) -> int:
    """Return how many callers are let in at once: two ports a leg, and a fifth of the legs is kept for agents."""
    first, last = rtp_ports
    return max(1, (last - first + 1) // 2 * 4 // 5)


def plain(text: str) -> str:
    """Return text as a configuration file's value; raises Misconfigured for control characters."""
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise Misconfigured(f"{text!r} holds a control character, which Asterisk's configuration cannot")
    return text.replace("\\", "\\\\").replace(";", "\\;") if ";" in text else text


def _filled(name: str, text: str, words: Mapping[str, str]) -> str:
    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise Misconfigured(f"asterisk/{name}: {{{{{match[1]}}}}} is no word that Trunkline fills in")
        return words[match[1]]

    return re.sub(r"\{\{(\w+)\}\}", word, text)


def _words(plan: SwitchPlan) -> dict[str, str]:
    first, last = plan.rtp_ports
    return {
        "home": plain(str(plan.home)),
        "modules_dir": plain(str(plan.modules_dir)),
        "data_dir": plain(str(plan.data_dir)),
        "recordings": plain(str(plan.recordings)),
        "systemname": plain(plan.systemname),
        "max_callers": str(callers_at_most(plan.rtp_ports)),
        "modules": module_lines(plan.modules),
        "ami_bind": plan.ami_bind,
        "ami_port": str(plan.ami_port),
        "ami_user": plain(plan.ami_user),
        "ami_secret": plain(plan.ami_secret),
        "ami_permit": _lines(f"permit = {network}" for network in plan.ami_permit),
        "event_filters": _event_filters(plan),
        "http": _http(plan),
        "rtp_first": str(first),
        "rtp_last": str(last),
        "ice_addresses": _ice_addresses(plan),
        # The demo's trunk and the agents' phones share an address there.
        "identifier_order": "auth_username,username,ip" if plan.demo else "ip,username",
        "transports": _transports(plan),
        "demo_trunk": _demo_trunk() if plan.demo else "",
        "trunks": "\n".join(trunk_config(trunk) for trunk in plan.trunks if trunk.enabled),
        "trunk_limits": _lines(
            f"TL_MAX_{trunk.name} = {trunk.max_calls}" for trunk in plan.trunks if trunk.enabled and trunk.max_calls
        ),
        "database": _database(plan.database_url),
        "fallback_members": _lines(f"member = PJSIP/{plain(endpoint)}" for endpoint in plan.ring_group),
        "patience_s": str(plan.timing.patience_s),
        "guard_s": str(plan.timing.guard_s),
        "slice_s": str(plan.timing.slice_s),
        "fallback_ring_s": str(plan.timing.fallback_ring_s),
    }


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)


def _event_filters(plan: SwitchPlan) -> str:
    """Let through what the service wants to hear; a stranger's channel not before the dialplan has cleaned its caller.

    Channel comes before anything that the caller wrote, so that nobody can forge it.
    """
    strangers = [f"trunk-{trunk.name}" for trunk in plan.trunks if trunk.enabled]
    return _lines(
        (
            *(f"eventfilter(action(include),name({event})) =" for event in EVENTS),
            *(
                f"eventfilter(action(exclude),name(NewCallerid),header(Channel),method(starts_with)) = PJSIP/{each}-"
                for each in [*strangers, *(["demo-trunk"] if plan.demo else [])]
            ),
        )
    )


def _http(plan: SwitchPlan) -> str:
    if plan.tls is None:
        return f"enabled = yes\nbindaddr = {plan.sip_host}\nbindport = {plan.sip_ws_port}"
    certificate, key = plan.tls
    return _lines(
        (
            "enabled = no",
            "tlsenable = yes",
            f"tlsbindaddr = {_host_port(plan.sip_host, plan.sip_ws_port)}",
            f"tlscertfile = {plain(str(certificate))}",
            f"tlsprivatekey = {plain(str(key))}",
        )
    )


def _transports(plan: SwitchPlan) -> str:
    sections = [
        _transport("udp", _host_port(plan.sip_host, plan.sip_port), plan),
        _transport("tcp", _host_port(plan.sip_host, plan.sip_port), plan),
        # The HTTP server holds the port; the transport's own bind is not used.
        _transport("wss" if plan.tls else "ws", _host_port(plan.sip_host, plan.sip_ws_port), plan),
    ]
    if plan.tls:
        certificate, key = plan.tls
        files = (f"cert_file = {plain(str(certificate))}", f"priv_key_file = {plain(str(key))}", "method = tlsv1_2")
        sections.append(_transport("tls", _host_port(plan.sip_host, plan.sip_tls_port), plan, files))
    return "\n".join(sections)


def _transport(protocol: str, bind: str, plan: SwitchPlan, more: Sequence[str] = ()) -> str:
    lines = [f"[transport-{protocol}]", "type = transport", f"protocol = {protocol}", f"bind = {bind}", *more]
    if plan.external_address:
        outside = plain(plan.external_address)
        lines += [f"external_media_address = {outside}", f"external_signaling_address = {outside}"]
        lines += [
            f"local_net = {network}" for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
        ]
    return _lines((*lines, ""))


def _ice_addresses(plan: SwitchPlan) -> str:
    """What a browser outside is told, beside the address inside, which it cannot reach."""
    if plan.external_address is None or plan.inner_address in {None, plan.external_address}:
        return ""
    return f"[ice_host_candidates]\n{plan.inner_address} => {plain(plan.external_address)},include_local_address"


def _demo_trunk() -> str:
    return _lines(
        (
            "; The demo: who calls from this machine is a trunk's caller.",
            "[demo-trunk]",
            "type = endpoint",
            "identify_by = ip",
            "context = from-trunk",
            "disallow = all",
            "allow = ulaw,alaw,g722,opus",
            "set_var = TL_TRUNK=demo",
            "direct_media = no",
            "rtp_symmetric = yes",
            "force_rport = yes",
            "rewrite_contact = yes",
            "trust_id_inbound = yes",
            "allow_transfer = no",
            "rtp_timeout = 120",
            "rtp_timeout_hold = 1800",
            "timers = yes",
            "timers_sess_expires = 1800",
            "",
            "[demo-trunk]",
            "type = identify",
            "endpoint = demo-trunk",
            "match = 127.0.0.1",
            "",
        )
    )


def _database(url: str) -> str:
    """The connection of res_config_pgsql, out of `postgresql://user:password@host:port/name`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.hostname:
        raise Misconfigured("database_url must name a host: Asterisk reads the agents' SIP accounts over TCP")
    lines = [
        f"dbhost = {plain(parts.hostname)}",
        f"dbport = {parts.port or 5432}",
        f"dbname = {plain(unquote(parts.path.lstrip('/')) or 'postgres')}",
        f"dbuser = {plain(unquote(parts.username or 'postgres'))}",
    ]
    return _lines((*lines, f"dbpass = {plain(unquote(parts.password or ''))}"))


def _host_port(host: str, port: int) -> str:
    try:
        return f"[{host}]:{port}" if ipaddress.ip_address(host).version == 6 else f"{host}:{port}"
    except ValueError:
        return f"{host}:{port}"
