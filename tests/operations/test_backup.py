"""Backups: what was in the database is there again, or the restore says why not and has changed nothing."""

import asyncio
import hashlib
import json
import random
import stat
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import bson
import pytest
from tests.faults import failing
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import follow

from bitpay import backups
from bitpay.backups import back_up, restore
from bitpay.foundation import Foundation
from bitpay.kit.errors import BitPayError, Conflict, InvalidInput, NotFound
from bitpay.kit.settings import LedgerSettings
from bitpay.ledger.book import HEAD, UNFINAL_BURN_BLOCKS, OtherLedger
from bitpay.ledger.lease import FOLLOWER, LEASES, Lease, LeaseLost
from bitpay.store import Database, Document, connection, create_indexes, create_indexes_as, restoring
from bitpay.store.archive import Archive, Damaged, write_archive
from bitpay.store.migrations import MIGRATIONS, known_version
from bitpay.store.restoring import HalfRestored

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=7)


def ground_of(mongo_url: str, name: str, **changes: Any) -> Foundation:  # noqa: ANN401 - settings
    given = {"network": "local", "deployer": CONTRACTS.deployer, "mongodb_url": mongo_url, "mongodb_database": name}
    return Foundation(LedgerSettings(**{**given, **changes}))


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.fixture
async def ground(mongo_url: str, database: Database) -> AsyncIterator[Foundation]:
    """An instance with people's data and a ledger."""
    ground = ground_of(mongo_url, database.name)
    await ground.open()
    users = [
        {
            "walletAddress": f"ST{number}",
            "email": f"ü{number}@x.example",
            "createdAt": NOW,
            "preferences": {"n": number},
        }
        for number in range(1_234)
    ]
    await ground.database["users"].insert_many(users)
    await ground.database["sessions"].insert_one({"_id": "hash", "address": "ST1", "expiresAt": LATER})
    await ground.database["challenges"].insert_one({"_id": "nonce", "expiresAt": LATER})
    chain = Chain(31)
    await follow(ground.ledger.book, View(chain, chain.grow(None, 30)))
    yield ground
    await ground.close()


@pytest.fixture
async def empty(mongo_url: str) -> AsyncIterator[Foundation]:
    """Another machine: nothing in its database yet."""
    ground = ground_of(mongo_url, f"test_{token_hex(6)}")
    yield ground
    await ground.mongo.drop_database(ground.database.name)
    await ground.close()


async def contents(ground: Foundation, *, without: tuple[str, ...] = ()) -> dict[str, list[Document]]:
    """Everything that is in a database, except what serves for minutes only and the rooms' epoch."""
    passing = {"leases", "challenges", "restores", *without}
    names = set(await ground.database.list_collection_names()) - passing
    held = {name: await ground.database[name].find().sort("_id", 1).to_list() for name in sorted(names)}
    held["rooms"] = [row for row in held.get("rooms", []) if row["_id"] != "*"]
    return {name: rows for name, rows in held.items() if rows}


async def test_what_people_brought_along_is_there_again(ground: Foundation, empty: Foundation, tmp_path: Path) -> None:
    file = tmp_path / "small.backup"
    told = await back_up(ground, file, with_chain_data=False)
    assert (told["collections"]["users"], told["collections"]["sessions"]) == (1_234, 1)
    assert not {"streams", "events", "ledger_head", "challenges", "leases"} & told["collections"].keys()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert files_in(tmp_path) == [file.name]

    restored = await restore(empty, file, replace=False)

    assert restored["collections"] == told["collections"]
    before, after = await contents(ground), await contents(empty)
    assert (after["users"], after["sessions"]) == (before["users"], before["sessions"])
    assert after.keys() == {"users", "sessions", "ledger_head", "migrations"}
    [head] = after["ledger_head"]
    assert (head["hash"], head["height"], head["startHeight"]) == ("", 0, 1)
    assert head["quietUntil"] == before["ledger_head"][0]["burnHeight"] - UNFINAL_BURN_BLOCKS
    indexes = await empty.database["users"].index_information()
    assert indexes["walletAddress_1"]["unique"]
    await empty.open()


