"""MongoDB: connection, transactions, indexes, migrations, outbox, and a server for development."""

from bitpay.store.connection import (
    Client,
    Collection,
    Database,
    Document,
    connect,
    open_database,
    storable,
)
from bitpay.store.indexes import collection, create_indexes, index
from bitpay.store.migrations import DatabaseTooNew, migrate, migration
from bitpay.store.transactions import CommitUnknown, transaction

__all__ = [
    "Client",
    "Collection",
    "CommitUnknown",
    "Database",
    "DatabaseTooNew",
    "Document",
    "collection",
    "connect",
    "create_indexes",
    "index",
    "migrate",
    "migration",
    "open_database",
    "storable",
    "transaction",
]
