"""A real service, as `ruletag serve` runs it, and what its operator sees of it."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 20  # seconds
COPPER: Final = "categories: {metals: [copper]}\n"
ZINC: Final = "categories: {metals: [zinc]}\n"
TEXT: Final = "copper and zinc"


class Life:
    """A running service over a rule folder."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
        ours = {"RULETAG_RULES": str(folder), "RULETAG_PORT": str(self.port)}
        self.log_file = folder.parent / "log"
        with self.log_file.open("ab") as log:
            self.master = subprocess.Popen(
                [sys.executable, "-P", "-m", "ruletag.edge.master"],
                env=kept | ours | settings,
                stdout=log,
                stderr=log,
            )

    def write(self, content: str, name: str = "metals.yaml") -> None:
        """Save a rule file, as an editor does."""
        new = self.folder / f".{name}.tmp"
        new.write_text(content, encoding="utf-8")
        new.replace(self.folder / name)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request on a connection of its own; give status and JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            sent = json.dumps(body) if body is not None else None
            connection.request(method, path, sent, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def found(self) -> list[str]:
        """What the rules in force find in the text."""
        status, answer = self.ask("POST", "/v1/tag", {"text": TEXT})
        assert status == http.HTTPStatus.OK, answer
        return [e["text"] for given in answer["categories"] for e in given.get("evidence", ())]

    def readiness(self) -> int:
        """The status of `/readyz`; 0 where nobody answers."""
        try:
            return self.ask("GET", "/readyz")[0]
        except OSError:
            return 0

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        late = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < late, self.log_file.read_text(encoding="utf-8")[-4000:]
            time.sleep(0.01)

    def workers(self) -> list[int]:
        """The processes that answer requests."""
        path = Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        return sorted(map(int, path.read_text(encoding="ascii").split()))

    def logged(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        lines = self.log_file.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self) -> int:
        """Tell it to stop; give its exit code."""
        self.master.send_signal(signal.SIGTERM)
        return self.master.wait(PATIENCE)


@contextmanager
def living(folder: Path, content: str = COPPER, **settings: str) -> Iterator[Life]:
    """Run the service with such a file in a folder, until the block is left."""
    folder.mkdir(exist_ok=True)
    (folder / "metals.yaml").write_text(content, encoding="utf-8")
    life = Life(folder, {f"RULETAG_{name.upper()}": value for name, value in settings.items()})
    try:
        life.until(lambda: life.readiness() > 0)
        yield life
    finally:
        life.master.send_signal(signal.SIGTERM)
        try:
            life.master.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            life.master.kill()
            life.master.wait()
