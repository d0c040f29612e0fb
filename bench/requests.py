"""What a request costs, in one run and as ratios: a do-nothing Flask route = 1.00.

    python bench/requests.py [--rounds N] [--seconds S]

One worker each: ``POST /v1/tag`` with the seed article (about 3 KB) under our worker,
under Granian and under gunicorn's threaded worker, and a Flask route that does nothing
under gunicorn's threaded worker. The same article in ROT13, in which nothing is found,
shows what the way through the server costs without the tagging. A few connections are
kept alive; each takes its turn for some seconds, round after round, and medians are
shown, so that a noisy machine disturbs all alike.
"""

import argparse
import codecs
import json
import os
import selectors
import shutil
import socket
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from contract.service import COMMANDS, Server  # noqa: E402 - found only now

SEED: Final = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"
CONNECTIONS: Final = 8
COMMANDS["nothing"] = (*COMMANDS["threads"][:-1], "requests_nothing:app")
NOTHING: Final = """\
import flask

app = flask.Flask("nothing")


@app.get("/readyz")
def ready():
    return {"checks": []}


@app.post("/v1/tag")
def nothing():
    return {}
"""


class Measured(NamedTuple):
    """Answers a second, processor time an answer and the time 99 of 100 need; in seconds."""

    rate: float
    cost: float
    slowest: float


class Client:
    """One kept connection that always has one request under way."""

    def __init__(self, port: int, request: bytes) -> None:
        self._request = request
        self.connection = socket.create_connection(("127.0.0.1", port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.times: list[float] = []
        self.send()

    def send(self) -> None:
        """Ask."""
        self._received = b""
        self._missing = -1
        self._started = time.perf_counter()
        self.connection.sendall(self._request)

    def receive(self) -> None:
        """Take what has come; when the answer is whole, ask again."""
        self._received += self.connection.recv(1 << 18)
        if self._missing < 0 and b"\r\n\r\n" in self._received:
            head = self._received.partition(b"\r\n\r\n")[0]
            if not head.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(head)
            size = int(head.lower().partition(b"content-length:")[2].split()[0])
            self._missing = len(head) + 4 + size
        if len(self._received) == self._missing:
            self.times.append(time.perf_counter() - self._started)
            self.send()


def measure(server: Server, request: bytes, seconds: float) -> Measured:
    """Keep a server busy for some seconds."""
    clients = [Client(server.port, request) for _ in range(CONNECTIONS)]
    selector = selectors.DefaultSelector()
    for client in clients:
        selector.register(client.connection, selectors.EVENT_READ, client)
    used = processor_time(server)
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        for key, _ in selector.select(1):
            key.data.receive()
    lasted = time.perf_counter() - started
    used = processor_time(server) - used
    times = sorted(t for client in clients for t in client.times)
    for client in clients:
        client.connection.close()
    return Measured(len(times) / lasted, used / len(times), times[int(len(times) * 0.99)])


def processor_time(server: Server) -> float:
    """Give the processor time that the worker has used."""
    (worker,) = server.workers()
    fields = Path(f"/proc/{worker}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def show(name: str, found: list[Measured], base: list[Measured]) -> None:
    """Print one line."""
    rate, cost, slowest = (median(values) for values in zip(*found, strict=True))
    ratios = [one.rate / other.rate for one, other in zip(found, base, strict=True)]
    costs = [one.cost / other.cost for one, other in zip(found, base, strict=True)]
    print(
        f"{name:34} {rate:8,.0f}/s  x{median(ratios):5.2f} ({min(ratios):.2f}-{max(ratios):.2f})"
        f"   cpu {cost * 1e6:6.0f} us x{median(costs):5.2f}   p99 {slowest * 1000:6.1f} ms"
    )


# name, server, whether the article is one in which something is found
ROWS: Final = (
    ("nothing, Flask, threaded worker", "nothing", True),
    ("/v1/tag, threaded worker", "threads", True),
    ("/v1/tag, our worker", "worker", True),
    ("/v1/tag, Granian", "granian", True),
    ("nothing found, threaded worker", "threads", False),
    ("nothing found, our worker", "worker", False),
    ("nothing found, Granian", "granian", False),
)


def compared(rules: Path, rounds: int, seconds: float) -> dict[str, list[Measured]]:
    """Measure all rows in turn."""
    found: dict[str, list[Measured]] = {}
    article = SEED.read_text(encoding="utf-8")
    requests = {True: posted(article), False: posted(codecs.encode(article, "rot13"))}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "rules"
        shutil.copytree(rules, folder)
        (Path(made) / "requests_nothing.py").write_text(NOTHING, encoding="utf-8")
        os.environ["PYTHONPATH"] = made
        servers = {kind: Server(folder, kind) for kind in sorted({row[1] for row in ROWS})}
        try:
            describe(servers["worker"], requests[True])
            for _ in range(rounds):
                for name, kind, finds in ROWS:
                    measured = measure(servers[kind], requests[finds], seconds)
                    found.setdefault(name, []).append(measured)
        finally:
            for server in servers.values():
                server.stop()
    return found


def posted(text: str) -> bytes:
    """Give the request for a text, as bytes."""
    body = json.dumps({"text": text}).encode()
    head = (
        b"POST /v1/tag HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        b"Accept: application/json\r\nContent-Length: %d\r\n\r\n"
    )
    return head % len(body) + body


def describe(server: Server, request: bytes) -> None:
    """Print what is asked and answered."""
    body = request.partition(b"\r\n\r\n")[2]
    answer = server.client.ask("POST", "/v1/tag", body, {"Content-Type": "application/json"})
    spans = sum(len(given.get("evidence", ())) for given in answer.json["categories"])
    sizes = f"{len(body):,} bytes asked, {len(answer.body):,} answered, {spans} spans"
    print(f"{sizes}, {CONNECTIONS} connections\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rules", type=Path, default=ROOT / "rules")
    options = parser.parse_args()
    found = compared(options.rules, options.rounds, options.seconds)
    base = found[ROWS[0][0]]
    for name, measured in found.items():
        show(name, measured, base)


if __name__ == "__main__":
    main()
