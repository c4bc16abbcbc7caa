"""Which database and chain an operator's commands mean: the environment's, or those of a development instance."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bitpay.commands.failures import in_sentences
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder, address_of, read_accounts
from bitpay.foundation import Foundation
from bitpay.kit.errors import Conflict, InvalidInput, NotFound
from bitpay.kit.logs import configure_logs
from bitpay.kit.settings import DATABASE, LedgerSettings
from bitpay.store.server import MongoServer

T = TypeVar("T")

_CONFIGURED = ("BITPAY_DEPLOYER", "BITPAY_NETWORK")


def operate_on(data: Path | None, work: Callable[[Foundation], Awaitable[T]]) -> T:
    """Do the work on an instance's foundation and return its answer. Raises BitPayErrors only."""
    configure_logs(logging.WARNING)
    with operated_settings(data) as settings, in_sentences():
        return asyncio.run(_operate(settings, work))


async def _operate(settings: LedgerSettings, work: Callable[[Foundation], Awaitable[T]]) -> T:
    async with _ground(settings) as ground:
        return await work(ground)


@asynccontextmanager
async def _ground(settings: LedgerSettings) -> AsyncIterator[Foundation]:
    """Yield the foundation, and close it."""
    ground = Foundation(settings)
    try:
        yield ground
    finally:
        await ground.close()


@contextmanager
def operated_settings(data: Path | None) -> Iterator[LedgerSettings]:
    """Yield which database and chain are meant; the database of a stopped development instance runs meanwhile.

    A folder that somebody names has its own database, whatever the environment says.
    """
    if data is None and any(name in os.environ for name in _CONFIGURED):
        yield settings_of_environment()
        return
    folder = DataFolder(data or DEFAULT_FOLDER)
    if not folder.accounts_file.exists():
        raise NotFound(
            f"There is no BitPay in {folder.path}: name its data folder with --data, or set BITPAY_NETWORK, "
            "BITPAY_DEPLOYER and BITPAY_MONGODB_URL."
        )
    try:
        folder.lock()
    except Conflict:
        yield _running(folder)
        return
    try:
        with _stopped(folder, named=data is not None) as settings:
            yield settings
    finally:
        folder.close()


def settings_of_environment() -> LedgerSettings:
    """Return what the BITPAY_ variables say. Raises InvalidInput."""
    with readable_settings():
        return LedgerSettings()


@contextmanager
def readable_settings() -> Iterator[None]:
    """Turn what is wrong with the environment into sentences, never with a value: some are secret."""
    try:
        yield
    except SettingsError as error:
        raise InvalidInput(f"BitPay cannot start with these settings: {error}.") from error
    except ValidationError as error:
        settings = [("_".join(map(str, problem["loc"])).upper(), problem["msg"]) for problem in error.errors()]
        lines = [f"  BITPAY_{name}: {message}" if name else f"  {message}" for name, message in settings]
        raise InvalidInput("\n".join(["BitPay cannot start with these settings:", *lines])) from error


def _running(folder: DataFolder) -> LedgerSettings:
    here = folder.instance()
    return _local(
        folder,
        mongodb_url=here.mongodb_url,
        mongodb_database=here.mongodb_database,
        stacks_api_url=here.stacks_api_url,
        stacks_api_key=here.chain_token,
        chainhooks_url=here.stacks_api_url,
    )


@contextmanager
def _stopped(folder: DataFolder, *, named: bool) -> Iterator[LedgerSettings]:
    given = os.environ.get("BITPAY_MONGODB_URL")
    if given and not named:
        yield _local(folder, mongodb_url=given)
        return
    with MongoServer(folder.sub("mongo")) as server:
        yield _local(folder, mongodb_url=server.url, mongodb_database=DATABASE)


def _local(folder: DataFolder, **rest: Any) -> LedgerSettings:  # noqa: ANN401 - settings
    deployer = address_of(read_accounts(folder.accounts_file)["deployer"])
    return LedgerSettings(**{"network": "local", "deployer": deployer, "stacks_api_url": "", **rest})
