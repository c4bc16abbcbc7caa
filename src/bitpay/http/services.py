"""How a route reaches the services that `app.py` composed."""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import HTTPConnection

Service = TypeVar("Service")


class Services:
    """One object per type, registered once at start."""

    def __init__(self) -> None:
        self._by_type: dict[type[object], object] = {}

    def add(self, kind: type[Service], service: Service) -> Service:
        """Register the object that stands for `kind` (a class, or a protocol that it satisfies)."""
        self._by_type[kind] = service
        return service

    def get(self, kind: type[Service]) -> Service:
        """Return the object registered for `kind`; LookupError where nobody registered one."""
        service = self._by_type.get(kind)
        if service is None:
            raise LookupError(f"no {kind.__name__} is registered")
        return service  # type: ignore[return-value]  # add() pairs them


def provided(kind: type[Service]) -> Callable[[HTTPConnection], Service]:
    """Return the FastAPI dependency that hands a route the service registered for `kind`."""

    def provide(connection: HTTPConnection) -> Service:
        services: Services = connection.app.state.services
        return services.get(kind)

    return provide
