"""yaml-language-server as an editor drives it: the Language Server Protocol over its standard input and output."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
SERVER = HERE / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
PATIENCE_S = 60.0
SETTINGS = {
    # No catalogue of schemas from the network: the file names its own.
    "yaml": {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}},
    "http": {"proxy": "", "proxyStrictSSL": False},
    "[yaml]": {},
    "editor": {},
    "files": {},
}


@dataclass
class Editor:
    """An editor with the YAML plug-in; one file at a time is enough for us."""

    process: asyncio.subprocess.Process
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    diagnostics: dict[str, asyncio.Future[list[Any]]] = field(default_factory=dict)

    def new_file(self) -> Path:
        """Return where a flow file would stand that nobody has opened yet."""
        return REPOSITORY / "ivr_flows" / f"new_{len(self.diagnostics)}.yaml"

    async def opened(self, file: Path, text: str) -> list[tuple[int, str]]:
        """Open a file with this text; return what is underlined: the line, counted from 1, and what is said."""
        uri = file.as_uri()
        self.diagnostics[uri] = asyncio.get_running_loop().create_future()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        await self.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        async with asyncio.timeout(PATIENCE_S):
            found = await self.diagnostics[uri]
        return sorted((each["range"]["start"]["line"] + 1, each["message"]) for each in found)

    async def offered(self, file: Path, line: int, column: int) -> set[str]:
        """Return what is offered at a place of an open file; lines and columns count from 1."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line - 1, "character": column - 1}}
        found = await self.ask("textDocument/completion", place)
        return {each["label"] for each in found["items"]}

    async def explained(self, file: Path, line: int, column: int) -> str:
        """Return what is told of the word at a place."""
        place = {"textDocument": {"uri": file.as_uri()}, "position": {"line": line - 1, "character": column - 1}}
        found = await self.ask("textDocument/hover", place)
        return str(found["contents"]["value"]) if found else ""

    async def ask(self, method: str, params: Mapping[str, Any]) -> Any:
        """Ask something and wait for the answer."""
        number = len(self.answers) + 1
        self.answers[number] = asyncio.get_running_loop().create_future()
        await self.send({"id": number, "method": method, "params": params})
        async with asyncio.timeout(PATIENCE_S):
            return await self.answers[number]

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await self.process.stdin.drain()

    async def listen(self) -> None:
        """Take what the server says until it ends."""
        assert self.process.stdout is not None
        while header := await self.process.stdout.readline():
            length = int(header.partition(b":")[2])
            while (await self.process.stdout.readline()).strip():
                pass
            await self._take(json.loads(await self.process.stdout.readexactly(length)))

    async def _take(self, message: Mapping[str, Any]) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            waiting = self.diagnostics.get(message["params"]["uri"])
            if waiting and not waiting.done():
                waiting.set_result(message["params"]["diagnostics"])
        elif method == "workspace/configuration":
            wanted = [SETTINGS.get(each.get("section", "")) for each in message["params"]["items"]]
            await self.send({"id": message["id"], "result": wanted})
        elif method and "id" in message:
            await self.send({"id": message["id"], "result": None})
        elif "id" in message:
            self.answers[message["id"]].set_result(message.get("result"))


@asynccontextmanager
async def an_editor() -> AsyncIterator[Editor]:
    """Start the server, introduce ourselves, and end it afterwards."""
    path = f"{REPOSITORY / 'var' / 'tools' / 'node'}{os.pathsep}{os.environ['PATH']}"
    assert SERVER.exists(), "run make setup: yaml-language-server is not there"
    process = await asyncio.create_subprocess_exec(
        "node", str(SERVER), "--stdio",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PATH": path},
    )  # fmt: skip
    editor = Editor(process)
    listening = asyncio.create_task(editor.listen())
    try:
        features = {"hover": {}, "completion": {}, "publishDiagnostics": {}, "synchronization": {}}
        able = {"textDocument": features, "workspace": {"configuration": True}}
        await editor.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": able})
        await editor.send({"method": "initialized", "params": {}})
        await editor.send({"method": "workspace/didChangeConfiguration", "params": {"settings": SETTINGS}})
        yield editor
        await editor.ask("shutdown", {})
        await editor.send({"method": "exit", "params": {}})
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        listening.cancel()
