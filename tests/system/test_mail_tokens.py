"""A mailbox that takes tokens and no password, as Google's and Microsoft's do: a real Dovecot that asks about each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.system.mail_server import MailServer, mail_server
from tests.system.switch import free_ports, open_folder
from trunkline.channels.email.imap import Mailbox
from trunkline.channels.email.oauth import Tokens
from trunkline.channels.email.smtp import Login, Server
from trunkline.core.errors import Unavailable

pytestmark = pytest.mark.skipif(not MailServer.is_installed(), reason="needs Dovecot and OpenSMTPD: see `make test`")


class Identities:
    """Who gives tokens (RFC 6749) and says of each what it is worth (RFC 7662)."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.good: set[str] = set()

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", "of the tests")
        token = f"token-{len(self.given) + 1}"
        self.given.append(token)
        self.good.add(token)
        return web.json_response({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    async def introspect(self, request: web.Request) -> web.Response:
        token = str((await request.post())["token"])
        return web.json_response({"active": token in self.good, "username": "support"})


@asynccontextmanager
async def identities() -> AsyncIterator[tuple[Identities, str]]:
    served, application = Identities(), web.Application()
    application.add_routes([web.post("/token", served.token), web.post("/introspect", served.introspect)])
    async with TestServer(application) as server:
        yield served, str(server.make_url("/"))


async def test_a_mailbox_is_read_by_a_token_and_a_revoked_one_is_asked_for_anew(tmp_path: Path) -> None:
    with open_folder() as folder:
        async with identities() as (known, url):
            with mail_server(folder, free_ports(3), introspection=f"{url}introspect") as post:
                mail = EmailMessage()
                mail["Subject"], mail["From"], mail["To"] = "A lamp", "chris@home.example", "support@acme.example"
                mail.set_content("Where is it?")
                tokens = Tokens(f"{url}token", client_id="us", client_secret="", refresh_token="of the tests")
                server = Server("127.0.0.1", post.imap, "none")
                mailbox = Mailbox(server, Login("support", tokens=tokens), "INBOX")
                opened = await mailbox.open()
                await post.sends(mail, from_="chris@home.example", to="support@acme.example")
                while not (found := await mailbox.after(opened.next_uid - 1)):
                    await mailbox.changed()
                raw, whole = await mailbox.fetch(found[0])
                assert (b"Subject: A lamp" in raw, whole) == (True, True)
                await mailbox.close()
                assert known.given == ["token-1"]

                # Whoever is at the other end may take a token back before its time.
                known.good.clear()
                with pytest.raises(Unavailable, match="cannot be read"):
                    await mailbox.open()
                await mailbox.close()
                await mailbox.open()
                assert known.given == ["token-1", "token-2"]
                await mailbox.close()

                # Of somebody else's mailbox nothing is seen by it.
                others = Mailbox(server, Login("other", tokens=tokens), "INBOX")
                with pytest.raises(Unavailable):
                    await others.open()
                await others.close()
