"""Pages: Jinja templates in a frame that knows the chain, the account in view and the visitor's theme."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bitpay.http.assets import Assets
from bitpay.http.formats import FILTERS, percent
from bitpay.http.health import came_directly
from bitpay.http.hosts import LOOPBACK, host_name

TEMPLATES = Path(__file__).with_name("templates")
THEMES = frozenset({"light", "dark"})


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that a development instance offers. `name` is "alice"."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame around every page shows. `height` and `block_time` (unix seconds) are the latest block's.

    `now` is the chain's time in unix seconds, as it runs on since that block.
    """

    network: str
    now: int = 0
    height: int = 0
    block_time: int = 0
    accounts: tuple[KnownAccount, ...] = ()
    dev_token: str = ""
    """Opens the development powers to the page; empty outside development."""

    def name_of(self, address: str) -> str:
        """Return the name of a known account, "" for anybody else."""
        return next((account.name for account in self.accounts if account.address == address), "")


class FrameSource(Protocol):
    """Says what the frame shows now."""

    async def frame(self) -> Frame:
        """Return the frame of this moment."""


class Templates:
    """Renders pages. `folders` maps each domain's prefix ("streams") to its templates; the frame's have none."""

    def __init__(self, frames: FrameSource, *, folders: Mapping[str, Path], assets: Assets | None = None) -> None:
        self._frames = frames
        self._environment = _environment(folders, assets or Assets())

    async def page(
        self,
        request: Request,
        name: str,
        *,
        status: int = 200,
        account: str = "",
        **values: Any,  # noqa: ANN401 - what a template takes is its own affair
    ) -> HTMLResponse:
        """Return the page `name` for the account in view, an address or ""."""
        frame = await self._frames.frame()
        return HTMLResponse(self.render(request, name, frame, account=account, **values), status_code=status)

    def render(
        self,
        request: Request,
        name: str,
        frame: Frame,
        *,
        account: str = "",
        **values: Any,  # noqa: ANN401 - the same
    ) -> str:
        """Return the HTML of the template `name`."""
        theme = request.cookies.get("theme", "")
        shared = {
            "frame": frame if _is_near(request) else replace(frame, dev_token=""),
            "account": account,
            "theme": theme if theme in THEMES else "",
            "path": request.url.path,
        }
        return self._environment.get_template(name).render(shared | values)

    async def frame(self) -> Frame:
        """Return what the frame shows now."""
        return await self._frames.frame()


def _is_near(request: Request) -> bool:
    """Tell whether a page may hold the development token: not for a proxy, nor for a name rebound to this machine."""
    return came_directly(request) and host_name(request.headers.get("host", "")) in LOOPBACK


def link(path: str, /, **query: str | int | None) -> str:
    """Return a path with a query; what is empty is left out."""
    given = {name: value for name, value in query.items() if value not in {None, ""}}
    return f"{path}?{urlencode(given)}" if given else path


def _environment(folders: Mapping[str, Path], assets: Assets) -> Environment:
    shared = FileSystemLoader(TEMPLATES)
    domains = {prefix: FileSystemLoader(folder) for prefix, folder in folders.items()}
    environment = Environment(
        loader=_Loader(shared, domains),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    environment.globals.update(asset=assets.url, link=link, percent=percent)
    return environment


class _Loader(PrefixLoader):
    """Templates of domains by prefix, the frame's own without one."""

    def __init__(self, shared: FileSystemLoader, domains: Mapping[str, FileSystemLoader]) -> None:
        super().__init__(domains)
        self._shared = shared

    def get_loader(self, template: str) -> tuple[Any, str]:
        prefix = template.partition("/")[0]
        return super().get_loader(template) if prefix in self.mapping else (self._shared, template)
