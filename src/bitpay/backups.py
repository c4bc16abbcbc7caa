"""Backups: what cannot be rebuilt from the chain, or everything, in one file and back into a database."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

import bitpay.app  # noqa: F401 - declares every collection that there is
from bitpay.foundation import Foundation
from bitpay.kit.errors import Conflict, InvalidInput, NotFound
from bitpay.kit.files import whole_file
from bitpay.ledger.book import HEAD, UNFINAL_BURN_BLOCKS, check_root
from bitpay.ledger.lease import FOLLOWER, LEASES, Lease, holder
from bitpay.registry import PROJECTIONS
from bitpay.stacks.addresses import parse_principal
from bitpay.store import Database, Document, Kind, create_indexes, patiently, transaction
from bitpay.store.archive import Archive, Manifest, write_archive
from bitpay.store.indexes import kind_of
from bitpay.store.migrations import MIGRATIONS, known_version
from bitpay.store.restoring import check_whole, done, is_begun, lay_aside, put_in_place

Json = dict[str, Any]

_LOOK_SECONDS = 0.25
_LEASE_SECONDS = 10.0
"""A database that is being filled answers late at times."""
_BESIDE = "__"
"""Marks collections that a replay or a restore keeps beside the real ones."""


async def back_up(ground: Foundation, path: Path, *, with_chain_data: bool) -> Json:
    """Write a backup as of one moment of the database and return what it holds. Raises Conflict where `path` exists.

    Only its owner may read the file, and it bears its name only once it is whole and on the disk. Raises HalfRestored,
    NotFound where there are no books, OtherLedger where they are another deployment's.
    """
    names = await _names(ground.database, with_chain_data=with_chain_data)
    async with ground.mongo.start_session(snapshot=True) as session:
        await check_whole(ground.database, session)
        facts = await _facts(ground, session, with_chain_data=with_chain_data)
        with whole_file(path) as file:
            parts = await write_archive(file, ground.database, names, facts, session)
            size = file.seek(0, os.SEEK_END)
    return {**facts, "bytes": size, "collections": {part.name: part.documents for part in parts}}


async def restore(ground: Foundation, path: Path, *, replace: bool) -> Json:
    """Make the database what a backup says, and return what that is. With `replace` it need not be empty.

    Raises Damaged, InvalidInput for another network's or deployment's backup, OtherLedger where the database is another
    deployment's, Conflict where BitPay runs on it or it holds something. Interrupted, it changed nothing or goes on
    when it is called again.
    """
    archive = Archive.open(path)
    try:
        _check_fits(ground, archive)
        await _check_ours(ground)
        await _alone(ground.database, lambda lease: _put_back(ground, archive, lease, replace=replace))
        held = {part.name: part.documents for part in archive.parts}
        told = archive.manifest.model_dump(by_alias=True, include=_FACTS)
        return {**told, "collections": held}
    finally:
        archive.close()


_FACTS = set(Manifest.model_fields) - {"format", "version", "collections"}


async def _facts(ground: Foundation, session: AsyncClientSession, *, with_chain_data: bool) -> Json:
    head = await _books(ground, session)
    versions = [row["_id"] async for row in ground.database[MIGRATIONS].find({}, {"_id": 1}, session=session)]
    return {
        "bitpay": metadata.version("bitpay"),
        "network": ground.settings.network,
        "deployer": head["deployer"],
        "startHeight": head["startHeight"],
        "createdAt": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "withChainData": with_chain_data,
        "databaseVersion": max(versions, default=0),
        "head": {name: head[name] for name in ("height", "hash", "time", "burnHeight")},
    }


async def _books(ground: Foundation, session: AsyncClientSession) -> Document:
    """Return the head of the ledger that the settings mean. Raises NotFound, OtherLedger, InvalidInput."""
    head = await ground.database[HEAD].find_one({}, session=session)
    if head is None:
        raise NotFound(f"The database {ground.database.name} has no books of BitPay: is this its name?")
    check_root(head, ground.contracts.deployer, ground.settings.start_height)
    if parse_principal(head["deployer"]).network is not ground.network:
        raise InvalidInput(f"This database follows {head['deployer']}, which is not on {ground.settings.network}.")
    return head


async def _names(database: Database, *, with_chain_data: bool) -> list[str]:
    folded = {projection.collection for projection in PROJECTIONS}
    kinds = {Kind.PEOPLES, Kind.CHAINS} if with_chain_data else {Kind.PEOPLES}
    return [
        name
        for name in sorted(await database.list_collection_names())
        if (Kind.CHAINS if name in folded else kind_of(name)) in kinds
        and _BESIDE not in name
        and not name.startswith("system.")
    ]


def _check_fits(ground: Foundation, archive: Archive) -> None:
    manifest, settings = archive.manifest, ground.settings
    for name, theirs, ours in [
        ("network", manifest.network, settings.network),
        ("deployer", manifest.deployer, settings.deployer),
        ("startHeight", manifest.start_height, settings.start_height),
    ]:
        if theirs != ours:
            raise InvalidInput(f"This backup is of another BitPay: its {name} is {theirs}, here it is {ours}.")
    if manifest.database_version > known_version():
        raise InvalidInput(f"This backup is of BitPay {manifest.bitpay}, which is newer than this one.")


async def _check_ours(ground: Foundation) -> None:
    """Raise OtherLedger where the database has the books of another deployment: nobody means to overwrite those."""
    head = await ground.database[HEAD].find_one({})
    if head is not None:
        check_root(head, ground.contracts.deployer, ground.settings.start_height)


async def _check_empty(database: Database) -> None:
    """Raise Conflict unless nothing would be lost."""
    for name in await database.list_collection_names():
        passes = kind_of(name) is Kind.PASSING or name == MIGRATIONS or _BESIDE in name
        if not passes and await database[name].find_one({}, {"_id": 1}) is not None:
            raise Conflict(f"This database is not empty (it has {name}); --replace overwrites it.")


async def _alone(database: Database, work: Callable[[Lease], Coroutine[None, None, None]]) -> None:
    """Do the work while every follower, and every other restore, is kept out.

    Raises Conflict where one is at work, LeaseLost where one may have begun meanwhile.
    """
    await _check_free(database)
    async with database.client.start_session() as session:
        lease = Lease(database, FOLLOWER, session, seconds=_LEASE_SECONDS)
        await lease.acquire()
        await lease.lead(work(lease))


async def _check_free(database: Database) -> None:
    """Wait until nobody has the follower's lease. Raises Conflict when its holder renews it, and so is alive."""
    there = first = await holder(database, FOLLOWER)
    while there is not None and there.holds:
        if there != first:
            raise Conflict("BitPay runs on this database; stop it first.")
        await asyncio.sleep(_LOOK_SECONDS)
        there = await holder(database, FOLLOWER)


async def _put_back(ground: Foundation, archive: Archive, lease: Lease, *, replace: bool) -> None:
    database = ground.database
    with patiently():
        if not await is_begun(database, archive):
            if not replace:
                await _check_empty(database)
            await lay_aside(database, archive, lease.owner)
        await put_in_place(database, archive, kept=(LEASES,), check=lease.renew)
        await create_indexes(database)
        await _begin_books(ground, archive.manifest)
        await done(database)


async def _begin_books(ground: Foundation, manifest: Manifest) -> None:
    """Have every client reload; without its data, the chain is read again, silently about what was told before."""
    await transaction(ground.mongo, ground.rooms.begin_epoch)
    if manifest.with_chain_data:
        return
    book = ground.ledger.book
    await book.open(ground.contracts.deployer, ground.settings.start_height)
    if manifest.head is not None:
        # Messages wait until their block is deep enough: the last ones may not have left yet.
        await book.be_quiet_until(manifest.head.burn_height - UNFINAL_BURN_BLOCKS)
