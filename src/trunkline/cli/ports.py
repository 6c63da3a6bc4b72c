"""The ports we take, each with the option that moves it, and who holds them already."""

from dataclasses import dataclass

from trunkline.processes import Holder, Process, Protocol, holder_of, port_is_free
from trunkline.settings import Settings, env_name


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that one of our parts listens on."""

    option: str
    what: str
    host: str
    port: int
    protocol: Protocol

    @property
    def holder(self) -> Holder | None:
        """Who holds it already; None when it is free."""
        if port_is_free(self.host, self.port, self.protocol):
            return None
        return holder_of(self.port, self.protocol) or Holder(None, "unknown")

    def complaint(self, holder: Holder) -> str:
        """One line: what is taken, by whom, and what moves ours."""
        return f"port {self.port} ({self.protocol}) for {self.what} is held by {holder}; {self.cure}"

    @property
    def cure(self) -> str:
        """What moves ours."""
        return f"set {env_name(self.option)} to another"


def wanted_ports(settings: Settings) -> list[Wanted]:
    """Every port that the parts we start ourselves listen on."""
    wanted = [Wanted("http_port", "the desktop", settings.http_host, settings.http_port, "tcp")]
    if settings.database_url is None:
        wanted.append(Wanted("postgres_port", "PostgreSQL", "127.0.0.1", settings.postgres_port, "tcp"))
    if settings.asterisk != "external":
        sip, ami = settings.sip_host, settings.ami_host
        wanted += [
            Wanted("sip_port", "SIP", sip, settings.sip_port, "udp"),
            Wanted("sip_port", "SIP", sip, settings.sip_port, "tcp"),
            Wanted("sip_ws_port", "SIP over websocket", sip, settings.sip_ws_port, "tcp"),
            Wanted("ami_port", "Asterisk's manager interface", ami, settings.ami_port, "tcp"),
        ]
        if settings.tls_cert:
            wanted.append(Wanted("sip_tls_port", "SIP over TLS", sip, settings.sip_tls_port, "tcp"))
    return wanted


def clashes(wanted: list[Wanted], ours: set[Process]) -> list[str]:
    """A line for each port that somebody else holds, and for each that two of our own options name."""
    twice = [
        f"port {port.port} ({port.protocol}) is wanted for {first.what} and for {port.what}; {port.cure}"
        for first, port in wanted_twice(wanted)
    ]
    seconds = [port for _, port in wanted_twice(wanted)]
    held = [(port, port.holder) for port in wanted if port not in seconds]
    return twice + [port.complaint(holder) for port, holder in held if holder and holder.process not in ours]


def wanted_twice(wanted: list[Wanted]) -> list[tuple[Wanted, Wanted]]:
    """Each port that two of our own options name: the first that does, and the one to be moved."""
    seen: dict[tuple[int, Protocol], Wanted] = {}
    firsts = [(seen.setdefault((port.port, port.protocol), port), port) for port in wanted]
    return [(first, port) for first, port in firsts if first is not port]
