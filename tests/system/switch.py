"""A private Asterisk and its PostgreSQL for a test run, on free ports, as `trunkline run` would start them."""

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.processes import port_is_free
from trunkline.settings import Settings
from trunkline.telephony.provision import RunningSwitch

AGENT_SECRET = b"a secret of the tests"
AMI_SECRET = "ami; of the tests"
AGENTS = ("ana", "ben", "carla")


@dataclass
class Switch:
    """What a test needs to know of the switch under test."""

    settings: Settings
    running: RunningSwitch
    database_url: str
    lines: list[str] = field(default_factory=list)

    @property
    def sip(self) -> str:
        """Where it takes calls, as host:port."""
        return f"127.0.0.1:{self.settings.sip_port}"

    def warnings(self) -> list[str]:
        """Return its log's warnings and errors."""
        text = self.running.log.read_text(encoding="utf-8", errors="replace")
        return [line for line in text.splitlines() if "WARNING[" in line or "ERROR[" in line]


def free_ports(count: int) -> list[int]:
    """Return consecutive ports below the range that the kernel hands out, free now for UDP and TCP on loopback."""
    for first in random.sample(range(22000, 31900 - count), 200):
        ports = list(range(first, first + count))
        if all(port_is_free("127.0.0.1", port, kind) for port in ports for kind in ("udp", "tcp")):
            return ports
    raise AssertionError("no free ports")


@contextmanager
def open_folder() -> Iterator[Path]:
    """Make a folder that PostgreSQL's and Asterisk's users can reach, which those of pytest are not for root."""
    with tempfile.TemporaryDirectory(prefix="trunkline-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
