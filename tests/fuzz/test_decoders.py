"""Every decoder on inputs that it takes, and on those inputs spoilt; `make fuzz` goes much further."""

import pytest
from tests.fuzz.decoder_seeds import seeds
from tests.fuzz.decoders import DECODERS
from tests.fuzz.json_mutations import mutated_json
from tests.stacks.samples import Samples

MUTATIONS = 600


@pytest.mark.parametrize("name", DECODERS)
def test_what_a_decoder_is_for_is_accepted(name: str) -> None:
    check = DECODERS[name].check
    assert [data for data in seeds(name) if not check(data)] == []


@pytest.mark.parametrize("name", DECODERS)
def test_what_is_spoilt_is_refused_or_read_as_what_it_is(name: str) -> None:
    samples = Samples(2)
    check, starts = DECODERS[name].check, seeds(name)
    for _ in range(MUTATIONS):
        check(samples.mutated(samples.pick(starts)))


@pytest.mark.parametrize("name", [name for name, decoder in DECODERS.items() if decoder.json])
def test_json_with_other_members_is_refused_or_read_as_what_it_is(name: str) -> None:
    samples = Samples(3)
    check, starts = DECODERS[name].check, seeds(name)
    for _ in range(MUTATIONS):
        check(mutated_json(samples.pick(starts), samples.random))
