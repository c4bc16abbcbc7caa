"""Files that are whole or not there: written under another name, flushed to the disk, then renamed."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO

from bitpay.kit.errors import Conflict, InvalidInput

PRIVATE = 0o600


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write that bears its name only once all is written; only its owner may read it.

    Raises Conflict where something of that name is there already, InvalidInput where it cannot be written.
    """
    if path.exists():
        raise Conflict(f"{path} exists already; choose another name.")
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, PRIVATE), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)


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
    """Make the rename itself survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
