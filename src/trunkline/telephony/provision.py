"""A private Asterisk where none is configured: ours is found again while it lives unchanged, else it is started.

It outlives us on purpose: calls go on while the service is away. Everything it writes is below one folder, its home.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path, PurePosixPath
from typing import Protocol

from trunkline import processes
from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.processes import Process
from trunkline.telephony.place import AsteriskPaths, Place, choose_place, installed
from trunkline.telephony.private_root import Found, Report, find
from trunkline.telephony.render import SwitchPlan, Timing, render
from trunkline.telephony.shared import note_folders
from trunkline.telephony.trunks import Trunk, TrunkProblem, refuse, trunks_in

_READY_S = 20.0
_USUAL = Timing()
_FOLDERS = (
    "etc",
    "lib",
    "lib/keys",
    "spool",
    "run",
    "log",
    "sounds",
    "recordings",
    "recordings/voicemail",
    "recordings/fallback",
)


class SwitchSettings(Protocol):
    """The options that an Asterisk of ours depends on; `trunkline.settings.Settings` has them."""

    @property
    def data_dir(self) -> Path: ...  # noqa: D102 - see settings.py, which has a sentence for each
    @property
    def demo(self) -> bool: ...  # noqa: D102
    @property
    def tls_cert(self) -> Path | None: ...  # noqa: D102
    @property
    def tls_key(self) -> Path | None: ...  # noqa: D102
    @property
    def sip_host(self) -> str: ...  # noqa: D102
    @property
    def sip_port(self) -> int: ...  # noqa: D102
    @property
    def sip_tls_port(self) -> int: ...  # noqa: D102
    @property
    def sip_ws_port(self) -> int: ...  # noqa: D102
    @property
    def rtp_ports(self) -> tuple[int, int]: ...  # noqa: D102
    @property
    def external_address(self) -> str | None: ...  # noqa: D102
    @property
    def ami_host(self) -> str: ...  # noqa: D102
    @property
    def ami_port(self) -> int: ...  # noqa: D102
    @property
    def ami_user(self) -> str: ...  # noqa: D102
    @property
    def asterisk(self) -> str | None: ...  # noqa: D102
    @property
    def asterisk_cache(self) -> Path: ...  # noqa: D102
    @property
    def asterisk_id(self) -> str: ...  # noqa: D102
    @property
    def trunks_file(self) -> Path: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class RunningSwitch:
    """An Asterisk of ours that is up. It lives on until `stop`."""

    process: Process
    paths: AsteriskPaths
    version: str
    adopted: bool
    log: Path

    async def ended(self) -> None:
        """Return when it has ended, however that came."""
        await self.process.ended()

    async def stop(self) -> None:
        """End it, and every call on it."""
        await self.process.stop(patience_s=5)


async def ensure(
    settings: SwitchSettings,
    report: Report,
    *,
    database_url: str,
    ami_secret: str,
    ring_group: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    timing: Timing = _USUAL,
) -> RunningSwitch:
    """Return our Asterisk, ready: the one that runs already when nothing about it has changed, else a new one.

    `ring_group` are the endpoints that the static fallback rings; `timing` is for tests to shorten.
    Raises Misconfigured when an admin must act (a taken port, a mistake in the trunks file, missing packages),
    Unavailable when it does not come up.
    """
    trunks = read_trunks(settings.trunks_file, os.environ if environment is None else environment)
    found = await find(settings.asterisk, settings.asterisk_cache, report)
    place = await choose_place(found, settings.data_dir)
    plan = plan_of(settings, place.inside, found, database_url=database_url, ami_secret=ami_secret)
    plan = replace(plan, trunks=trunks, ring_group=tuple(ring_group), timing=timing)
    files = render(plan, templates())
    mark = _mark(files, place, settings)
    note = settings.data_dir / "run" / "asterisk.json"
    log = settings.data_dir / "log" / "asterisk.log"
    running = _noted(note)
    if running is not None and running[0].alive:
        if running[1] == mark:
            report(f"Asterisk {found.version} runs already (pid {running[0].pid})")
            return RunningSwitch(running[0], place.paths, found.version, adopted=True, log=log)
        report("Asterisk's configuration has changed: it is started anew")
        await running[0].stop(patience_s=5)
    _refuse_taken_ports(settings)
    _furnish(place, files, settings)
    note_folders(settings.data_dir, place, found.binary)
    with (place.home / "log" / "console.log").open("ab") as out:
        # Recordings are for Asterisk and for the service's group, nobody else.
        process = processes.spawn(
            ("/bin/sh", "-c", 'umask 027; exec "$@"', "sh", *place.command), out=out, cwd=Path("/")
        )
    note.parent.mkdir(parents=True, exist_ok=True)
    _keep(note, process, mark)
    async with process.brought_up(patience_s=5):
        try:
            await _until_ready(process, settings, ami_secret, place.home / "log")
        except BaseException:
            # The end of a wrapper is not the end of what it wraps.
            await _within(process).stop(patience_s=5)
            raise
    process = _within(process)
    _keep(note, process, mark)
    report(f"Asterisk {found.version} is up (pid {process.pid})")
    return RunningSwitch(process, place.paths, found.version, adopted=False, log=log)


def read_trunks(file: Path, environment: Mapping[str, str]) -> list[Trunk]:
    """Return the trunks of the file, none when there is no file; raises Misconfigured with every problem in it."""
    found, problems = look_at_trunks(file, environment)
    refuse(problems, str(file))
    return found


def look_at_trunks(file: Path, environment: Mapping[str, str]) -> tuple[list[Trunk], list[TrunkProblem]]:
    """Return the trunks of the file, and every problem in it; nothing when there is no file."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return [], []
    except (OSError, UnicodeDecodeError) as fault:
        return [], [TrunkProblem(1, 1, f"cannot be read: {fault}", "make it a UTF-8 text file that we may read")]
    return trunks_in(text, environment=environment, read=lambda name: (file.parent / name).read_text(encoding="utf-8"))


