"""The service under test, behind one small interface: in this process, or a real gunicorn."""

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
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The body, read as NDJSON."""
        assert self.body == b"" or self.body.endswith(b"\n")
        return [json.loads(line) for line in self.body.splitlines()]


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


class Server:
    """A gunicorn process, run as `ruletag serve` runs it."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
        command = ["--config", "python:ruletag.gunicorn_config", "ruletag.wsgi:app"]
        self._log_file = folder.parent / f"{folder.name}.log"
        with self._log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "gunicorn", *command],
                env=kept | {"RULETAG_RULES": str(folder), "RULETAG_PORT": str(self.port)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.client = OverNetwork(self.port)
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                assert self.client.ask("GET", "/livez").status == 200
            except OSError:
                assert self._process.poll() is None, self.log
                time.sleep(0.02)
            else:
                return
        raise AssertionError(f"the server did not start: {self.log}")

    @property
    def log(self) -> str:
        """Everything the server has logged."""
        return self._log_file.read_text(encoding="utf-8")

    def stop(self) -> None:
        """End the server and its workers at once."""
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
