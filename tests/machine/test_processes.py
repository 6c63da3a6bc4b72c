"""Who runs, and who holds a port."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trunkline.cli.ports import clashes, wanted_ports
from trunkline.processes import (
    Process,
    holder_of,
    is_known_dead,
    note,
    noted,
    ourselves,
    port_is_free,
    spawn,
    working_in,
)
from trunkline.settings import Settings

SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
STUBBORN = [sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN); print('!', flush=True);"
            "\nwhile True: signal.pause()"]  # fmt: skip


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Process]:
    with (tmp_path / "out").open("wb") as out:
        process = spawn(SLEEPER, out=out, cwd=tmp_path)
    yield process
    process.send(signal.SIGKILL)
    asyncio.run(process.ended())


def test_pid_file_tells_the_process_from_a_later_one_with_its_number(sleeper: Process, tmp_path: Path) -> None:
    note(tmp_path / "a.pid", sleeper)
    note(tmp_path / "b.pid", Process(sleeper.pid, sleeper.started + 1))

    assert noted(tmp_path / "a.pid") == sleeper
    assert noted(tmp_path / "b.pid") is None
    assert noted(tmp_path / "none.pid") is None


@pytest.mark.parametrize("text", ["", "x y\n", "1\n", "99999999 5\n"])
def test_damaged_pid_file_names_nobody(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.pid").write_text(text, encoding="utf-8")

    assert noted(tmp_path / "a.pid") is None


async def test_a_process_is_known_dead_by_its_name_once_it_has_ended(sleeper: Process) -> None:
    name = sleeper.name
    assert name.startswith(f"{sleeper.pid}@")
    assert not is_known_dead(name)

    sleeper.send(signal.SIGKILL)
    await sleeper.ended()

    assert is_known_dead(name)


def test_nobody_is_known_dead_of_whom_this_machine_cannot_know() -> None:
    name = ourselves().name
    here = name.partition("/")[2]
    elsewhere = name.replace(here, "another-boot/4026531836")

    assert not is_known_dead(name)
    assert not is_known_dead(elsewhere)
    assert is_known_dead(f"{os.getpid()}@web 1/{here}"), "a later process has its number"
    assert not any(map(is_known_dead, ["", "1@web", "nobody", f"x@web 1/{here}"]))


def test_spawned_process_is_in_a_session_of_its_own(sleeper: Process) -> None:
    assert os.getsid(sleeper.pid) == sleeper.pid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may say so")
def test_spawned_process_comes_before_all_that_is_not_ours(sleeper: Process) -> None:
    assert os.getpriority(os.PRIO_PROCESS, sleeper.pid) == -10


def test_process_is_found_by_its_working_directory(sleeper: Process, tmp_path: Path) -> None:
    assert working_in(tmp_path) == [sleeper]


async def test_process_that_will_not_end_is_killed(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        process = spawn(STUBBORN, out=out)
    async with asyncio.timeout(10):
        while not (tmp_path / "out").stat().st_size:
            await asyncio.sleep(0.01)

    await process.stop(patience_s=0.1)

    assert not process.alive


def test_no_signal_reaches_a_stranger_with_the_old_number(sleeper: Process) -> None:
    Process(sleeper.pid, sleeper.started + 1).send(signal.SIGKILL)

    assert sleeper.alive


@pytest.mark.parametrize(("kind", "protocol"), [(socket.SOCK_STREAM, "tcp"), (socket.SOCK_DGRAM, "udp")])
def test_holder_of_a_port_is_named(kind: socket.SocketKind, protocol: str) -> None:
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            held.listen()
        port = held.getsockname()[1]

        holder = holder_of(port, protocol)  # type: ignore[arg-type]

        assert holder is not None
        assert holder.process == Process.of(os.getpid())
        assert not port_is_free("127.0.0.1", port, protocol)  # type: ignore[arg-type]
    assert port_is_free("127.0.0.1", port, protocol)  # type: ignore[arg-type]


def test_taken_port_names_the_option_that_moves_ours(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        settings = Settings(data_dir=tmp_path, http_port=held.getsockname()[1], asterisk="external", database_url=None)
        process = Process.of(os.getpid())
        assert process

        lines = clashes(wanted_ports(settings), set())
        none = clashes(wanted_ports(settings), {process})

    assert [line for line in lines if "TRUNKLINE_HTTP_PORT" in line and f"process {os.getpid()} " in line]
    assert not [line for line in none if "TRUNKLINE_HTTP_PORT" in line]


def test_two_options_of_ours_with_one_port_clash(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, http_port=21999, ami_port=21999)

    lines = clashes(wanted_ports(settings), set())

    assert any("is wanted for the desktop and for Asterisk's manager interface" in line for line in lines)
