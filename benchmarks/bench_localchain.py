"""The local chain's speed on this machine: starts, blocks, reads meanwhile, replays, reorganisations, memory.

    .venv/bin/python benchmarks/bench_localchain.py [--full]

Every call is a transfer of sBTC by its own contract in deny mode with one post-condition. `--full` adds the replay of
20,000 calls and the memory after 50,000, which takes some minutes.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import httpx
from tests.localchain.accounts import Account, account

from bitpay.demo.control import TOKEN_HEADER
from bitpay.kit.processes import free_port, resident_bytes, spawn, stop
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.clock import ChainClock
from bitpay.localchain.faucet import endowed
from bitpay.localchain.reorganization import Reorganization
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, principal, uint
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition, Mode

SENDERS = [account(10 + number) for number in range(20)]
RECIPIENT = account(9)
GENESIS = Genesis(
    stx={sender.address: 10**15 for sender in SENDERS}, sbtc={sender.address: 10**12 for sender in SENDERS}
)
ASSET = Asset.parse(f"{SBTC}::sbtc-token")
TOKEN = "benchmark"  # noqa: S105 - of a chain that lives for minutes


def transfer(sender: Account) -> bytes:
    args = [uint(5), principal(sender.address), principal(RECIPIENT.address), NONE]
    return sender.call(SBTC, "transfer", args, [FtPostCondition(None, ASSET, Compare.EQ, 5)], Mode.DENY)


def grow(chain: Chain, calls: int, per_block: int) -> None:
    """Mine `calls` transfers, `per_block` in each block."""
    done = 0
    while done < calls:
        for number in range(per_block):
            chain.submit(transfer(SENDERS[(done + number) % len(SENDERS)]))
        block = chain.mine()
        assert all(mined.succeeded for mined in block.transactions)
        assert len(block.transactions) == per_block
        done += per_block


@contextmanager
def fresh() -> Iterator[Path]:
    for sender in SENDERS:
        sender.nonce = 0
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def opened(folder: Path) -> Chain:
    """Open a chain of yesterday: blocks made in a hurry are a second apart, and a server waits for its clock."""
    return Chain(folder, endowed(GENESIS), clock=ChainClock(wall=lambda: time.time() - 86_400))


def say(what: str, value: str, target: str) -> None:
    print(f"{what:<58} {value:>12}   ({target})", flush=True)


def bench_start(folder: Path) -> None:
    chain = opened(folder)
    grow(chain, 2_000, 5)
    chain.close()
    for name, target in (("snapshot", "5 s"), ("journal alone", "no target")):
        if name != "snapshot":
            shutil.rmtree(folder / "snapshots")
        began = time.perf_counter()
        opened(folder).close()
        say(f"ready with 2,000 transactions, from its {name}", f"{time.perf_counter() - began:.2f} s", target)


def bench_block(folder: Path) -> None:
    chain = opened(folder)
    for sender in SENDERS:
        for _ in range(5):
            chain.submit(transfer(sender))
    began = time.perf_counter()
    assert len(chain.mine().transactions) == 100
    say("a block of 100 contract calls", f"{time.perf_counter() - began:.3f} s", "1 s")
    chain.close()


def bench_reorg(folder: Path) -> None:
    chain = opened(folder)
    grow(chain, 1_500, 5)
    began = time.perf_counter()
    change = chain.reorganize(Reorganization(depth=200, order="shuffled"))
    taken = time.perf_counter() - began
    assert sum(len(block.transactions) for block in change.apply) == 1_000
    say("a reorganisation of 200 blocks with 5 calls each", f"{taken:.2f} s", "10 s")
    chain.close()


def bench_reads(folder: Path) -> None:
    chain = opened(folder)
    grow(chain, 500, 5)
    chain.close()
    asyncio.run(_serve(folder, "0.01", _measure_reads))
    asyncio.run(_serve(folder, "3600", _measure_longest_read))


async def _serve(folder: Path, gather: str, measure: Callable[[httpx.AsyncClient], Awaitable[None]]) -> None:
    """Serve the chain, with a block `gather` seconds after a transaction came, and measure."""
    port = free_port()
    argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(folder), "--port", str(port)]
    server = spawn([*argv, "--gather-seconds", gather], env={"LOCALCHAIN_TOKEN": TOKEN})
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            await _until_ready(client)
            await measure(client)
    finally:
        stop(server)


async def _until_ready(client: httpx.AsyncClient) -> None:
    while True:
        try:
            await client.get("/v2/info")
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
        else:
            return


async def _measure_reads(client: httpx.AsyncClient) -> None:
    times: list[float] = []
    before = (await client.get("/v2/info")).json()["stacks_tip_height"]
    ended = time.perf_counter() + 15
    mining = asyncio.create_task(_mine_every_second(client, ended))
    while time.perf_counter() < ended:
        times.append(await _read(client))
        await asyncio.sleep(0.005)
    blocks = await mining
    after = (await client.get("/v2/info")).json()["stacks_tip_height"]
    assert after >= before + blocks, f"{after - before} of {blocks} blocks"
    times.sort()
    p50, p99 = (times[int(len(times) * share)] * 1000 for share in (0.5, 0.99))
    say("a read, while 5 calls are mined every second: p50", f"{p50:.1f} ms", "no target")
    say("a read, while 5 calls are mined every second: p99", f"{p99:.1f} ms", "20 ms")


async def _measure_longest_read(client: httpx.AsyncClient) -> None:
    """Measure the read that waits longest as a share of the block that it waits for, of ten large blocks."""
    longest, block = 0.0, 1.0
    for _ in range(10):
        for _ in range(5):
            await _send(client, SENDERS)
        mining = asyncio.create_task(_mine(client))
        times = [await _read(client)]
        while not mining.done():
            times.append(await _read(client))
        if max(times) / mining.result() > longest / block:
            longest, block = max(times), mining.result()
    say("the longest read while 100 calls are mined", f"{longest * 1000:.0f} ms", f"that block: {block * 1000:.0f} ms")


async def _read(client: httpx.AsyncClient) -> float:
    """Return the seconds that a read took."""
    address, contract = SBTC.split(".")
    began = time.perf_counter()
    answer = await client.post(
        f"/v2/contracts/call-read/{address}/{contract}/get-balance",
        json={"sender": address, "arguments": ["0x0516" + "00" * 20]},
    )
    taken = time.perf_counter() - began
    assert answer.json()["okay"], answer.text
    return taken


async def _mine(client: httpx.AsyncClient) -> float:
    """Return the seconds that a block took."""
    began = time.perf_counter()
    answer = await client.post("/control/mine", json={"count": 1}, headers={TOKEN_HEADER: TOKEN})
    taken = time.perf_counter() - began
    [block] = answer.json()["blocks"]
    assert len(block["transactions"]) == 100, len(block["transactions"])
    return taken


async def _mine_every_second(client: httpx.AsyncClient, ended: float) -> int:
    """Have a block mined every second, and return how many there must be."""
    blocks = 0
    while time.perf_counter() < ended:
        await _send(client, SENDERS[:5])
        blocks += 1
        await asyncio.sleep(1)
    return blocks


async def _send(client: httpx.AsyncClient, senders: Sequence[Account]) -> None:
    for sender in senders:
        headers = {"content-type": "application/octet-stream"}
        answer = await client.post("/v2/transactions", content=transfer(sender), headers=headers)
        assert answer.status_code == 200, answer.text


def bench_replay(folder: Path) -> None:
    chain = opened(folder)
    began = time.perf_counter()
    grow(chain, 20_000, 20)
    say("mining 20,000 calls, 20 in each block", f"{time.perf_counter() - began:.1f} s", "no target")
    chain.close()
    shutil.rmtree(folder / "snapshots")
    began = time.perf_counter()
    opened(folder).close()
    say("replaying 20,000 journalled calls", f"{time.perf_counter() - began:.1f} s", "60 s")


def bench_memory(folder: Path) -> None:
    chain = opened(folder)
    grow(chain, 50_000, 50)
    ours, vms = (resident_bytes(pid) / 1e6 for pid in (os.getpid(), chain.machine.vm.pid))
    say("memory after 50,000 calls, chain and VM", f"{ours:.0f}+{vms:.0f} MB", "1,000 MB")
    chain.close()


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also what takes minutes")
    options = parser.parse_args(argv)
    benches = [bench_start, bench_block, bench_reorg, bench_reads]
    if options.full:
        benches += [bench_replay, bench_memory]
    for bench in benches:
        with fresh() as folder:
            bench(folder)


if __name__ == "__main__":
    main()
