"""The connection to MongoDB: what a write means here is that a majority has it in its journal."""

from contextlib import AbstractContextManager
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, ReadPreference, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from bitpay.kit.errors import InvalidInput

Document = dict[str, Any]
"""One MongoDB document; its keys are camelCase, as in JSON."""
Client = AsyncMongoClient[Document]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]

DURABLE = WriteConcern(w="majority", j=True)
MAJORITY = ReadConcern("majority")

MAX_INT = (1 << 63) - 1
"""The largest integer that BSON holds."""

_SERVER_SELECTION_MS = 10_000
_SOCKET_TIMEOUT_MS = 30_000
_PATIENCE_SECONDS = 86_400
_HEARTBEAT_MS = 500
"""A failed-over server is noticed after half a second; the default of 10 s would stall the ledger."""


def connect(url: str, *, pool: int = 50) -> Client:
    """Return a client for the replica set at `url`; nothing is sent until the first command.

    Writes are acknowledged by a majority's journal, reads come from the primary. At most `pool` sockets. The server
    knows us by the `appName` of the URL, else as "bitpay". Raises InvalidInput where the URL cannot be read, without
    a word of what is in it.
    """
    named: dict[str, Any] = {} if "appname=" in url.lower() else {"appname": "bitpay"}
    try:
        return AsyncMongoClient(
            url,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            maxPoolSize=pool,
            serverSelectionTimeoutMS=_SERVER_SELECTION_MS,
            socketTimeoutMS=_SOCKET_TIMEOUT_MS,
            heartbeatFrequencyMS=_HEARTBEAT_MS,
            **named,
        )
    except (PyMongoError, ValueError):  # their words quote the URL, and with it the password
        raise InvalidInput(
            "BITPAY_MONGODB_URL cannot be read. In a user name or password, other characters than letters, digits and "
            "-._~ must be escaped: python3 -c 'import urllib.parse as u; print(u.quote_plus(input()))' does it."
        ) from None


def open_database(client: Client, name: str) -> Database:
    """Return the database `name` with our codec, read and write concerns."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        read_preference=ReadPreference.PRIMARY,
        write_concern=DURABLE,
        read_concern=MAJORITY,
    )


def patiently() -> AbstractContextManager[object]:
    """Let the commands within take a day, as indexes and counts of large collections may, in place of 30 seconds."""
    return pymongo.timeout(_PATIENCE_SECONDS)


def storable(number: int) -> int | str:
    """Return the number as BSON can hold it: as it is within 63 bits, else as decimal text."""
    return number if -MAX_INT <= number <= MAX_INT else str(number)
