"""MongoDB: connection, transactions, indexes, migrations, outbox, and a server for development."""

from bitpay.store.changes import changes, end, heed_cancellation
from bitpay.store.connection import (
    Client,
    Collection,
    Database,
    Document,
    connect,
    open_database,
    patiently,
    storable,
)
from bitpay.store.indexes import Kind, collection, create_indexes, create_indexes_as, index
from bitpay.store.migrations import DatabaseTooNew, migrate, migration
from bitpay.store.transactions import CommitUnknown, transaction

__all__ = [
    "Client",
    "Collection",
    "CommitUnknown",
    "Database",
    "DatabaseTooNew",
    "Document",
    "Kind",
    "changes",
    "collection",
    "connect",
    "create_indexes",
    "create_indexes_as",
    "end",
    "heed_cancellation",
    "index",
    "migrate",
    "migration",
    "open_database",
    "patiently",
    "storable",
    "transaction",
]
