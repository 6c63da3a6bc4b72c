import audioop
from array import array

import pytest

from trunkline.simulate import g711
from trunkline.simulate.sdp import PCMA, PCMU

EVERY = array("h", range(-32768, 32768))


def test_every_sample_becomes_the_byte_that_the_old_standard_library_made_of_it() -> None:
    assert g711.encode(EVERY, PCMU) == audioop.lin2ulaw(EVERY.tobytes(), 2)
    assert g711.encode(EVERY, PCMA) == audioop.lin2alaw(EVERY.tobytes(), 2)


@pytest.mark.parametrize("codec", [PCMU, PCMA])
def test_every_byte_becomes_the_sample_of_the_old_standard_library(codec: int) -> None:
    payload = bytes(range(256))
    expected = (audioop.ulaw2lin if codec == PCMU else audioop.alaw2lin)(payload, 2)

    assert g711.decode(payload, codec).tobytes() == expected
