"""`trunkline run`, with the real PostgreSQL, Asterisk and service: what dies comes back, what is asked to end ends."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.switch import free_ports
from trunkline.cli.ports import wanted_ports
from trunkline.cli.run import left_over
from trunkline.processes import Process, noted
from trunkline.settings import PortRange, Settings
from trunkline.store import embedded

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
REPOSITORY = Path(__file__).parents[2]


class Run:
    """A `trunkline run` under test, on ports and in a data directory of its own."""

    def __init__(self, folder: Path) -> None:
        ports = free_ports(60)
        self.settings = Settings(
            data_dir=folder / "var",
            demo=True,
            http_port=ports[0],
            sip_port=ports[1],
            sip_tls_port=ports[2],
            sip_ws_port=ports[3],
            ami_port=ports[4],
            postgres_port=ports[5],
            rtp_ports=PortRange(ports[10], ports[59]),
            database_url=None,
            centre_file=REPOSITORY / "ivr_flows" / "centre.yaml",
            flows_dir=REPOSITORY / "ivr_flows",
            trunks_file=REPOSITORY / "asterisk" / "trunks.yaml",
        )
        self.printed = folder / "printed"
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; what it prints goes to a file."""
        options = self.settings.model_dump(exclude_none=True, exclude={"rtp_ports", "http_allowed_hosts", "relay_urls"})
        environment = {f"TRUNKLINE_{name.upper()}": str(value) for name, value in options.items()}
        environment["TRUNKLINE_RTP_PORTS"] = str(self.settings.rtp_ports)
        with self.printed.open("wb") as out:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "trunkline", "run"],
                env={**os.environ, **environment},
                cwd=REPOSITORY,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def says(self) -> str:
        """What it has printed so far."""
        return self.printed.read_text(encoding="utf-8", errors="replace")

    def until(self, what: str, is_so: Callable[[], bool], *, within_s: float = 240.0) -> None:
        """Wait until something is so."""
        ends = time.monotonic() + within_s
        while not is_so():
            assert time.monotonic() < ends, f"not {what} within {within_s} s:\n{self.says()}"
            assert self.child is None or self.child.poll() is None, self.says()
            time.sleep(0.05)

    def until_ready(self) -> None:
        """Wait until it says that it is ready."""
        self.until("ready", lambda: "Ctrl-C stops all of it." in self.says())

    def is_healthy(self) -> bool:
        """Whether every part says that it is ready."""
        with (
            suppress(OSError, ValueError),
            urllib.request.urlopen(f"{self.settings.url}/healthz", timeout=2) as answer,  # noqa: S310 - our own address
        ):
            return bool(json.load(answer)["ready"])
        return False

    def service(self) -> Process | None:
        """The service's process."""
        return noted(self.settings.run_dir / "service.pid")

    def ended(self) -> int:
        """Wait for its end; return its exit code."""
        assert self.child is not None
        return self.child.wait(timeout=30)

    def taken(self) -> list[int]:
        """Which of our ports are held by anybody."""
        return [port.port for port in wanted_ports(self.settings) if port.holder is not None]


@pytest.fixture
def run() -> Iterator[Run]:
    with tempfile.TemporaryDirectory(prefix="trunkline-test-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        run = Run(Path(folder))
        yield run
        if run.child is not None and run.child.poll() is None:
            run.child.send_signal(signal.SIGTERM)
            run.ended()
        for process in left_over(run.settings):
            process.send(signal.SIGKILL)


def test_what_dies_comes_back_and_the_end_is_the_end_of_all(run: Run) -> None:
    run.start()
    run.until_ready()
    assert run.is_healthy()
    assert run.settings.url in run.says()
    assert "ana, ben, carla" in run.says()
    service, database = run.service(), embedded.living(run.settings)
    assert service
    assert database

    service.send(signal.SIGKILL)
    run.until("another service", lambda: run.service() not in {None, service})
    run.until("healthy again", run.is_healthy)
    assert embedded.living(run.settings) == database

    database.send(signal.SIGKILL)
    run.until("another database", lambda: embedded.living(run.settings) not in {None, database})
    run.until("healthy again", run.is_healthy)

    assert run.child is not None
    run.child.send_signal(signal.SIGINT)
    assert run.ended() == 0
    assert run.taken() == []
    assert left_over(run.settings) == set()


def test_next_run_works_after_all_of_it_was_killed(run: Run) -> None:
    run.start()
    run.until_ready()
    assert run.child is not None
    everything = left_over(run.settings)
    run.child.kill()
    run.ended()
    for process in everything:
        process.send(signal.SIGKILL)

    run.start()
    run.until_ready()

    assert run.is_healthy()


def test_next_run_adopts_what_a_killed_supervisor_left(run: Run) -> None:
    run.start()
    run.until_ready()
    assert run.child is not None
    database, service = embedded.living(run.settings), run.service()
    run.child.kill()
    run.ended()

    run.start()
    run.until_ready()

    assert embedded.living(run.settings) == database
    assert run.service() != service
    took = re.search(r"Ready in (\d+\.\d) s", run.says())
    assert took
    assert float(took[1]) < 10


def test_second_run_on_the_same_data_is_refused(run: Run) -> None:
    run.start()
    run.until_ready()
    first = run.child
    second = Run.__new__(Run)
    second.settings, second.printed = run.settings, run.printed.with_name("second")

    second.start()

    assert second.ended() == 2
    assert first is not None
    assert f"process {first.pid} runs Trunkline on" in second.says()
    assert run.is_healthy()
