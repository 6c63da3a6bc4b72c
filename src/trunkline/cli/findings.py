"""What `trunkline doctor` looks at: one function a subject, each finding with its cure."""

import asyncio
import os
import platform
import re
import resource
import shutil
import ssl
import subprocess
import sys
import time
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trunkline.channels.file import channels_in
from trunkline.cli.flow import flow_files
from trunkline.cli.ports import wanted_ports, wanted_twice
from trunkline.core.centre import Centre
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.flows.centre import load_centre
from trunkline.flows.check import check
from trunkline.processes import Process
from trunkline.settings import Settings
from trunkline.store import embedded
from trunkline.store.programs import find_home
from trunkline.telephony.place import installed
from trunkline.telephony.private_root import Found, version_of
from trunkline.telephony.provision import look_at_trunks
from trunkline.telephony.render import callers_at_most

_GIGABYTE = 1024**3
_MODULES = {
    "codec_ulaw.so": "G.711 mu-law",
    "codec_alaw.so": "G.711 A-law",
    "codec_opus*.so": "Opus, which browsers speak",
    "res_srtp.so": "encrypted audio, which browsers insist on",
    "res_config_pgsql.so": "agents' accounts from PostgreSQL",
    "app_bridgewait.so": "music while callers wait",
    "res_agi.so": "AGI, by which flows talk",
}
# The folder `en` itself is a link that holds inside a private root only.
_SOUNDS = ("en*/queue-youarenext.*", "en*/digits/1.*", "en*/vm-intro.*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `cure` says what to do where it is not good."""

    subject: str
    good: bool
    text: str
    cure: str = ""


def on_versions() -> Iterator[Finding]:
    """Python, and the system it runs on."""
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    where = f"{platform.system()} {platform.machine()}"
    yield Finding("python", good, f"{platform.python_version()} on {where}", "use Python 3.11, 3.12 or 3.13")


def on_ports(settings: Settings, ours: set[Process]) -> Iterator[Finding]:
    """Each port that we take."""
    wanted = wanted_ports(settings)
    for first, port in wanted_twice(wanted):
        both = f"wanted for {first.what} and for {port.what}"
        yield Finding(f"port {port.port}/{port.protocol}", False, both, port.cure)
    for port in wanted:
        name = f"port {port.port}/{port.protocol}"
        holder = port.holder
        if holder is None:
            yield Finding(name, True, f"free for {port.what}")
        elif holder.process in ours or _is_below(holder.process, ours):
            yield Finding(name, True, f"ours: {port.what}")
        else:
            yield Finding(name, False, f"held by {holder}", port.cure)


def _is_below(process: Process | None, ours: set[Process]) -> bool:
    """Whether it was started by one of ours."""
    while process is not None and process.pid > 1:
        if process in ours:
            return True
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        process = Process.of(int(stat.rpartition(")")[2].split()[1]))
    return False


async def on_asterisk(settings: Settings) -> list[Finding]:
    """Which Asterisk would run, with its codecs, modules and sound files."""
    if settings.asterisk == "external":
        return [await _external(settings)]
    found = await _asterisk(settings)
    if found is None:
        needed = ("mmdebstrap",) if os.geteuid() == 0 else ("mmdebstrap", "newuidmap", "bwrap")
        missing = [tool for tool in needed if shutil.which(tool) is None]
        cure = f"sudo apt-get install mmdebstrap uidmap bubblewrap (missing: {', '.join(missing)})"
        return [Finding("asterisk", not missing, "none yet; the first run makes a private one", cure)]
    findings = [Finding("asterisk", True, f"{found.version} at {found.on_host(found.binary)}")]
    try:
        modules, data = (found.on_host(path) for path in installed(found))
    except Misconfigured as fault:
        return [*findings, Finding("asterisk", False, str(fault), f"delete {found.root} or install its packages")]
    cure = "install the package asterisk-modules" if found.root is None else f"delete {found.root}; a new one is made"
    for pattern, what in _MODULES.items():
        findings.append(Finding("codecs and modules", any(modules.glob(pattern)), what, cure))
    for pattern in _SOUNDS:
        good = any((data / "sounds").glob(pattern))
        findings.append(
            Finding(
                "sound files",
                good,
                pattern.removeprefix("en*/").removesuffix(".*"),
                "install asterisk-core-sounds-en-wav",
            )
        )
    return findings


async def _asterisk(settings: Settings) -> Found | None:
    """The Asterisk that a run would take, without making one."""
    binary = settings.asterisk or shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binary and (version := await version_of(Path(binary))):
        return Found(Path(binary), None, version)
    for mark in sorted(settings.asterisk_cache.glob("asterisk-*/.trunkline")):
        return Found(Path("/usr/sbin/asterisk"), mark.parent, mark.read_text(encoding="utf-8").strip())
    return None


async def _external(settings: Settings) -> Finding:
    where = f"{settings.ami_host}:{settings.ami_port}"
    try:
        async with asyncio.timeout(3):
            reader, writer = await asyncio.open_connection(settings.ami_host, settings.ami_port)
            greeting = (await reader.readline()).decode(errors="replace").strip()
            writer.close()
    except (OSError, TimeoutError) as error:
        return Finding("asterisk", False, f"{where}: {error or 'no answer'}", "start it, or mend ami_host and ami_port")
    good = greeting.startswith("Asterisk Call Manager")
    return Finding("asterisk", good, f"{where} says {greeting!r}", "ami_host and ami_port must lead to Asterisk's AMI")


async def on_database(settings: Settings) -> list[Finding]:
    """The database that is configured, else our own."""
    try:
        if settings.database_url is None:
            home = await asyncio.to_thread(find_home, settings.data_dir, make=False)
            if embedded.living(settings) is None:
                return [Finding("database", True, f"our own, not running now; programs in {home.programs}")]
        version = await embedded.version_at(embedded.dsn(settings))
    except Misconfigured as fault:
        return [Finding("database", False, str(fault), "see the line above")]
    except Unavailable as fault:
        return [Finding("database", False, str(fault), "see log/postgresql.log, or mend TRUNKLINE_DATABASE_URL")]
    return [Finding("database", int(version.partition(".")[0]) >= 15, f"PostgreSQL {version}", "use 15 or newer")]


async def on_clock() -> list[Finding]:
    """Whether the wall's clock runs as the monotonic one does, and knows the zones."""
    wall, monotonic = time.time(), time.monotonic()
    await asyncio.sleep(0.3)
    drift_ms = abs((time.time() - wall) - (time.monotonic() - monotonic)) * 1000
    sane = time.gmtime(wall).tm_year >= 2025
    zones = zoneinfo.available_timezones()
    return [
        Finding("clock", drift_ms < 20, f"{drift_ms:.1f} ms apart from the monotonic one in 0.3 s",
                "something sets the clock: let one time service do it (chrony, systemd-timesyncd)"),
        Finding("clock", sane, time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(wall)), "set the date"),
        Finding("time zones", "Europe/London" in zones, f"{len(zones)} known", "install the package tzdata"),
    ]  # fmt: skip


