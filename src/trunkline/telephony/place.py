"""Where and how an Asterisk of ours runs: on the host, or in a private root by mount namespace, bwrap or plain chroot.

See docs/decisions/0003-private-asterisk.md for the choice.
"""

import asyncio
import contextlib
import hashlib
import os
import pwd
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trunkline.core.errors import Misconfigured
from trunkline.telephony.private_root import HOME_INSIDE, Found

_TOP = PurePosixPath("/")


@dataclass(frozen=True, slots=True)
class AsteriskPaths:
    """The folders that both the service and Asterisk see; `sounds` and `recordings` are the host's paths.

    What lies below `root` on the host, Asterisk sees below `seen_as`; None when both see the same.
    """

    root: Path | None
    sounds: Path
    recordings: Path
    seen_as: PurePosixPath = _TOP

    def inside(self, host_path: Path) -> str:
        """Return the name by which Asterisk knows a file; raises ValueError for one that it cannot see."""
        if self.root is None:
            return str(host_path)
        return str(self.seen_as / host_path.relative_to(self.root))


@dataclass(frozen=True, slots=True)
class Place:
    """Where Asterisk lives: its home on the host and as it sees it, how it is started, and as which user it runs."""

    home: Path
    inside: PurePosixPath
    command: tuple[str, ...]
    uid: int
    gid: int
    hosts_file: Path | None

    @property
    def paths(self) -> AsteriskPaths:
        """The folders that the service and it share."""
        same = PurePosixPath(self.home) == self.inside
        return AsteriskPaths(
            None if same else self.home, self.home / "sounds", self.home / "recordings", seen_as=self.inside
        )


async def choose_place(found: Found, data_dir: Path) -> Place:
    """Choose how to run it (docs/decisions/0003-private-asterisk.md), by trying what this machine allows."""
    home = data_dir / "asterisk"
    as_root = os.geteuid() == 0
    if found.root is None:
        return _on_the_host(found, home, as_root=as_root)
    arguments = ("-f", "-C", f"{HOME_INSIDE}/etc/asterisk.conf")
    hosts = home / "etc" / "hosts"
    if not as_root:
        bound = ("--ro-bind", str(found.root), "/", "--bind", str(home), str(HOME_INSIDE), "--proc", "/proc")
        names = ("--ro-bind", str(hosts), "/etc/hosts", "--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf")
        as_user = ("bwrap", *bound, *names, "--dev", "/dev", "--tmpfs", "/tmp", str(found.binary), *arguments)  # noqa: S108
        return Place(home, PurePosixPath(HOME_INSIDE), as_user, os.geteuid(), os.getegid(), hosts)
    uid, gid = _user_in(found.root)
    user = ("-U", "asterisk", "-G", "asterisk")
    if await _may_unshare():
        script = (
            'mount --rbind /dev "$1/dev"; mount --rbind /proc "$1/proc"; '
            'mount --bind "$2" "$1$3"; mount --bind "$2/etc/hosts" "$1/etc/hosts"; '
            'mount --bind /etc/resolv.conf "$1/etc/resolv.conf" || true; '
            'root=$1; shift 3; exec chroot "$root" "$@"'
        )
        start = ("unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh")
        command = (*start, str(found.root), str(home), str(HOME_INSIDE), str(found.binary), *arguments, *user)
        return Place(home, PurePosixPath(HOME_INSIDE), command, uid, gid, hosts)
    # No mounts allowed: each data directory gets a home of its own inside the shared root.
    name = f"trunkline-{hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]}"
    inside = PurePosixPath("/srv") / name
    plain = ("chroot", str(found.root), str(found.binary), "-f", "-C", f"{inside}/etc/asterisk.conf", *user)
    return Place(found.root / "srv" / name, inside, plain, uid, gid, found.root / "etc" / "hosts")


def _on_the_host(found: Found, home: Path, *, as_root: bool) -> Place:
    command = (str(found.binary), "-f", "-C", str(home / "etc" / "asterisk.conf"))
    inside = PurePosixPath(home)
    if as_root:
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam("asterisk")
            if all(parent.stat().st_mode & 0o001 for parent in home.parents if parent.exists()):
                return Place(
                    home, inside, (*command, "-U", "asterisk", "-G", "asterisk"), user.pw_uid, user.pw_gid, None
                )
    return Place(home, inside, command, os.geteuid(), os.getegid(), None)


async def _may_unshare() -> bool:
    try:
        process = await asyncio.create_subprocess_exec(
            "unshare",
            *("--mount", "--propagation", "private", "sh", "-c", "mount --bind /tmp /tmp"),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    return await process.wait() == 0


def _user_in(root: Path) -> tuple[int, int]:
    for line in (root / "etc" / "passwd").read_text(encoding="utf-8").splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == "asterisk":
            return int(uid), int(gid)
    raise Misconfigured(f"{root} has no user `asterisk`; delete that folder and a new one is made")


def installed(found: Found) -> tuple[Path, Path]:
    """Return the folders of modules and of sounds of the Asterisk that was found, as it sees them."""
    top = found.root or Path("/")
    for folder in (*sorted(top.glob("usr/lib/*/asterisk/modules")), top / "usr/lib/asterisk/modules"):
        if folder.is_dir():
            break
    else:
        raise Misconfigured(f"the modules of {found.binary} were not found in /usr/lib; use Debian's Asterisk")
    data = next((d for d in ("usr/share/asterisk", "var/lib/asterisk") if (top / d / "sounds").is_dir()), None)
    if data is None:
        raise Misconfigured("Asterisk's sounds are missing: install asterisk-core-sounds-en-wav")
    return Path("/") / folder.relative_to(top), Path("/") / data
