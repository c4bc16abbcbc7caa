"""Collections in one file: a zip with an entry of BSON per collection and, last, a manifest that vouches for them.

`unzip -p FILE users.bson | bsondump` reads it without BitPay.
"""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, Self

from bson.codec_options import CodecOptions, DatetimeConversion
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.kit.errors import InvalidInput
from bitpay.store.connection import Database
from bitpay.store.indexes import Kind, kind_of

FORMAT: Literal["bitpay-backup"] = "bitpay-backup"
VERSION: Literal[1] = 1

_MANIFEST = "manifest.json"
_MAX_MANIFEST = 1 << 20
_SHA256 = "^[0-9a-f]{64}$"
_STRICT = ConfigDict(frozen=True, strict=True, alias_generator=to_camel, populate_by_name=True)
_MAX_DOCUMENT = 16 * 1024 * 1024 + 16 * 1024
_LENGTH = 4
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(
    document_class=RawBSONDocument, datetime_conversion=DatetimeConversion.DATETIME_MS
)


class Damaged(InvalidInput):
    """The file is no archive of ours, or not all of one."""

    code = "archive_damaged"


class Part(BaseModel):
    """One collection in an archive: how many documents and bytes of BSON, and their SHA-256 (hex)."""

    model_config = _STRICT

    name: str = Field(min_length=1, max_length=200)
    documents: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=_SHA256)

    @field_validator("name")
    @classmethod
    def _is_a_collection(cls, name: str) -> str:
        if name.startswith("system.") or "$" in name or "\0" in name or kind_of(name) is Kind.PASSING:
            raise ValueError("no backup has this collection")
        return name

    @property
    def entry(self) -> str:
        """The entry's name in the zip."""
        return f"{self.name}.bson"


class Height(BaseModel):
    """Where the ledger stood: a Stacks block's height, hash ("" before the first) and time, its Bitcoin height."""

    model_config = _STRICT

    height: int
    hash: str
    time: int
    burn_height: int


class Manifest(BaseModel):
    """What an archive says of itself. `created_at` is ISO 8601 in UTC."""

    model_config = _STRICT

    format: Literal["bitpay-backup"] = FORMAT
    version: Literal[1] = VERSION
    bitpay: str
    network: str
    deployer: str
    start_height: int
    created_at: str
    with_chain_data: bool
    database_version: int
    head: Height | None
    collections: tuple[Part, ...]

    @field_validator("collections")
    @classmethod
    def _are_distinct(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        if len({part.name for part in parts}) < len(parts):
            raise ValueError("a collection is there twice")
        return parts


async def write_archive(
    file: IO[bytes], database: Database, names: Sequence[str], facts: Mapping[str, Any], session: AsyncClientSession
) -> list[Part]:
    """Write collections, as `session` (of one snapshot) sees them, and a manifest with `facts`. Return the parts."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        parts = [await _write_part(target, database, name, session) for name in names]
        told = {"format": FORMAT, "version": VERSION, **facts, "collections": [part.model_dump() for part in parts]}
        manifest = json.dumps(told, indent=1, ensure_ascii=False).encode()
        target.writestr(_MANIFEST, manifest)
        target.comment = hashlib.sha256(manifest).hexdigest().encode()
    return parts


async def _write_part(target: zipfile.ZipFile, database: Database, name: str, session: AsyncClientSession) -> Part:
    digest, documents, size = hashlib.sha256(), 0, 0
    rows = database[name].with_options(codec_options=_RAW).find(session=session).sort("_id", 1)
    with target.open(f"{name}.bson", "w", force_zip64=True) as entry:
        async for row in rows:
            entry.write(row.raw)
            digest.update(row.raw)
            documents += 1
            size += len(row.raw)
    return Part(name=name, documents=documents, bytes=size, sha256=digest.hexdigest())


class Archive:
    """An archive to read. `manifest` are the facts that were written with it."""

    def __init__(self, source: zipfile.ZipFile, manifest: Manifest) -> None:
        self._source = source
        self.manifest = manifest
        self.parts = manifest.collections
        self.digest = source.comment.decode()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the archive, every byte of its documents checked. Raises Damaged, InvalidInput."""
        try:
            source = zipfile.ZipFile(path)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
        except _DAMAGE as error:
            raise _damaged(path, error) from error
        try:
            archive = cls(source, _manifest(source))
            for part in archive.parts:
                archive._check(part)
        except (OSError, *_DAMAGE) as error:
            source.close()
            raise _damaged(path, error) from error
        except BaseException:
            source.close()
            raise
        return archive

    def close(self) -> None:
        """Close the file."""
        self._source.close()

    def documents(self, part: Part) -> Iterator[RawBSONDocument]:
        """Yield a collection's documents as they were."""
        with self._source.open(part.entry) as entry:
            while raw := _next(entry):
                yield RawBSONDocument(raw, _RAW)

    def _check(self, part: Part) -> None:
        digest, documents, size = hashlib.sha256(), 0, 0
        with self._source.open(_readable(self._source, part.entry)) as entry:
            while size <= part.bytes and (raw := _next(entry)):
                if "_id" not in RawBSONDocument(raw, _RAW):
                    raise ValueError("a document has no _id")
                digest.update(raw)
                documents += 1
                size += len(raw)
        if (documents, size, digest.hexdigest()) != (part.documents, part.bytes, part.sha256):
            raise ValueError(f"{part.name} is not what the manifest says")


_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, BSONError, EOFError),
    *(ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError),
)
"""What Python's readers raise on bytes that were changed or cut."""


def _damaged(path: Path, error: Exception) -> Damaged:
    why = "its manifest is not what BitPay writes" if isinstance(error, ValidationError) else error
    return Damaged(f"{str(path)!r} is damaged or not complete: {why}.")


def _manifest(source: zipfile.ZipFile) -> Manifest:
    entry = _readable(source, _MANIFEST)
    if entry.file_size > _MAX_MANIFEST:
        raise ValueError("its manifest is too large")
    with source.open(entry) as file:
        raw = file.read(_MAX_MANIFEST)
    if hashlib.sha256(raw).hexdigest().encode() != source.comment:
        raise ValueError("its manifest is not what was written")
    told = json.loads(raw)
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError("it is no backup of BitPay")
    if isinstance(told.get("version"), int) and told["version"] > VERSION:
        raise InvalidInput(f"This backup has format {told['version']}; this BitPay reads {VERSION}.")
    return Manifest.model_validate_json(raw)


def _readable(source: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the entry. Raises KeyError, ValueError for what BitPay would not have written."""
    entry = source.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is compressed in another way")
    return entry


def _next(entry: IO[bytes]) -> bytes | None:
    """Return the next document's bytes, None at the end."""
    head = entry.read(_LENGTH)
    if not head:
        return None
    length = int.from_bytes(head, "little")
    if len(head) < _LENGTH or not _LENGTH < length <= _MAX_DOCUMENT:
        raise ValueError("a document has no possible length")
    raw = head + entry.read(length - _LENGTH)
    if len(raw) != length:
        raise ValueError("a document is cut")
    return raw


async def in_batches(documents: Iterator[RawBSONDocument]) -> AsyncIterator[list[RawBSONDocument]]:
    """Yield documents in lists that one insert takes."""
    batch: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.raw)
        if len(batch) == 1_000 or size > _MAX_DOCUMENT:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
