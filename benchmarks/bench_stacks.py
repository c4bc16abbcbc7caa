"""The Stacks toolkit beside @stacks/transactions, in the same run on the same machine.

    .venv/bin/python benchmarks/bench_stacks.py [--full]

Both do the same work on the same inputs, one after the other, several times in turn (`--full`: more); the best time of
each counts. The reference runs warm in one Node process and is given its inputs before the clock starts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bitpay.stacks import clarity, keys, messages
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition
from bitpay.stacks.transactions import Transaction, contract_call, sign, verify

# The samples and the reference's child process are the tests'; a script sees its own folder only.
sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.stacks.samples import Samples
from tests.stacks.stacks_js import StacksJs

Item = TypeVar("Item")
TURNS = 5
ROUNDS, ROUNDS_IN_FULL = 3, 10
ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token"


def event(number: int) -> clarity.Value:
    """A contract's print as an application makes it."""
    return clarity.tuple_(
        {
            "event": clarity.ascii("stream-created"),
            "id": clarity.uint(number),
            "sender": clarity.principal(ACCOUNT),
            "recipient": clarity.principal(f"{ACCOUNT}.vault"),
            "amount": clarity.uint(number * 1_000),
            "memo": clarity.some(clarity.buffer(b"rent")),
            "cancelable": clarity.TRUE,
            "start": clarity.uint(1_700_000_000),
        }
    )


def call(number: int, key: PrivateKey) -> Transaction:
    conditions = [FtPostCondition(None, Asset.parse(SBTC), Compare.LTE, number)]
    args = [clarity.uint(number), clarity.principal(ACCOUNT), clarity.NONE, event(number)]
    return contract_call(
        f"{ACCOUNT}.core",
        "create",
        args,
        network=Network.TESTNET,
        public_key=key.public_key,
        nonce=number,
        fee=3_000,
        post_conditions=conditions,
    )


class Bench:
    def __init__(self, reference: StacksJs, rounds: int) -> None:
        self.reference = reference
        self.rounds = rounds

    def compare(
        self, title: str, name: str, theirs: Sequence[Any], ours: Sequence[Item], run: Callable[[Item], object]
    ) -> None:
        """Measure our work on every item and the reference's on its own form of them, and print both rates."""
        best_ours, best_theirs = float("inf"), float("inf")
        self._time(ours, run)
        for _ in range(TURNS):
            best_ours = min(best_ours, self._time(ours, run))
            task = {"name": name, "items": list(theirs), "rounds": self.rounds}
            best_theirs = min(best_theirs, self.reference("measure", [task])[0])
        done = len(ours) * self.rounds
        ratio = best_theirs / best_ours
        print(f"{title:<28}{done / best_ours:>14,.0f}/s{done / best_theirs:>14,.0f}/s{ratio:>10.1f} x")

    def _time(self, items: Sequence[Item], run: Callable[[Item], object]) -> float:
        start = time.perf_counter()
        for _ in range(self.rounds):
            for item in items:
                run(item)
        return time.perf_counter() - start


def bench_values(bench: Bench) -> None:
    samples = Samples(1)
    for title, values in (
        ("events", [event(number) for number in range(1_000)]),
        ("single uints", [clarity.uint(samples.natural()) for _ in range(3_000)]),
        ("random nested values", [samples.value() for _ in range(1_000)]),
    ):
        encoded = [clarity.encode(value) for value in values]
        hexes = [data.hex() for data in encoded]
        bench.compare(f"encode {title}", "encode", hexes, values, clarity.encode)
        bench.compare(f"decode {title}", "decode", hexes, encoded, clarity.decode)


def bench_transactions(bench: Bench) -> None:
    key = PrivateKey(b"\x07" * 32)
    secret = key.to_bytes().hex()
    unsigned = [call(number, key) for number in range(100)]
    signed = [sign(tx, key) for tx in unsigned]
    hexes = [tx.to_hex() for tx in signed]
    pairs = [[tx.to_hex(), secret] for tx in unsigned]
    bench.compare("decode transactions", "decode_tx", hexes, hexes, Transaction.from_hex)
    bench.compare("encode transactions", "encode_tx", hexes, signed, Transaction.encode)
    bench.compare("decode and sign", "sign_tx", pairs, pairs, lambda pair: sign(Transaction.from_hex(pair[0]), key))
    bench.compare("decode and verify", "verify_tx", hexes, hexes, lambda text: verify(Transaction.from_hex(text)))


def bench_messages(bench: Bench) -> None:
    key = PrivateKey(b"\x07" * 32)
    texts = [f"sign in to bitpay.example, nonce {number:032x}" for number in range(200)]
    asked = [[text, key.to_bytes().hex()] for text in texts]
    bench.compare("sign messages", "sign_message", asked, texts, lambda text: messages.sign_message(key, text))
    signed = [(messages.hash_message(text), messages.sign_message(key, text)) for text in texts]
    bench.compare(
        "recover public keys",
        "recover",
        [[digest.hex(), signature] for digest, signature in signed],
        signed,
        lambda pair: keys.recover_public_key(pair[0], bytes.fromhex(pair[1])),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="more rounds")
    rounds = ROUNDS_IN_FULL if parser.parse_args().full else ROUNDS
    print(f"{'':<28}{'bitpay.stacks':>16}{'stacks.js':>16}{'ratio':>12}")
    with StacksJs() as reference:
        bench = Bench(reference, rounds)
        bench_values(bench)
        bench_transactions(bench)
        bench_messages(bench)


if __name__ == "__main__":
    main()
