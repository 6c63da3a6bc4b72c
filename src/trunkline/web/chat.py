"""What sites and visitors load of the web chat: the script, and a page of our own to try it."""

from collections.abc import Collection
from html import escape
from pathlib import Path

from aiohttp import web

_FRESH_S = 300
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Try the chat "{name}"</title>
<style>body {{ font: 16px/24px system-ui, sans-serif; max-width: 42em; margin: 10vh auto; padding: 0 24px; }}
pre {{ overflow: auto; padding: 12px; border: 1px solid; border-radius: 8px; }}</style>
</head>
<body>
<h1>Try the chat &ldquo;{name}&rdquo;</h1>
<p>Its button is at the lower right, as it would be on a site of yours. Any site gets it by one line, once the channels
file names it under <code>origins</code>:</p>
<pre>&lt;script src="{base}/chat/widget.js" data-channel="{name}" async&gt;&lt;/script&gt;</pre>
<script src="/chat/widget.js" data-channel="{name}" async></script>
</body>
</html>
"""


class ChatPages:
    """GET /chat/widget.js and /chat/NAME."""

    def __init__(self, names: Collection[str], script: Path) -> None:
        self._names = frozenset(names)
        self._script = script

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [web.get("/chat/widget.js", self.widget), web.get("/chat/{name}", self.page)]

    async def widget(self, _request: web.Request) -> web.StreamResponse:
        """Send the script, which any site may load."""
        if not self._script.is_file():
            return web.Response(status=503, text="The chat is not built yet: run `make desktop`.")
        headers = {"Cache-Control": f"public, max-age={_FRESH_S}", "Cross-Origin-Resource-Policy": "cross-origin"}
        return web.FileResponse(self._script, headers=headers)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Send a page on which a chat can be tried."""
        name = request.match_info["name"]
        if name not in self._names:
            raise web.HTTPNotFound(text="there is no such chat: the channels file names none")
        text = _PAGE.format(name=escape(name), base=escape(str(request.url.origin())))
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-cache"})