def on_disk(settings: Settings) -> Iterator[Finding]:
    """Room for data and for a private Asterisk; files that may be open at once."""
    for name, folder in (("data_dir", settings.data_dir), ("asterisk_cache", settings.asterisk_cache)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        free = shutil.disk_usage(there).free / _GIGABYTE
        cure = f"free some, or set TRUNKLINE_{name.upper()} to a larger disk"
        yield Finding("disk", free >= 1.0, f"{free:.1f} GB free for {name} ({folder})", cure)
        yield Finding("disk", os.access(there, os.W_OK), f"{there} can be written", f"chown it, or move {name}")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    enough = files == resource.RLIM_INFINITY or files >= 4096
    yield Finding("open files", enough, f"at most {'any number' if files < 0 else files}", "raise it: ulimit -n 65536")


def on_files(settings: Settings) -> Iterator[Finding]:
    """The files that an admin edits."""
    centre, problems = load_centre(settings.centre_file)
    for problem in problems:
        yield Finding("centre file", False, str(problem), f"edit {settings.centre_file}")
    if centre is not None:
        yield Finding("centre file", True, f"{len(centre.agents)} agents, {len(centre.queues)} queues")
        yield _on_audio_ports(settings, len(centre.agents))
    yield from _on_flows(settings, centre)
    yield from _on_trunks(settings)
    yield from _on_channels(settings)
    if settings.tls_cert and settings.tls_key:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
            yield Finding("certificate", True, str(settings.tls_cert))
        except (OSError, ssl.SSLError) as error:
            yield Finding("certificate", False, str(error), "tls_cert and tls_key must be a pair of PEM files")


def _on_audio_ports(settings: Settings, agents: int) -> Finding:
    """Whether every agent has a leg when as many callers wait as are let in."""
    first, last = settings.rtp_ports
    legs, callers = (last - first + 1) // 2, callers_at_most(settings.rtp_ports)
    text = f"{legs} legs: at most {callers} callers, and {legs - callers} kept for {agents} agents"
    # A fifth of the legs, of two ports each, is the agents'.
    cure = (
        f"with all callers waiting, some agents have nothing to be rung by: rtp_ports={first}-{first + 10 * agents - 1}"
    )
    return Finding("audio ports", agents <= legs - callers, text, cure)


def _on_flows(settings: Settings, centre: Centre | None) -> Iterator[Finding]:
    files = flow_files(settings.flows_dir)
    problems = check(files, centre)
    for problem in problems:
        where = f"{problem.file}:{problem.line}:{problem.column}"
        yield Finding("flow files", False, f"{where}: {problem.message}", problem.hint or f"edit {problem.file}")
    if not files:
        cure = "write one (docs/how-to/write-a-flow.md), or mend flows_dir"
        yield Finding("flow files", False, f"there is no flow in {settings.flows_dir}", cure)
    elif not problems:
        yield Finding("flow files", True, f"{len(files)} flow{'' if len(files) == 1 else 's'}")


def _on_trunks(settings: Settings) -> Iterator[Finding]:
    trunks, problems = look_at_trunks(settings.trunks_file, os.environ)
    for problem in problems:
        where = f"{settings.trunks_file}:{problem.line}:{problem.column}"
        yield Finding("trunks file", False, f"{where}: {problem.what}", problem.cure)
    if not problems:
        enabled = sum(trunk.enabled for trunk in trunks)
        text = f"{len(trunks)} trunk{'' if len(trunks) == 1 else 's'}, {enabled} of them enabled"
        yield Finding("trunks file", True, text if settings.trunks_file.exists() else "none: no carrier's calls arrive")


def _on_channels(settings: Settings) -> Iterator[Finding]:
    channels, problems = channels_in(settings.channels_file)
    for problem in problems:
        where = f"{problem.file}:{problem.line}:{problem.column}"
        yield Finding("channels file", False, f"{where}: {problem.message}", problem.hint or f"edit {problem.file}")
    if not problems:
        yield Finding("channels file", True, ", ".join(channels) or "none: nobody can write")
    called = [name for name, each in channels.items() if each.kind == "twilio"]
    if called and settings.public_url is None:
        what = f"the provider of {', '.join(called)} cannot know where to reach us, nor sign for it"
        yield Finding("public URL", False, what, "set TRUNKLINE_PUBLIC_URL to our address as the provider has it")


def on_browser_application() -> Iterator[Finding]:
    """The built desktop; Node only where it has still to be built."""
    built = (Path(__file__).parents[1] / "web" / "static" / "index.html").exists()
    yield Finding("desktop", built, "built" if built else "not built", "make desktop")
    node = shutil.which("node")
    if node is None:
        yield Finding("node", True, "none; make takes one from a wheel")
        return
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
    match = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    enough = version[0] > 22 or (version[0] == 22 and version[1] >= 12) or (version[0] == 20 and version[1] >= 19)
    yield Finding("node", True, said if enough else f"{said} is too old for the build; make takes one from a wheel")
