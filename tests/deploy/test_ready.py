"""`ruletag-ready`, the health check of the image, asked about a server of every kind."""

import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType

import pytest

ALL = "0.0.0.0"  # noqa: S104 - nothing is bound, it is what the setting says
SCRIPT = Path(__file__).resolve().parents[2] / "deploy/ready.py"


class OnlyAlive(BaseHTTPRequestHandler):
    """A service that has no rules yet."""

    def do_GET(self) -> None:
        """Answer as the service does."""
        self.send_response(200 if self.path == "/livez" else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), OnlyAlive) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def exit_code(port: object, *arguments: str, host: str = ALL) -> int:
    environment = {"RULETAG_PORT": str(port), "RULETAG_HOST": host}
    command = [sys.executable, "-IS", str(SCRIPT), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=10)
    assert (done.stdout, done.stderr) == (b"", b"")
    return done.returncode


def test_alive_and_not_ready_are_told_apart(port: int) -> None:
    assert exit_code(port, "/livez") == 0
    assert exit_code(port, "/readyz") == 1
    assert exit_code(port) == 1


def test_where_nobody_listens_nobody_is_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert exit_code(port, "/livez") == 1
    assert exit_code(port, "/livez", host="nowhere.invalid") == 1


def test_what_answers_no_http_or_nothing_is_not_ready() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert exit_code(silent.getsockname()[1], "/livez") == 1


CASES = [
    ("nothing set", {}, ("127.0.0.1", 8080)),
    ("all addresses", {"RULETAG_HOST": ALL, "RULETAG_PORT": "99"}, ("127.0.0.1", 99)),
    ("all addresses of both kinds", {"RULETAG_HOST": "::"}, ("::1", 8080)),
    ("one address", {"RULETAG_HOST": "10.1.2.3"}, ("10.1.2.3", 8080)),
    ("what Kubernetes sets", {"RULETAG_PORT": "tcp://10.0.0.1:80"}, ("127.0.0.1", 8080)),
]


@pytest.mark.parametrize(
    ("environment", "expected"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_it_looks_where_the_service_listens(
    environment: dict[str, str], expected: tuple[str, int]
) -> None:
    assert script().address(environment) == expected


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ready", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