async def test_a_restored_ledger_reads_the_chain_again_to_the_same_documents(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    await restore(empty, tmp_path / "b", replace=False)
    chain = Chain(31)
    await follow(empty.ledger.book, View(chain, chain.grow(None, 30)))
    assert (await contents(empty))["streams"] == (await contents(ground))["streams"]


async def test_with_the_chains_data_everything_is_there_again(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await restore(empty, tmp_path / "b", replace=False)
    assert await contents(empty) == await contents(ground)
    assert await empty.ledger.book.head() == await ground.ledger.book.head()


async def test_a_backup_is_of_one_moment(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await contents(ground)

    async def disturbed(*arguments: Any) -> Any:  # noqa: ANN401 - as the function has it
        await ground.database["users"].delete_many({})
        await ground.database["sessions"].insert_one({"_id": "new", "address": "ST2", "expiresAt": LATER})
        return await write_archive(*arguments)

    monkeypatch.setattr(backups, "write_archive", disturbed)
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await restore(empty, tmp_path / "b", replace=False)
    assert await contents(empty) == before


async def test_sessions_that_expired_since_the_backup_do_not_stop_a_restore(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await ground.database["sessions"].drop_indexes()
    await ground.database["sessions"].insert_one({"_id": "old", "address": "ST1", "expiresAt": NOW})
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    assert (await restore(empty, tmp_path / "b", replace=False))["collections"]["sessions"] == 2


async def test_an_existing_file_is_never_overwritten(ground: Foundation, tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("another backup")
    with pytest.raises(Conflict, match="exists already"):
        await back_up(ground, file, with_chain_data=False)
    assert file.read_text() == "another backup"
    with pytest.raises(InvalidInput, match="cannot be written"):
        await back_up(ground, tmp_path / "no" / "such" / "folder", with_chain_data=False)


async def test_a_backup_that_was_interrupted_leaves_no_file(
    ground: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_arguments: Any) -> None:  # noqa: ANN401 - as the function has it
        raise ConnectionError("the database went away")

    monkeypatch.setattr(backups, "write_archive", fails)
    with pytest.raises(InvalidInput, match="the database went away"):
        await back_up(ground, tmp_path / "b", with_chain_data=False)
    assert files_in(tmp_path) == []


async def test_only_whole_books_of_our_own_are_backed_up(
    ground: Foundation, empty: Foundation, mongo_url: str, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match=f"{empty.database.name} has no books"):
        await back_up(empty, tmp_path / "b", with_chain_data=False)
    others: list[tuple[dict[str, Any], type[BitPayError]]] = [
        ({"deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"}, OtherLedger),
        ({"start_height": 7}, OtherLedger),
        ({"network": "mainnet"}, InvalidInput),
    ]
    for changes, refused in others:
        other = ground_of(mongo_url, ground.database.name, **changes)
        with pytest.raises(refused, match=f"follows {CONTRACTS.deployer}"):
            await back_up(other, tmp_path / "b", with_chain_data=False)
        await other.close()
    await ground.database[restoring.RESTORES].insert_one({"_id": "restore", "archive": "5f3a" * 16})
    with pytest.raises(HalfRestored, match="5f3a"):
        await back_up(ground, tmp_path / "b", with_chain_data=False)
    assert files_in(tmp_path) == []


async def test_a_damaged_or_cut_file_is_refused_before_anything_happens(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    await back_up(ground, good, with_chain_data=True)
    whole = good.read_bytes()
    sound = [list(archive.documents(part)) for archive in [Archive.open(good)] for part in archive.parts]
    chance = random.Random(7)  # noqa: S311 - a seed that replays is the point
    for length in [0, 1, 100, len(whole) // 2, len(whole) - 1, *(chance.randrange(len(whole)) for _ in range(20))]:
        bad.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            await restore(empty, bad, replace=True)
    refused = 0
    for _ in range(300):
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        bad.write_bytes(changed)
        try:
            archive = Archive.open(bad)
        except Damaged:
            refused += 1
        else:  # a bit that means nothing, like an entry's date
            assert [list(archive.documents(part)) for part in archive.parts] == sound
            archive.close()
    assert refused > 250
    for content in (b"not a backup", b"PK\x05\x06" + b"\x00" * 18):
        bad.write_bytes(content)
        with pytest.raises(Damaged):
            await restore(empty, bad, replace=True)
    with pytest.raises(InvalidInput, match="cannot be read"):
        await restore(empty, tmp_path / "nowhere", replace=True)
    assert await contents(empty) == {}


def packed(path: Path, manifest: object, *, how: int = zipfile.ZIP_DEFLATED, entry: bytes = b"") -> Path:
    """A zip that somebody made by hand, vouched for as our own are."""
    raw = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    with zipfile.ZipFile(path, "w", how) as target:
        target.writestr("users.bson", entry)
        target.writestr("manifest.json", raw)
        target.comment = hashlib.sha256(raw).hexdigest().encode()
    return path


def test_a_hostile_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    def part(entry: bytes = b"", /, **changes: object) -> Document:
        digest = hashlib.sha256(entry).hexdigest()
        return {"name": "users", "documents": bool(entry) * 1, "bytes": len(entry), "sha256": digest} | changes

    facts = {
        "format": "bitpay-backup",
        "version": 1,
        "bitpay": "1",
        "network": "local",
        "deployer": "ST1",
        "head": None,
    }
    sound = {**facts, "startHeight": 1, "createdAt": "", "withChainData": False, "databaseVersion": 0}
    document = bson.encode({"_id": 1, "at": NOW})
    whole = packed(tmp_path / "whole", {**sound, "collections": [part(document)]}, entry=document)
    Archive.open(whole).close()
    manifests: list[object] = [
        b"[" * 100_000,
        b" " * (1 << 21) + json.dumps({**sound, "collections": []}).encode(),
        [],
        sound,
        {**sound, "collections": {}},
        {**sound, "collections": [], "version": "1"},
        {**sound, "collections": [], "head": 7},
        {**sound, "collections": [], "databaseVersion": None},
        {**sound, "collections": [part(), part()]},
        {**sound, "collections": [part(documents=-1)]},
        {**sound, "collections": [part(sha256=7)]},
        *({**sound, "collections": [part(name=name)]} for name in ("leases", "restores", "system.users", "a$b", "")),
        {**sound, "collections": [part(name="elsewhere")]},
    ]
    for number, manifest in enumerate(manifests):
        with pytest.raises(Damaged, match="is damaged or not complete"):
            Archive.open(packed(tmp_path / f"manifest{number}", manifest))
    for number, entry in enumerate([bson.encode({"no": "id"}), b"\x06\0\0\0\x01\0", b"\x05\0\0\0\x01", b"\xff" * 9]):
        told = {**sound, "collections": [part(entry)]}
        with pytest.raises(Damaged, match="is damaged or not complete"):
            Archive.open(packed(tmp_path / f"entry{number}", told, entry=entry))
    with pytest.raises(Damaged, match="is damaged or not complete"):
        Archive.open(packed(tmp_path / "lzma", {**sound, "collections": [part()]}, how=zipfile.ZIP_LZMA))


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "testnet"},
        {"deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"},
        {"start_height": 7},
    ],
)
async def test_another_networks_or_deployments_backup_is_refused(
    ground: Foundation, mongo_url: str, tmp_path: Path, changes: dict[str, Any]
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    other = ground_of(mongo_url, f"test_{token_hex(6)}", **changes)
    with pytest.raises(InvalidInput, match="of another BitPay"):
        await restore(other, tmp_path / "b", replace=True)
    assert await contents(other) == {}
    await other.close()


async def test_a_backup_of_newer_code_is_refused(ground: Foundation, empty: Foundation, tmp_path: Path) -> None:
    await ground.database[MIGRATIONS].insert_one({"_id": known_version() + 1, "why": "invented later", "at": NOW})
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    with pytest.raises(InvalidInput, match="newer than this one"):
        await restore(empty, tmp_path / "b", replace=True)
    assert await contents(empty) == {}


async def test_what_nobody_declares_is_kept_for_it_may_be_precious(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await ground.database["by_hand"].insert_one({"_id": 1, "note": "somebody's"})
    told = await back_up(ground, tmp_path / "b", with_chain_data=False)
    assert told["collections"]["by_hand"] == 1
    await restore(empty, tmp_path / "b", replace=False)
    assert (await contents(empty))["by_hand"] == [{"_id": 1, "note": "somebody's"}]


async def test_only_an_empty_database_is_filled_unless_somebody_says_otherwise(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await create_indexes(empty.database)
    await empty.database["users"].insert_one({"walletAddress": "ST-other"})
    await empty.database["offers"].insert_one({"_id": "of the other database"})
    before = await contents(empty)
    with pytest.raises(Conflict, match="not empty"):
        await restore(empty, tmp_path / "b", replace=False)
    assert await contents(empty) == before
    await restore(empty, tmp_path / "b", replace=True)
    assert await contents(empty) == await contents(ground)


async def test_another_deployments_database_is_never_overwritten(
    ground: Foundation, empty: Foundation, tmp_path: Path
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await create_indexes(empty.database)
    roots: list[dict[str, Any]] = [
        {"deployer": "ST000", "startHeight": 1},
        {"deployer": CONTRACTS.deployer, "startHeight": 7},
    ]
    for root in roots:
        await empty.database[HEAD].replace_one({"_id": "head"}, root, upsert=True)
        before = await contents(empty)
        with pytest.raises(OtherLedger, match=f"follows {root['deployer']} from block {root['startHeight']}"):
            await restore(empty, tmp_path / "b", replace=True)
        assert await contents(empty) == before


async def test_nothing_is_restored_under_a_running_instance(ground: Foundation, tmp_path: Path) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    before = await contents(ground)
    async with ground.mongo.start_session() as session:
        following = Lease(ground.database, FOLLOWER, session)
        await following.acquire()

        async def refused() -> None:
            with pytest.raises(Conflict, match="stop it first"):
                await restore(ground, tmp_path / "b", replace=True)

        await following.lead(refused())
    assert await contents(ground) == before


async def test_nobody_serves_while_a_backup_is_loaded(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)

    async def refused(database: Database, name: str, other: str, *, expiring: bool = True) -> None:
        with pytest.raises(HalfRestored, match="is being restored"):
            await empty.open()
        await create_indexes_as(database, name, other, expiring=expiring)

    monkeypatch.setattr(restoring, "create_indexes_as", refused)
    await restore(empty, tmp_path / "b", replace=False)
    await empty.open()


async def test_what_a_restore_killed_while_it_loaded_left_behind_is_cleared_up(empty: Foundation) -> None:
    await create_indexes(empty.database)
    mark = {"_id": "restore", "archive": "5f3a" * 16, "loading": "killed", "mixed": False}
    await empty.database[restoring.RESTORES].insert_one(mark)
    await empty.database["users__restored_5f3a5f3a5f3a5f3a"].insert_one({"walletAddress": "ST1"})
    await empty.open()
    assert not [name for name in await empty.database.list_collection_names() if "__" in name]
    assert await empty.database[restoring.RESTORES].count_documents({}) == 0


@pytest.mark.parametrize("at", ["create_indexes_as", "_put"])
async def test_a_restore_ends_when_it_loses_its_lease(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await empty.open()
    await empty.database["users"].insert_one({"walletAddress": "ST-other"})
    before = await contents(empty)
    real = getattr(restoring, at)

    async def robbed(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the function has it
        thief = [{"$set": {"owner": "another", "session": None, "expires": {"$add": ["$$NOW", 60_000]}}}]
        await empty.database[LEASES].update_one({"_id": FOLLOWER}, thief)
        return await real(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(restoring, at, robbed)
        with pytest.raises(LeaseLost):
            await restore(empty, tmp_path / "b", replace=True)
    assert {name: rows for name, rows in (await contents(empty)).items() if "__" not in name} == before
    await empty.database[LEASES].delete_many({})
    await restore(empty, tmp_path / "b", replace=True)
    assert await contents(empty) == await contents(ground)


async def test_work_that_hangs_ends_with_the_lease(database: Database) -> None:
    async with database.client.start_session() as session:
        lease = Lease(database, FOLLOWER, session, seconds=0.4)
        await lease.acquire()
        await database[LEASES].update_one({"_id": FOLLOWER}, [{"$set": {"owner": "another"}}])
        await database[LEASES].update_one({"_id": FOLLOWER}, [{"$set": {"expires": {"$add": ["$$NOW", 60_000]}}}])
        with pytest.raises(LeaseLost):
            await lease.lead(asyncio.sleep(3_600))


class Interrupted(Exception):
    """Somebody pulled the plug."""


def failing_at(step: int, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    calls = 0

    async def act(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - as the function has it
        nonlocal calls
        if calls == step:
            raise Interrupted
        calls += 1
        return await real(*arguments, **options)

    return act


@pytest.mark.parametrize("step", [0, 3, 8])
async def test_a_restore_interrupted_while_it_loads_has_changed_nothing(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await empty.open()
    await empty.database["users"].insert_one({"walletAddress": "ST-other"})
    before = await contents(empty)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "create_indexes_as", failing_at(step, create_indexes_as))
        with pytest.raises(Interrupted):
            await restore(empty, tmp_path / "b", replace=True)
    after = await contents(empty)
    assert {name: rows for name, rows in after.items() if "__" not in name} == before
    await empty.open()
    await restore(empty, tmp_path / "b", replace=True)
    assert await contents(empty) == await contents(ground)


@pytest.mark.parametrize("step", [0, 1, 5, 10])
async def test_a_restore_interrupted_while_it_replaces_goes_on_and_nobody_serves_meanwhile(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await empty.open()
    await empty.database["users"].insert_one({"walletAddress": "ST-other"})
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_put", failing_at(step, restoring._put))
        with pytest.raises(Interrupted):
            await restore(empty, tmp_path / "b", replace=True)

    with pytest.raises(HalfRestored, match="run `bitpay restore` with it again"):
        await empty.open()

    await restore(empty, tmp_path / "b", replace=False)
    assert await contents(empty) == await contents(ground)
    await empty.open()


async def test_another_backup_begun_in_between_leaves_nothing_of_itself(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(ground, tmp_path / "a", with_chain_data=True)
    await ground.database["users"].insert_one({"walletAddress": "ST-later"})
    await ground.database["sessions"].update_one({}, {"$set": {"address": "ST-later"}})
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await ground.database["users"].delete_one({"walletAddress": "ST-later"})
    await ground.database["sessions"].update_one({}, {"$set": {"address": "ST1"}})
    for file, function in (("a", "_put"), ("b", "_put"), ("a", "_put"), ("b", "_lay")):
        with monkeypatch.context() as patch:
            patch.setattr(restoring, function, failing_at(5, getattr(restoring, function)))
            with pytest.raises(Interrupted):
                await restore(empty, tmp_path / file, replace=True)
        with pytest.raises(HalfRestored):
            await empty.open()
    with pytest.raises(Conflict, match="not empty"):
        await restore(empty, tmp_path / "a", replace=False)
    await restore(empty, tmp_path / "a", replace=True)
    assert await contents(empty) == await contents(ground)
    await empty.open()


async def test_what_lies_aside_is_counted_again_before_it_is_put_in_place(
    ground: Foundation, empty: Foundation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_put", failing_at(1, restoring._put))
        with pytest.raises(Interrupted):
            await restore(empty, tmp_path / "b", replace=False)
    [aside] = [name for name in await empty.database.list_collection_names() if name.startswith("users__")]
    await empty.database[aside].delete_one({"walletAddress": "ST7"})
    # Killed after a rename, before it was recorded: the collection is there twice or once, and right.
    await empty.database[restoring.RESTORES].update_one({}, {"$set": {"placed": []}})
    await restore(empty, tmp_path / "b", replace=False)
    assert await contents(empty) == await contents(ground)


async def test_sockets_reload_after_a_restore(ground: Foundation, empty: Foundation, tmp_path: Path) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    await restore(empty, tmp_path / "b", replace=False)
    before, after = await ground.rooms.position("stream:1"), await empty.rooms.position("stream:1")
    assert before.offset == after.offset > 0
    assert await empty.rooms.since("stream:1", before.epoch, before.offset - 1) is None


async def test_a_database_that_needs_long_is_waited_for(
    ground: Foundation, mongo_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=False)
    monkeypatch.setattr(connection, "_SOCKET_TIMEOUT_MS", 400)
    other = ground_of(mongo_url, f"test_{token_hex(6)}")
    slow = {"blockConnection": True, "blockTimeMS": 900}
    try:
        async with failing(ground.mongo, 6, "createIndexes", "insert", **slow):
            await restore(other, tmp_path / "b", replace=False)
        async with failing(ground.mongo, 2, "createIndexes", "insert", **slow):
            await create_indexes(other.database)
    finally:
        await other.mongo.drop_database(other.database.name)
        await other.close()


async def test_the_manifest_says_what_the_file_is(ground: Foundation, tmp_path: Path) -> None:
    await back_up(ground, tmp_path / "b", with_chain_data=True)
    archive = Archive.open(tmp_path / "b")
    manifest = json.loads(archive.manifest.model_dump_json(by_alias=True))
    archive.close()
    assert (manifest["format"], manifest["version"], manifest["network"]) == ("bitpay-backup", 1, "local")
    assert manifest["deployer"] == CONTRACTS.deployer
    assert manifest["head"]["height"] == 30
    [users] = [part for part in manifest["collections"] if part["name"] == "users"]
    assert users["documents"] == 1_234
    assert len(users["sha256"]) == 64
