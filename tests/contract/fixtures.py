"""Small rules, and the service on them: in this process and as a real gunicorn."""

from collections.abc import Iterator
from typing import Final

import pytest

from contract.documented import Service
from contract.rules import RULES, store_with
from contract.service import InProcess, Server
from ruletag.http.app import create_app
from ruletag.serving.store import Store

SERVERS: Final = ("threads", "worker", "granian")
KINDS: Final = ("flask", *SERVERS)  # in this process, and under each server


class Started:
    """The servers that tests have asked for; each is started once."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._servers: dict[tuple[str, bool], Server] = {}

    def get(self, kind: str, *, has_rules: bool = True) -> Server:
        """Give a running server of a kind, on the rules or on an empty folder."""
        if (kind, has_rules) not in self._servers:
            folder = self._folders.mktemp("served")
            for name, text in RULES.items() if has_rules else ():
                (folder / name).write_text(text, encoding="utf-8")
            self._servers[kind, has_rules] = Server(folder, kind)
        return self._servers[kind, has_rules]

    def stop(self) -> None:
        """End all of them."""
        for server in self._servers.values():
            server.stop()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Give what starts servers, each but once."""
    started = Started(tmp_path_factory)
    yield started
    started.stop()


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, servers: Started) -> Server:
    """Give a real server on the rules."""
    return servers.get(request.param)


@pytest.fixture(scope="session")
def flask_service() -> Service:
    """Give the application in this process."""
    return Service(InProcess(create_app(store_with(RULES))))


@pytest.fixture(scope="session", params=KINDS)
def service(request: pytest.FixtureRequest, servers: Started) -> Service:
    """Give the service, in this process and under each server."""
    if request.param == "flask":
        found: Service = request.getfixturevalue("flask_service")
        return found
    return Service(servers.get(request.param).client)


@pytest.fixture(scope="session", params=KINDS)
def service_without_rules(request: pytest.FixtureRequest, servers: Started) -> Service:
    """Give the service before it has any rules."""
    if request.param == "flask":
        return Service(InProcess(create_app(Store())))
    return Service(servers.get(request.param, has_rules=False).client)
