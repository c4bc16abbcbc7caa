"""Files that are whole or not there: written under another name, flushed to the disk, then given theirs."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import IO

from bitpay.kit.errors import Conflict, InvalidInput

PRIVATE = 0o600


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write that bears its name only once all is written; only its owner may read it.

    Raises Conflict where something of that name is there already, or is by then, InvalidInput where it cannot be
    written.
    """
    draft = path.parent / f".draft-{token_hex(8)}"
    with _sentences(path):
        with suppress(FileNotFoundError):
            os.lstat(path)
            raise FileExistsError
        handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "w+b") as file:
            try:
                yield file
                file.flush()
                os.fsync(handle)
            except OSError as error:
                raise _unwritable(path, error) from error
        with _sentences(path):
            os.link(draft, path)  # unlike a rename, it never takes the place of what is there
            _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Conflict(f"{path} exists already; choose another name.") from error
    except (OSError, ValueError) as error:  # ValueError: no file can have this name
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError | ValueError) -> InvalidInput:
    why = error.strerror if isinstance(error, OSError) else None
    return InvalidInput(f"{str(path)!r} cannot be written: {why or error}.")


@contextmanager
def lines_to(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Yield what writes a line into a whole file, or to standard output where there is no path."""
    if path is None:
        yield _say
        sys.stdout.flush()
        return
    with whole_file(path) as file:
        yield lambda line: _put(file, line)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _put(file: IO[bytes], line: str) -> None:
    file.write(line.encode() + b"\n")


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
