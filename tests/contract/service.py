"""The service under test, behind one small interface: in this process, or a real gunicorn."""

import gzip
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote_to_bytes

from flask import Flask
from werkzeug.test import create_environ, run_wsgi_app

Headers = Mapping[str, str]
Body = bytes | Sequence[bytes]  # in pieces: sent chunked, without a Content-Length

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
PROBLEM: Final = "application/problem+json"
PLAIN: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names are in small letters."""

    method: str
    target: str
    status: int
    headers: Headers
    body: bytes

    @property
    def path(self) -> str:
        """The path that was asked for, without the query."""
        return self.target.partition("?")[0]

    @property
    def media_type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()

    @property
    def plain(self) -> bytes:
        """The body, unpacked."""
        is_packed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if is_packed else self.body

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, read as JSON."""
        return json.loads(self.plain)

    @property
    def lines(self) -> list[Any]:
        """The body, read as NDJSON."""
        lines = self.plain
        assert lines == b"" or lines.endswith(b"\n")
        return [json.loads(line) for line in lines.splitlines()]


class Client(Protocol):
    """Something that can ask the service."""

    def ask(
        self, method: str, target: str, body: Body = b"", headers: Headers | None = None
    ) -> Answer:
        """Send one request."""


class InProcess:
    """The Flask application, called as a WSGI server calls it."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def ask(
        self, method: str, target: str, body: Body = b"", headers: Headers | None = None
    ) -> Answer:
        """Send one request."""
        path, _, query = target.partition("?")
        environ = create_environ(method=method, query_string=query, headers=dict(headers or {}))
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        environ["RAW_URI"] = environ["REQUEST_URI"] = target
        whole = body if isinstance(body, bytes) else b"".join(body)
        environ["wsgi.input"] = io.BytesIO(whole)
        environ["wsgi.input_terminated"] = True
        if isinstance(body, bytes) and (body or method == "POST"):
            environ["CONTENT_LENGTH"] = str(len(body))
        chunks, status, found = run_wsgi_app(self._app, environ, buffered=True)
        lowered = {name.lower(): value for name, value in found}
        return Answer(method, target, int(status.split()[0]), lowered, b"".join(chunks))


class OverNetwork:
    """A server on a port of this machine; each request has a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, method: str, target: str, body: Body = b"", headers: Headers | None = None
    ) -> Answer:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            self._send(connection, method, body)
            response = connection.getresponse()
            lowered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(method, target, response.status, lowered, response.read())
        finally:
            connection.close()

    def _send(self, connection: http.client.HTTPConnection, method: str, body: Body) -> None:
        try:
            if not isinstance(body, bytes):
                connection.putheader("Transfer-Encoding", "chunked")
                connection.endheaders(iter(body), encode_chunked=True)
                return
            if body or method == "POST":
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server need not read what it has refused; its answer is there


# The ways to run the service: as `ruletag serve` does, the plain Flask application
# under gunicorn's threaded worker, and our worker; the last two with no more around.
_GUNICORN: Final = ("gunicorn", "-c", "python:contract.gunicorn_config", "-k")
COMMANDS: Final[dict[str, tuple[str, ...]]] = {
    "serve": ("ruletag.edge.master",),
    "threads": (*_GUNICORN, "gthread", "contract.served:app"),
    "worker": (*_GUNICORN, "ruletag.edge.worker.Worker", "contract.served:asgi"),
    "granian": (*_GUNICORN, "ruletag.edge.granian.Worker", "contract.served:asgi"),
}
_TESTS: Final = Path(__file__).resolve().parent.parent


def _paths() -> list[str]:
    given = os.environ.get("PYTHONPATH")
    return [str(_TESTS), given] if given else [str(_TESTS)]


class Server:
    """A gunicorn process; settings are given by their names."""

    def __init__(self, folder: Path, kind: str = "serve", **settings: object) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
        given = {f"RULETAG_{name.upper()}": str(value) for name, value in settings.items()}
        given |= {"RULETAG_RULES": str(folder), "RULETAG_PORT": str(self.port)}
        self._log_file = folder.parent / f"{folder.name}-{kind}.log"
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *COMMANDS[kind]],
                env=kept | given | {"PYTHONPATH": os.pathsep.join(_paths())},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.client = OverNetwork(self.port)
        self.kind = kind
        self._follows = kind == "serve"  # the rule folder; the others read it at their start
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                if self._has_read_rules():
                    return
                time.sleep(0.02)
            except OSError:
                assert self._process.poll() is None, self.log
                time.sleep(0.02)
        raise AssertionError(f"the server did not start: {self.log}")

    def _has_read_rules(self) -> bool:
        """Say whether the rules are in force, or have been refused."""
        answer = self.client.ask("GET", "/readyz?verbose")
        checks = answer.json["checks"]
        return answer.status == 200 or not self._follows or checks[1]["status"] != "pass"

    @property
    def pid(self) -> int:
        """The process that all others come from."""
        return self._process.pid

    def workers(self) -> list[int]:
        """Give the processes that answer."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text(encoding="ascii").split()]

    def end(self, seconds: float = 20) -> float:
        """Tell the server to end; give how many seconds it took."""
        started = time.monotonic()
        self._process.terminate()
        self._process.wait(seconds)
        return time.monotonic() - started

    @property
    def log(self) -> str:
        """Everything the server has logged."""
        return self._log_file.read_text(encoding="utf-8")

    def stop(self) -> None:
        """End the server and its workers at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def exchange(self, *pieces: bytes, half_close: bool = False, seconds: float = 10) -> bytes:
        """Send bytes as they are; give everything that comes back until the server closes.

        With ``half_close`` the server is told that nothing more will come.
        """
        found = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            try:
                for piece in pieces:
                    connection.sendall(piece)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
                while received := connection.recv(65536):
                    found += received
            except (BrokenPipeError, ConnectionResetError):
                pass
        return found
