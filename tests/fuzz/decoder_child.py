"""One process of atheris: `.venv/bin/python -m tests.fuzz.decoder_child DECODER TALLY CORPUS [libFuzzer's options]`.

TALLY is the file that is told, now and then, how many inputs were tried and accepted.
"""

import sys
from pathlib import Path
from random import Random

import atheris

with atheris.instrument_imports(include=["bitpay"]):
    from tests.fuzz.decoders import DECODERS
    from tests.fuzz.json_mutations import mutated_json

TELL_EVERY = 500


def main() -> None:
    """Try inputs until libFuzzer's options or a failure end the process."""
    name, tally, *options = sys.argv[1:]
    decoder = DECODERS[name]
    tried = accepted = 0

    def try_one(data: bytes) -> None:
        nonlocal tried, accepted
        tried += 1
        accepted += decoder.check(data)
        if tried % TELL_EVERY == 0:
            Path(tally).write_text(f"{tried} {accepted}")

    custom = {"custom_mutator": _mutate} if decoder.json else {}
    atheris.Setup([sys.argv[0], *options], try_one, **custom)
    atheris.Fuzz()


def _mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Change a member of the JSON, or bytes as libFuzzer does it."""
    random = Random(seed)  # noqa: S311 - inputs, not secrets
    if random.random() < 0.5:
        return bytes(mutated_json(bytes(data), random)[:max_size])
    return bytes(atheris.Mutate(data, max_size))


if __name__ == "__main__":
    main()
