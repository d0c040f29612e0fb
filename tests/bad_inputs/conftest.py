"""The service on small rules: in this process, and as `ruletag serve` runs it."""

from collections.abc import Iterator

import pytest

from contract.documented import Service
from contract.rules import RULES, store_with
from contract.service import InProcess, Server
from ruletag.http.app import create_app


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a real service on the rules."""
    folder = tmp_path_factory.mktemp("served")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    started = Server(folder, "serve")
    yield started
    started.stop()


@pytest.fixture(scope="session")
def flask_service() -> Service:
    """Give the application in this process."""
    return Service(InProcess(create_app(store_with(RULES))))


@pytest.fixture(params=["flask", "serve"])
def service(request: pytest.FixtureRequest, flask_service: Service) -> Service:
    """Give both, one after the other."""
    if request.param == "flask":
        return flask_service
    return Service(request.getfixturevalue("server").client)
