"""A real SIP phone: baresip, which speaks one tone, keeps what it hears, and is driven over its control port."""

import asyncio
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RATE = 8000


class Phone:
    """One baresip with one account; `accept`, `hangup`, `hold`, `resume`, `dial` are its own commands."""

    def __init__(self, folder: Path, sip_port: int) -> None:
        self.folder, self._port = folder, sip_port
        self.seen: list[dict[str, Any]] = []

    async def start(self, account: str, tone_hz: int, *, codec: str = "pcmu", modules: Sequence[str] = ()) -> None:
        """Start it, with more modules of baresip where asked for, and wait until it can be driven."""
        self.folder.mkdir(parents=True)
        tone = self.folder / "tone.wav"
        synth = ["synth", "60", "sine", str(tone_hz), "vol", "0.5"]
        make = ["sox", "-n", "-r", str(RATE), "-c", "1", "-b", "16", str(tone), *synth]
        await asyncio.to_thread(subprocess.run, make, check=True)
        (self.folder / "accounts").write_text(f"{account};audio_codecs={codec}\n")
        (self.folder / "contacts").write_text("")
        control = self._port + 5
        (self.folder / "config").write_text(
            f"sip_listen 127.0.0.1:{self._port}\naudio_player aufile,/dev/null\naudio_source aufile,{tone}\n"
            f"audio_alert aufile,/dev/null\nausrc_srate {RATE}\nauplay_srate {RATE}\naudio_channels 1\n"
            f"ctrl_tcp_listen 127.0.0.1:{control}\nmodule_path /usr/lib/baresip/modules\nmodule aufile.so\n"
            f"module sndfile.so\nsnd_path {self.folder}\nmodule g711.so\nmodule_app account.so\nmodule_app menu.so\n"
            "module_app ctrl_tcp.so\n" + "".join(f"module {name}.so\n" for name in modules)
        )
        log = (self.folder / "log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            "baresip", "-4", "-f", str(self.folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder
        )
        log.close()
        async with asyncio.timeout(10):
            while True:
                try:
                    self._reader, self._writer = await asyncio.open_connection("127.0.0.1", control)
                except ConnectionRefusedError:
                    await asyncio.sleep(0.02)  # it cannot tell us when it listens
                else:
                    return

    def do(self, command: str, params: str = "") -> None:
        """Give it a command (netstring with JSON, baresip's ctrl_tcp)."""
        body = json.dumps({"command": command, "params": params, "token": "t"}).encode()
        self._writer.write(f"{len(body)}:".encode() + body + b",")

    async def event(self, kind: str, within_s: float = 10) -> dict[str, Any]:
        """Return its next event of a type such as CALL_ESTABLISHED."""
        async with asyncio.timeout(within_s):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                message: dict[str, Any] = json.loads((await self._reader.readexactly(length + 1))[:-1])
                self.seen.append(message)
                if message.get("type") == kind:
                    return message

    async def close(self) -> None:
        """End it; its recordings are whole afterwards."""
        self._writer.close()
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()

    def heard(self, hertz: int) -> float:
        """How loud (RMS, 0 to 1) a tone is in what it heard in its last call."""
        file = sorted(self.folder.glob("dump-*-dec.wav"))[-1]
        band = ["sinc", f"{hertz - 30}-{hertz + 30}", "stat"]
        report = subprocess.run(["sox", str(file), "-n", *band], check=True, capture_output=True, text=True).stderr
        return next(float(line.split()[-1]) for line in report.splitlines() if line.startswith("RMS     amp"))
