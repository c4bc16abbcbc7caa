"""States of the VM on disk: a cache that spares a start or a reorganisation most of the replay. Never needed."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from bitpay.localchain.operations import VmRefused
from bitpay.localchain.vm import Vm
from bitpay.stacks.model import BlockHeader

HeaderAt: TypeAlias = Callable[[int], BlockHeader | None]
_KEPT = 4
_POLL_SECONDS = 0.02
_SUFFIX = ".vm"


class Snapshots:
    """A folder of VM states, each named by the block it was taken after."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._writing: Path | None = None
        for leftover in folder.glob("*.part"):
            leftover.unlink()

    def begin(self, vm: Vm, header: BlockHeader) -> None:
        """Begin to write the VM's present state, which is the one after `header`; the writing goes on by itself."""
        if self._busy(vm):
            return
        path = self._path(header)
        vm.save(path)
        self._writing = path
        self._prune()

    def finish(self, vm: Vm) -> None:
        """Wait until what was begun is written."""
        while self._busy(vm):
            time.sleep(_POLL_SECONDS)

    def _busy(self, vm: Vm) -> bool:
        if self._writing is not None:
            with contextlib.suppress(VmRefused):  # a cache that could not be written is a cache we do not have
                if not vm.saved(self._writing):
                    return True
            self._writing = None
        return False

    def restore(self, vm: Vm, header_at: HeaderAt, height: int) -> int | None:
        """Bring the VM to the newest state up to `height` that belongs to this history. Returns its height."""
        self.finish(vm)
        for path in sorted(self._folder.glob(f"*{_SUFFIX}"), key=_height, reverse=True):
            header = header_at(_height(path)) if _height(path) <= height else None
            if header is None or path != self._path(header):
                continue
            try:
                vm.load(path)
            except VmRefused:
                path.unlink()
            else:
                return header.height
        return None

    def discard_above(self, vm: Vm, height: int) -> None:
        """Throw away the states after blocks that are no longer part of the chain."""
        self.finish(vm)
        for path in self._folder.glob(f"*{_SUFFIX}"):
            if _height(path) > height:
                path.unlink()

    def _path(self, header: BlockHeader) -> Path:
        return self._folder / f"{header.height:010}-{header.hash[2:18]}{_SUFFIX}"

    def _prune(self) -> None:
        paths = sorted(self._folder.glob(f"*{_SUFFIX}"), key=_height)
        for path in paths[:-_KEPT]:
            path.unlink(missing_ok=True)


def _height(path: Path) -> int:
    return int(path.name.partition("-")[0])
