"""Small rules, and the service on them: in this process and as a real gunicorn."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contract.documented import Service
from contract.rules import RULES, store_with
from contract.service import InProcess, Server
from ruletag.http.app import create_app
from ruletag.serving.store import Store

KINDS: Final = ("flask", "gunicorn")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real server on the rules."""
    folder = tmp_path_factory.mktemp("served")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    yield from _running(folder)


@pytest.fixture(scope="session")
def server_without_rules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real server on an empty folder."""
    yield from _running(tmp_path_factory.mktemp("empty"))


def _running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def flask_service() -> Service:
    """Give the application in this process."""
    return Service(InProcess(create_app(store_with(RULES))))


@pytest.fixture(scope="session", params=KINDS)
def service(request: pytest.FixtureRequest) -> Service:
    """Give the service, once in this process and once over the network."""
    if request.param == "flask":
        found: Service = request.getfixturevalue("flask_service")
        return found
    running: Server = request.getfixturevalue("server")
    return Service(running.client)


@pytest.fixture(scope="session", params=KINDS)
def service_without_rules(request: pytest.FixtureRequest) -> Service:
    """Give the service before it has any rules."""
    if request.param == "flask":
        return Service(InProcess(create_app(Store())))
    running: Server = request.getfixturevalue("server_without_rules")
    return Service(running.client)