def templates() -> dict[str, str]:
    """Return the configuration templates: the repository's `asterisk/`, or the copy in an installed package."""
    here = Path(__file__)
    for folder in (here.parents[3] / "asterisk", here.parent / "asterisk"):
        files = sorted(folder.glob("*.conf"))
        if files:
            return {file.name: file.read_text(encoding="utf-8") for file in files}
    raise Misconfigured("Trunkline's asterisk/*.conf are missing; install it again")


def plan_of(
    settings: SwitchSettings, home: PurePosixPath, found: Found, *, database_url: str, ami_secret: str
) -> SwitchPlan:
    """Return what the settings and the Asterisk that was found say about its configuration."""
    modules_dir, data_dir = installed(found)
    tls = (home / "etc/tls/cert.pem", home / "etc/tls/key.pem") if settings.tls_cert and settings.tls_key else None
    return SwitchPlan(
        home=home,
        modules_dir=PurePosixPath(modules_dir),
        data_dir=PurePosixPath(data_dir),
        recordings=home / "recordings",
        systemname=settings.asterisk_id,
        demo=settings.demo,
        sip_host=settings.sip_host,
        sip_port=settings.sip_port,
        sip_tls_port=settings.sip_tls_port,
        sip_ws_port=settings.sip_ws_port,
        rtp_ports=settings.rtp_ports,
        external_address=settings.external_address,
        inner_address=settings.external_address and address_towards(settings.external_address),
        tls=tls,
        ami_bind=settings.ami_host if _is_address(settings.ami_host) else "127.0.0.1",
        ami_port=settings.ami_port,
        ami_user=settings.ami_user,
        ami_secret=ami_secret,
        ami_permit=("127.0.0.1/255.255.255.255",),
        database_url=database_url,
        modules=frozenset(file.name for file in found.on_host(modules_dir).glob("*.so")),
    )


