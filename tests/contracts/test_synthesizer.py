"""What every synthesizer does, the fake and the real one."""

from pathlib import Path

import pytest

from tests.fakes.fake_synthesizer import FakeSynthesizer
from tests.speech.programs import speaking_programs
from trunkline.core.errors import Unavailable
from trunkline.flows.talk import Prompt
from trunkline.ports.synthesizer import Synthesizer
from trunkline.speech.synthesizer import CommandSynthesizer

HELLO, HOLA = Prompt("Hello.", "en-GB"), Prompt("Hola.", "es")


@pytest.fixture(params=["fake", "programs"])
def synthesizer(request: pytest.FixtureRequest, tmp_path: Path) -> Synthesizer:
    """Return one that speaks English and no Spanish."""
    if request.param == "fake":
        fake = FakeSynthesizer(tmp_path)
        fake.cannot_speak.add("es")
        return fake
    return CommandSynthesizer(tmp_path / "sounds", tmp_path / "prompts", prefix=speaking_programs(tmp_path, "flite"))


async def test_sound_is_there_once_it_was_made(synthesizer: Synthesizer) -> None:
    assert synthesizer.sound_for(HELLO) is None

    await synthesizer.make([HELLO, HELLO])
    await synthesizer.make([HELLO])

    assert synthesizer.sound_for(HELLO) is not None


async def test_language_that_nobody_speaks_is_unavailable_and_the_rest_is_made(synthesizer: Synthesizer) -> None:
    with pytest.raises(Unavailable) as caught:
        await synthesizer.make([HOLA, HELLO])

    assert not caught.value.retry
    assert synthesizer.sound_for(HELLO) is not None
    assert synthesizer.sound_for(HOLA) is None
