"""Indexes are declared next to the queries that need them, and made when BitPay starts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pymongo import IndexModel
from pymongo.errors import CollectionInvalid

from bitpay.store.connection import Database, patiently

Keys = Sequence[tuple[str, int]]


class Kind(StrEnum):
    """What becomes of a collection when it is lost: gone for ever, made again from the chain, or not missed."""

    PEOPLES = "peoples"
    CHAINS = "chains"
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class Index:
    """One index of one collection. `keys` are (field, 1 or -1) pairs, `options` as `createIndexes` takes them."""

    collection: str
    keys: tuple[tuple[str, int], ...]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that MongoDB would give it."""
        return "_".join(f"{key}_{direction}" for key, direction in self.keys)

    def model(self) -> IndexModel:
        """Return what pymongo creates it from."""
        return IndexModel(list(self.keys), name=self.name, **self.options)


_COLLECTIONS: dict[str, dict[str, Index]] = {}
_KINDS: dict[str, Kind] = {}


def collection(name: str, kind: Kind | None = None) -> str:
    """Declare that a collection exists, and return its name. Transactions need it to exist before they begin.

    Unless another `kind` is given, it holds what people brought along, and every backup has it.
    """
    _COLLECTIONS.setdefault(name, {})
    if kind is not None:
        _KINDS[name] = kind
    return name


def kind_of(name: str) -> Kind:
    """Return what a collection holds; of one that no code declares the same is believed as of people's."""
    return _KINDS.get(name, Kind.PEOPLES)


def index(name: str, keys: Keys, **options: Any) -> Index:  # noqa: ANN401 - MongoDB's index options
    """Declare an index of the collection `name`. Declaring the same keys with other options is a mistake in code."""
    declared = Index(collection(name), tuple(keys), options)
    known = _COLLECTIONS[name].setdefault(declared.name, declared)
    if known != declared:
        raise ValueError(f"two different indexes {declared.name} of {name}")
    return declared


async def create_indexes(database: Database) -> None:
    """Make every declared collection and index that does not exist yet, however long the database needs for it."""
    existing = set(await database.list_collection_names())
    for name, indexes in _COLLECTIONS.items():
        if name not in existing:
            await _create_collection(database, name)
        await _create(database, name, indexes.values())


async def create_indexes_as(database: Database, name: str, other: str, *, expiring: bool = True) -> None:
    """Make an empty collection `other` with the indexes declared for `name`, if need be without `expiring` ones."""
    await _create_collection(database, other)
    indexes = _COLLECTIONS.get(name, {}).values()
    await _create(database, other, [one for one in indexes if expiring or "expireAfterSeconds" not in one.options])


async def _create(database: Database, name: str, indexes: Collection[Index]) -> None:
    if indexes:
        with patiently():
            await database[name].create_indexes([declared.model() for declared in indexes])


async def _create_collection(database: Database, name: str) -> None:
    try:
        await database.create_collection(name)
    except CollectionInvalid:
        return  # another process that starts beside us was first
