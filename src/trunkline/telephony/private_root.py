"""An Asterisk to run: the one that is named, an installed one that is new enough, else a private root of Debian.

The private root is cached and shared by all checkouts of a machine; nothing is written in it once it is whole.
"""

# ruff: noqa: ASYNC240 - at start nothing else waits for the loop

import asyncio
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from trunkline.core.errors import Misconfigured, Unavailable

Report = Callable[[str], None]
"""Takes one line of progress."""

OLDEST = (22, 3)
"""Before it, a Bridge could leave two legs in different bridges (asterisk#1144)."""

HOME_INSIDE = Path("/srv/trunkline")
"""Where a private root sees the folder that Asterisk writes in."""

_SUITE = "forky"
_EDITION = 1  # another number when the packages change: the cached root is made anew
_PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav", "asterisk-moh-opsound-wav", "flite", "espeak-ng")
_BUILD_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Found:
    """A binary, and the root file system it lives in: None is the host's own. `binary` is as seen in that root."""

    binary: Path
    root: Path | None
    version: str

    def on_host(self, path: Path) -> Path:
        """Return the host's path of a path inside."""
        return path if self.root is None else self.root / path.relative_to("/")


async def find(named: str | None, cache: Path, report: Report) -> Found:
    """Return the Asterisk to run, making one when there is none.

    Raises Misconfigured when the named one will not do or packages are missing, Unavailable when the making fails.
    """
    if named:
        version = await version_of(Path(named))
        if version is None:
            raise Misconfigured(f"asterisk: {named} is no Asterisk that runs here")
        if not is_new_enough(version):
            raise Misconfigured(f"asterisk: {named} is Asterisk {version}; 22.3 or newer is needed")
        return Found(Path(named), None, version)
    installed = shutil.which("asterisk", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    version = await version_of(Path(installed)) if installed else None
    if installed and version and is_new_enough(version):
        return Found(Path(installed), None, version)
    if version:
        report(f"the installed Asterisk {version} is older than 22.3: a private one is used")
    root = await private_root(cache, report)
    return Found(Path("/usr/sbin/asterisk"), root, (root / ".trunkline").read_text(encoding="utf-8").strip())


def is_new_enough(version: str) -> bool:
    """Whether a version such as `22.10.1` is one that we can use."""
    match = re.match(r"(\d+)\.(\d+)", version)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST


async def version_of(binary: Path, *prefix: str) -> str | None:
    """Return what a binary calls its version, None when it does not run."""
    try:
        code, output = await _run([*prefix, str(binary), "-V"], seconds=20)
    except OSError:
        return None
    match = re.search(r"Asterisk (?:certified[/-])?(\d+\.\d+\S*)", output)
    return match[1] if code == 0 and match else None


async def private_root(cache: Path, report: Report) -> Path:
    """Return the cached root, made first where it is missing; of several who ask at once, one makes it."""
    root = cache / f"asterisk-{_EDITION}"
    if (root / ".trunkline").exists():
        return root
    cache.mkdir(parents=True, exist_ok=True)
    async with _alone(cache / ".asterisk.lock", report):
        if not (root / ".trunkline").exists():
            for half in cache.glob(f".{root.name}.*"):
                shutil.rmtree(half, ignore_errors=True)
            await _make(root, report)
    return root


@asynccontextmanager
async def _alone(lock: Path, report: Report) -> AsyncIterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another Trunkline is making the private Asterisk: waiting for it")
            await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield


async def _make(root: Path, report: Report) -> None:
    as_root = os.geteuid() == 0
    await _provide_tools(("mmdebstrap",) if as_root else ("mmdebstrap", "newuidmap", "bwrap"), report)
    half = Path(tempfile.mkdtemp(prefix=f".{root.name}.", dir=root.parent))
    half.chmod(0o755)
    report(f"making a private Asterisk from Debian {_SUITE} (about 380 MB, once): {root}")
    log = root.parent / f"{root.name}.log"
    try:
        await _bootstrap(half, log, report, as_root=as_root)
        version = _finish(half)
        # The mark is written last: what has it is whole.
        (half / ".trunkline").write_text(version + "\n", encoding="utf-8")
        half.rename(root)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    report(f"Asterisk {version} is ready")


async def _bootstrap(half: Path, log: Path, report: Report, *, as_root: bool) -> None:
    tar = half / "root.tar"
    command = [
        "mmdebstrap",
        f"--mode={'root' if as_root else 'unshare'}",
        "--format=tar",
        "--variant=minbase",
        f"--include={','.join(_PACKAGES)}",
    ]
    code, output = await _run([*command, _SUITE, str(tar)], seconds=_BUILD_SECONDS)
    if code and re.search(r"Release file .* (is )?expired|is not valid anymore", output):
        report("the mirror's Release file has expired: trying again without checking its date (signatures are checked)")
        aptopt = '--aptopt=Acquire::Check-Valid-Until "false"'
        code, output = await _run([*command, aptopt, _SUITE, str(tar)], seconds=_BUILD_SECONDS)
    log.write_text(output, encoding="utf-8")
    if code:
        last = output.strip().splitlines()[-1:] or ["no output"]
        raise Unavailable(f"mmdebstrap could not make the private Asterisk: {last[0]} (all of it: {log})")
    keep = () if as_root else ("--no-same-owner", "--exclude=./dev/*")
    code, output = await _run(["tar", "-C", str(half), *keep, "-xf", str(tar)], seconds=300)
    tar.unlink()
    if code:
        raise Unavailable(f"the private Asterisk could not be unpacked: {output.strip()[-300:]}")


def _finish(root: Path) -> str:
    """Make the places that are bound later, and return Asterisk's version as dpkg knows it."""
    (root / HOME_INSIDE.relative_to("/")).mkdir(parents=True, exist_ok=True)
    for name in ("hosts", "resolv.conf"):
        file = root / "etc" / name
        if file.is_symlink():
            file.unlink()
        file.touch()
    status = (root / "var/lib/dpkg/status").read_text(encoding="utf-8")
    match = re.search(r"^Package: asterisk\n(?:.+\n)*?Version: (?:\d+:)?(\d+\.\d+(?:\.\d+)?)", status, re.MULTILINE)
    if match is None or not is_new_enough(match[1]):
        raise Unavailable(f"Debian {_SUITE} has no Asterisk of 22.3 or newer", retry=False)
    return match[1]


async def _provide_tools(tools: Sequence[str], report: Report) -> None:
    packages = {"mmdebstrap": "mmdebstrap", "newuidmap": "uidmap", "bwrap": "bubblewrap"}
    missing = [packages[tool] for tool in tools if shutil.which(tool) is None]
    if not missing:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    sudo: list[str] = []
    if os.geteuid() != 0:
        sudo = ["sudo", "-n"]
    if shutil.which("apt-get") and (not sudo or shutil.which("sudo")):
        report(f"installing {', '.join(missing)} with apt")
        await _run([*sudo, "apt-get", "update"], seconds=300)
        code, _output = await _run([*sudo, "env", "DEBIAN_FRONTEND=noninteractive", *install], seconds=600)
        if code == 0:
            return
    raise Misconfigured(f"{', '.join(missing)} must be installed first: sudo {' '.join(install)}")


async def _run(command: Sequence[str], *, seconds: float) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return process.returncode or 0, output.decode("utf-8", "replace")
