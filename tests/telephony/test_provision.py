"""Finding out that a switch has booted, by a manager that has much to tell before it says so."""

import asyncio

import pytest

from trunkline.telephony.provision import _until_heard


async def a_manager_that_says(*parts: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    return reader


@pytest.mark.parametrize("cut", [0, 1, 5, 11])
async def test_a_switch_with_a_thousand_phones_is_found_ready(cut: int) -> None:
    # Read in pieces of 64 KiB: the word begins in one and ends in the next.
    phones = b"." * (3 * 65536 - cut)

    await _until_heard(await a_manager_that_says(phones, b"FullyBooted\r\n"), b"FullyBooted")


async def test_a_switch_that_ends_meanwhile_is_not_ready() -> None:
    reader = await a_manager_that_says(b"Response: Success\r\n\r\n")

    with pytest.raises(EOFError):
        await _until_heard(reader, b"FullyBooted")
