import asyncio
from pathlib import Path

import pytest

from trunkline.cli import log_room
from trunkline.cli.log_room import keep_room, make_room
from trunkline.settings import Settings


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_room, "FULL_BYTES", 100)


def test_a_full_log_is_emptied_under_its_writer_and_its_end_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "asterisk.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old" * 50)
        make_room(log)
        writer.write(b"new")

    assert log.read_bytes() == b"new"
    assert (tmp_path / "asterisk.log.1").read_bytes() == (b"old" * 50)[-100:]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["asterisk.log", "asterisk.log.1"]


@pytest.mark.parametrize("size", [0, 100])
def test_a_log_with_room_is_left_alone(tmp_path: Path, size: int) -> None:
    log = tmp_path / "run.log"
    log.write_bytes(b"x" * size)

    make_room(log)

    assert log.stat().st_size == size
    assert not (tmp_path / "run.log.1").exists()


async def test_every_log_of_what_we_start_is_looked_after(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)  # type: ignore[call-arg]
    home = tmp_path / "asterisk" / "log"
    home.mkdir(parents=True)
    settings.log_dir.mkdir()
    (settings.log_dir / "asterisk.log").symlink_to("../asterisk/log/asterisk.log")
    ours = [settings.log_dir / name for name in ("run.log", "service.out", "postgresql.log")]
    logs = [*ours, home / "asterisk.log", home / "console.log"]
    for log in logs:
        log.write_bytes(b"x" * 101)

    keeping = asyncio.create_task(keep_room(settings, every_s=0.01))
    async with asyncio.timeout(5):
        while any(log.stat().st_size for log in logs):
            await asyncio.sleep(0.01)
    (settings.log_dir / "run.log").write_bytes(b"y" * 101)
    async with asyncio.timeout(5):
        while (settings.log_dir / "run.log").stat().st_size:
            await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.wait([keeping])

    assert all(log.with_name(f"{log.name}.1").stat().st_size == 100 for log in logs)
    assert (settings.log_dir / "asterisk.log").is_symlink()
