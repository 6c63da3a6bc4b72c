"""Access tokens for mailboxes that take no password (RFC 6749 section 6), made of a refresh token."""

import asyncio
import time
from typing import Any

import aiohttp

from trunkline.core.errors import Unavailable

_EARLY_S = 120.0
_WITHIN_S = 10.0


class Tokens:
    """One mailbox's tokens."""

    def __init__(self, url: str, *, client_id: str, client_secret: str, refresh_token: str) -> None:
        self._url = url
        self._form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
        if client_secret:
            self._form["client_secret"] = client_secret
        self._token, self._until = "", 0.0
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """Return a token that is good for two minutes at least; raises Unavailable."""
        async with self._asking:
            if time.monotonic() + _EARLY_S >= self._until:
                told = await self._asked()
                self._token = str(told["access_token"])
                self._until = time.monotonic() + float(told.get("expires_in") or 0)
                # Some give a new refresh token each time, and take the old one once.
                self._form["refresh_token"] = str(told.get("refresh_token") or self._form["refresh_token"])
            return self._token

    def forget(self) -> None:
        """Ask anew next time: the server did not take the token."""
        self._until = 0.0

    async def _asked(self) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=_WITHIN_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(self._url, data=self._form) as got,
            ):
                told = await got.json(content_type=None)
                if got.status != 200 or not isinstance(told, dict) or not told.get("access_token"):
                    why = told.get("error") if isinstance(told, dict) else None
                    raise Unavailable(f"there is no token for the mailbox: {why or got.status}")
                return told
        except (aiohttp.ClientError, TimeoutError, ValueError) as fault:
            raise Unavailable(f"the token service does not answer: {type(fault).__name__}") from fault
