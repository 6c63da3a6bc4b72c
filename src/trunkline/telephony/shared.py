"""The folders that the service and Asterisk share, as the one who started Asterisk noted them down."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from trunkline.telephony.place import AsteriskPaths, Place

_NOTE = Path("run") / "asterisk-folders.json"


@dataclass(frozen=True, slots=True)
class SharedFolders:
    """Where sounds and recordings are, how Asterisk names them, and what runs a program in Asterisk's own root."""

    paths: AsteriskPaths
    speak: tuple[str, ...] = ()

    @property
    def sounds(self) -> Path:
        """Where prompts are, on the host."""
        return self.paths.sounds

    @property
    def recordings(self) -> Path:
        """Where recordings are, on the host."""
        return self.paths.recordings

    def inside(self, file: Path) -> str:
        """Return the name by which Asterisk knows a file."""
        return self.paths.inside(file)


def note_folders(data_dir: Path, place: Place, binary: Path) -> None:
    """Write down the folders of an Asterisk that we start."""
    apart = place.paths.root is not None
    note = {
        "home": str(place.home),
        "inside": str(place.inside),
        "speak": list(place.command[: place.command.index(str(binary))]) if apart else [],
    }
    file = data_dir / _NOTE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(note), encoding="utf-8")


def shared_folders(data_dir: Path) -> SharedFolders:
    """Return the folders: the noted ones, else `asterisk/` in the data directory, seen alike by both.

    The latter is how a container shares them: one volume, mounted at the same place in both.
    """
    try:
        note = json.loads((data_dir / _NOTE).read_text(encoding="utf-8"))
        home, inside, speak = Path(note["home"]), PurePosixPath(note["inside"]), tuple(note["speak"])
    except (OSError, ValueError, KeyError, TypeError):
        home = data_dir / "asterisk"
        inside, speak = PurePosixPath(home), ()
    root = None if PurePosixPath(home) == inside else home
    return SharedFolders(AsteriskPaths(root, home / "sounds", home / "recordings", seen_as=inside), speak)
