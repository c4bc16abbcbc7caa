"""Scripts, styles and fonts: built by `npm --prefix web run build`, served under /static by names that hold a hash."""

import json
from os import PathLike, stat_result
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).with_name("static")
_BUILD = "build"
_FOREVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"


class AssetsMissing(RuntimeError):
    """The scripts and styles of the pages have not been built."""

    def __init__(self) -> None:
        super().__init__(
            "The pages' scripts and styles are not built: npm --prefix web ci && npm --prefix web run build"
        )


class Assets:
    """Where each built file is found. `folder` holds the static files, its `build` what the bundler wrote."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._manifest = folder / _BUILD / "manifest.json"
        self._read_at = 0
        self._names: dict[str, str] = {}

    def url(self, name: str) -> str:
        """Return the path of a file by its logical name ("app.js"). Raises AssetsMissing."""
        self._refresh()
        if name not in self._names:
            raise AssetsMissing
        return f"/static/{_BUILD}/{self._names[name]}"

    def application(self) -> StaticFiles:
        """Return the application to mount at /static."""
        return _Cached(directory=self._folder)

    def _refresh(self) -> None:
        """Read the manifest again when a new build has written it."""
        try:
            written_at = self._manifest.stat().st_mtime_ns
            if written_at != self._read_at:
                self._names = json.loads(self._manifest.read_text())
                self._read_at = written_at
        except FileNotFoundError as error:
            raise AssetsMissing from error


class _Cached(StaticFiles):
    """Static files that browsers keep: for ever where the name changes with the content."""

    def file_response(
        self, full_path: PathLike[str] | str, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        is_built = Path(full_path).parent.name == _BUILD
        response.headers["Cache-Control"] = _FOREVER if is_built else _AN_HOUR
        return response