def _mark(files: Mapping[str, str], place: Place, settings: SwitchSettings) -> str:
    """What tells one configuration from another."""
    certificates = [_digest(file.read_bytes()) for file in (settings.tls_cert, settings.tls_key) if file]
    return _digest(json.dumps([dict(files), place.command, certificates], sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keep(note: Path, process: Process, mark: str) -> None:
    draft = note.with_name(f".{note.name}.{os.getpid()}")
    draft.write_text(json.dumps({"pid": process.pid, "started": process.started, "mark": mark}), encoding="utf-8")
    draft.replace(note)


def _within(process: Process) -> Process:
    """Return Asterisk's own process: bwrap stays as its parent, and would not take it along when it is ended."""
    with contextlib.suppress(OSError):
        if Path(f"/proc/{process.pid}/comm").read_text(encoding="utf-8").strip() == "bwrap":
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
            inner = Process.of(int(children[0])) if children else None
            return _within(inner) if inner else process
    return process


def _noted(note: Path) -> tuple[Process, str] | None:
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        return _within(Process(int(kept["pid"]), int(kept["started"]))), str(kept["mark"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refuse_taken_ports(settings: SwitchSettings) -> None:
    """Raise Misconfigured naming each port that is taken, its holder, and the option that moves ours."""
    sip, ami = settings.sip_host, settings.ami_host if _is_address(settings.ami_host) else "127.0.0.1"
    wanted: list[tuple[processes.Protocol, str, int, str]] = [
        ("udp", sip, settings.sip_port, "sip_port"),
        ("tcp", sip, settings.sip_port, "sip_port"),
        ("tcp", sip, settings.sip_ws_port, "sip_ws_port"),
        ("tcp", ami, settings.ami_port, "ami_port"),
    ]
    if settings.tls_cert:
        wanted.append(("tcp", sip, settings.sip_tls_port, "sip_tls_port"))
    lines = [
        f"{kind.upper()} port {port} is taken by {processes.holder_of(port, kind) or 'somebody'}: stop it, "
        f"or move ours with TRUNKLINE_{option.upper()} (--{option.replace('_', '-')})"
        for kind, host, port, option in wanted
        if not processes.port_is_free(host, port, kind)
    ]
    if lines:
        raise Misconfigured("\n".join(lines))


def address_towards(host: str) -> str | None:
    """Return our own address on the way to another; nothing is sent. None where no way leads there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect((host, 9))
        return str(probe.getsockname()[0])
    return None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _furnish(place: Place, files: Mapping[str, str], settings: SwitchSettings) -> None:
    """Make the home: configuration readable by Asterisk alone, recordings shared with whoever runs the service."""
    ours = os.getegid()
    for name in _FOLDERS:
        folder = place.home / name
        folder.mkdir(parents=True, exist_ok=True)
        if name == "sounds":
            folder.chmod(0o755)
        elif name.startswith("recordings"):
            os.chown(folder, place.uid, ours)
            folder.chmod(0o2770)
        else:
            os.chown(folder, place.uid, place.gid)
            folder.chmod(0o750)
    if settings.tls_cert and settings.tls_key:
        (place.home / "etc" / "tls").mkdir(exist_ok=True)
        os.chown(place.home / "etc" / "tls", place.uid, place.gid)
        shutil.copyfile(settings.tls_cert, place.home / "etc/tls/cert.pem")
        shutil.copyfile(settings.tls_key, place.home / "etc/tls/key.pem")
    if place.hosts_file:
        known = Path("/etc/hosts").read_text(encoding="utf-8") if Path("/etc/hosts").exists() else ""
        # A switch that cannot resolve its own name stalls a second at every Answer.
        place.hosts_file.write_text(
            f"{known}\n127.0.0.1 localhost\n127.0.0.1 {socket.gethostname()}\n", encoding="utf-8"
        )
    write_config(files, place.home / "etc", uid=place.uid, gid=place.gid)
    log = settings.data_dir / "log" / "asterisk.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if not log.is_symlink():
        log.unlink(missing_ok=True)
        log.symlink_to(os.path.relpath(place.home / "log" / "asterisk.log", log.parent))


def write_config(files: Mapping[str, str], folder: Path, *, uid: int, gid: int) -> None:
    """Write the configuration, secrets in it, readable by one user and group; files that are ours no more go."""
    for stale in set(folder.glob("*.conf")) - {folder / name for name in files}:
        stale.unlink()
    for name, text in files.items():
        with os.fdopen(
            os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640), "w", encoding="utf-8"
        ) as f:
            f.write(text)
    # One packet of silence: 16-bit samples at 8 kHz for 20 ms. Of an empty file Asterisk would warn with every call.
    (folder / "nothing.sln").write_bytes(bytes(2 * 160))
    for file in (*folder.glob("*.conf"), *folder.glob("*.sln"), *folder.glob("tls/*")):
        os.chown(file, uid, gid)
        file.chmod(0o640)


async def _until_ready(process: Process, settings: SwitchSettings, secret: str, logs: Path) -> None:
    try:
        async with asyncio.timeout(_READY_S):
            while not await _is_booted(settings, secret):
                if not process.alive:
                    raise Unavailable(f"Asterisk ended at once: {_last_words(logs)}", retry=False)
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise Unavailable(f"Asterisk was not ready within {_READY_S:.0f} s: {_last_words(logs)}") from None


async def _is_booted(settings: SwitchSettings, secret: str) -> bool:
    """Whether its manager lets us in and has booted all the way."""
    try:
        reader, writer = await asyncio.open_connection(settings.ami_host, settings.ami_port)
    except OSError:
        return False
    try:
        login = f"Action: Login\r\nUsername: {settings.ami_user}\r\nSecret: {secret}\r\n\r\n"
        writer.write(login.encode())
        async with asyncio.timeout(5):
            await _until_heard(reader, b"FullyBooted")
    except (OSError, EOFError, TimeoutError):
        return False
    else:
        return True
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _until_heard(reader: asyncio.StreamReader, word: bytes) -> None:
    """Read on until a word has come; raises EOFError.

    Not `readuntil`, which gives up after 64 KiB: a switch tells of every phone of its ring group before it has booted.
    """
    heard = b""
    while word not in heard:
        more = await reader.read(65536)
        if not more:
            raise EOFError
        heard = heard[-len(word) :] + more


def _last_words(logs: Path) -> str:
    for name in ("asterisk.log", "console.log"):
        with contextlib.suppress(OSError):
            lines = (logs / name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
            if lines:
                return f"{lines[-1]} ({logs / name})"
    return f"see {logs}"
