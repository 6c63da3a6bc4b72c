"""Whether a request comes from a page of another site."""

from urllib.parse import urlsplit

from aiohttp import web


def is_foreign(request: web.Request, origins: frozenset[str]) -> bool:
    """Say whether a browser names another site as the page's; programs, which name none, are not foreign.

    `origins` are further ones of ours, such as that of a proxy in front.
    """
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.host and origin not in origins
