"""Collections in one file: a zip with an entry of BSON per collection and, last, a manifest that vouches for them.

`unzip -p FILE users.bson | bsondump` reads it without BitPay.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.kit.errors import InvalidInput
from bitpay.store.connection import Database

FORMAT = "bitpay-backup"
VERSION = 1

_MANIFEST = "manifest.json"
_MAX_DOCUMENT = 16 * 1024 * 1024 + 16 * 1024
_LENGTH = 4
_RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)


class Damaged(InvalidInput):
    """The file is no archive of ours, or not all of one."""

    code = "archive_damaged"


@dataclass(frozen=True, slots=True)
class Part:
    """One collection in an archive: how many documents and bytes of BSON, and their SHA-256 (hex)."""

    name: str
    documents: int
    bytes: int
    sha256: str

    @property
    def entry(self) -> str:
        """The entry's name in the zip."""
        return f"{self.name}.bson"


async def write_archive(
    file: IO[bytes], database: Database, names: Sequence[str], facts: Mapping[str, Any], session: AsyncClientSession
) -> list[Part]:
    """Write collections, as `session` (of one snapshot) sees them, and a manifest with `facts`. Return the parts."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        parts = [await _write_part(target, database, name, session) for name in names]
        told = {"format": FORMAT, "version": VERSION, **facts, "collections": [asdict(part) for part in parts]}
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
    return Part(name, documents, size, digest.hexdigest())


class Archive:
    """An archive to read. `manifest` are the facts that were written with it."""

    def __init__(self, source: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
        self._source = source
        self.manifest = manifest
        self.parts = tuple(Part(**part) for part in manifest["collections"])
        self.digest = source.comment.decode()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the archive, every byte of its documents checked. Raises Damaged, InvalidInput."""
        try:
            source = zipfile.ZipFile(path)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from error
        except _DAMAGE as error:
            raise Damaged(f"{path} is damaged or not complete: {error}.") from error
        try:
            archive = cls(source, _manifest(source))
            for part in archive.parts:
                archive._check(part)
        except _DAMAGE as error:
            source.close()
            raise Damaged(f"{path} is damaged or not complete: {error}.") from error
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
                yield RawBSONDocument(raw)

    def _check(self, part: Part) -> None:
        digest, documents, size = hashlib.sha256(), 0, 0
        with self._source.open(part.entry) as entry:
            while raw := _next(entry):
                digest.update(raw)
                documents += 1
                size += len(raw)
        if (documents, size, digest.hexdigest()) != (part.documents, part.bytes, part.sha256):
            raise ValueError(f"{part.name} is not what the manifest says")


_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError, NotImplementedError, RuntimeError)
"""What Python's readers raise on bytes that were changed or cut."""


def _manifest(source: zipfile.ZipFile) -> Mapping[str, Any]:
    raw = source.read(_MANIFEST)
    if hashlib.sha256(raw).hexdigest().encode() != source.comment:
        raise ValueError("its manifest is not what was written")
    manifest: Mapping[str, Any] = json.loads(raw)
    if manifest.get("format") != FORMAT:
        raise ValueError("it is no backup of BitPay")
    if manifest.get("version") != VERSION:
        raise InvalidInput(f"This backup has format {manifest.get('version')}; this BitPay reads {VERSION}.")
    return manifest


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
