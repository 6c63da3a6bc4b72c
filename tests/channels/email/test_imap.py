"""A mailbox that says what it has at moments when nobody seems to listen."""

import asyncio

from tests.fakes.imap_peer import ImapPeer, imap_peer
from trunkline.channels.email.imap import Mailbox
from trunkline.channels.email.smtp import Login, Server


def mailbox_at(peer: ImapPeer) -> Mailbox:
    return Mailbox(Server("127.0.0.1", peer.port, "none"), Login("support", "x"), "INBOX")


async def test_what_comes_while_it_is_searched_is_found() -> None:
    searches = 0

    def one_comes(tag: str, command: str) -> list[str]:
        nonlocal searches
        if "SEARCH" not in command:
            return []
        searches += 1
        # As Dovecot has it: not among what was found, and told of once.
        if searches == 1:
            return [f"* SEARCH\r\n* 1 EXISTS\r\n{tag} OK done\r\n"]
        return [f"* SEARCH 1\r\n{tag} OK done\r\n"]

    with imap_peer(one_comes) as peer:
        mailbox = mailbox_at(peer)
        await mailbox.open()
        assert await mailbox.after(0) == [1]
        assert await mailbox.after(1) == []
        await mailbox.close()
    assert searches == 3


async def test_what_is_told_together_with_the_answer_to_idle_is_heard() -> None:
    def at_once(_tag: str, command: str) -> list[str]:
        return ["+ idling\r\n* 1 EXISTS\r\n"] if command == "IDLE" else []

    with imap_peer(at_once) as peer:
        mailbox = mailbox_at(peer)
        await mailbox.open()
        async with asyncio.timeout(5):
            await mailbox.changed()
        assert await mailbox.after(0) == []  # the connection is as it was
        await mailbox.close()


async def test_what_is_told_later_is_heard_again_and_again() -> None:
    with imap_peer(lambda _tag, _command: []) as peer:
        mailbox = mailbox_at(peer)
        await mailbox.open()
        for number in range(1, 4):
            waiting = asyncio.ensure_future(mailbox.changed())
            assert await asyncio.to_thread(peer.idles.wait, 5)
            assert not waiting.done()
            peer.says(f"* {number} EXISTS\r\n")
            async with asyncio.timeout(5):
                await waiting
        await mailbox.close()
