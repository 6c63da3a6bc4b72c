"""What sites and visitors load of the web chat: the script, and a page of our own to try it."""

from collections.abc import Collection
from html import escape
from pathlib import Path

from aiohttp import web

_FRESH_S = 300
_SCRIPTS = ("widget.js", "phone.js")
_OF_SCRIPTS = {
    "Cache-Control": f"public, max-age={_FRESH_S}",
    "Cross-Origin-Resource-Policy": "cross-origin",
    # The telephone is a module, which other sites load only where that is allowed.
    "Access-Control-Allow-Origin": "*",
}
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
    """GET /chat/widget.js, /chat/phone.js and /chat/NAME."""

    def __init__(self, names: Collection[str], scripts: Path) -> None:
        """`scripts` is the folder of the two scripts."""
        self._names = frozenset(names)
        self._scripts = scripts

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        scripts = [web.get(f"/chat/{name}", self.script) for name in _SCRIPTS]
        return [*scripts, web.get("/chat/{name}", self.page)]

    async def script(self, request: web.Request) -> web.StreamResponse:
        """Send a script, which any site may load."""
        script = self._scripts / request.path.rpartition("/")[2]
        if not script.is_file():
            return web.Response(status=503, text="The chat is not built yet: run `make desktop`.")
        return web.FileResponse(script, headers=_OF_SCRIPTS)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """Send a page on which a chat can be tried."""
        name = request.match_info["name"]
        if name not in self._names:
            raise web.HTTPNotFound(text="there is no such chat: the channels file names none")
        text = _PAGE.format(name=escape(name), base=escape(str(request.url.origin())))
        return web.Response(text=text, content_type="text/html", headers={"Cache-Control": "no-cache"})
