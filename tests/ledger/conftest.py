"""A ledger on a real database."""

import pytest

from bitpay.ledger.book import Book
from bitpay.realtime.log import RoomLog
from bitpay.store import Database
from bitpay.streams.projection import PROJECTION


@pytest.fixture
def book(database: Database) -> Book:
    return Book(database, [PROJECTION], RoomLog(database))
