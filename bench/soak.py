"""Many requests over many edits of the rules: what is lost, what is wrong, what grows.

``python bench/soak.py [--requests 1000000] [--reloads 500] [--keywords 10000]``

Starts the service. Clients, each a process with one kept connection, post without
a pause, while a rule file is edited again and again; every tenth edit is bad, and must
be refused. Of each answer it is seen that it is by the rules that it names. Prints:

- *lost*: requests that were sent and not answered with 200;
- *wrong*: answers that miss something, or have what other rules find;
- *p99*: of all requests, those during edits included;
- *memory*: of all processes of the service together, what they share counted once,
  after the first twentieth of the edits and at the end.

Ends with 1 where anything was lost or wrong, or where memory grew by more than ``--growth``.
"""

import argparse
import contextlib
import multiprocessing
import random
import re
import signal
import socket
import string
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from serving.served import started  # noqa: E402 - found only now

WORDS: Final = ("even", "odd")  # each edit takes away the one and adds the other
BODY: Final = b'{"text":"Copper was smuggled at night, even by odd couples who had little."}'
REQUEST: Final = (
    b"POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
PER_CATEGORY: Final = 500
BAD_EVERY: Final = 10
BUCKETS: Final = 20_000  # of a tenth of a millisecond
STEADY: Final = 3.0  # seconds without an edit before memory is measured
PATIENCE: Final = 60.0  # seconds in which an edit must be in force, or refused
_GENERATION: Final = re.compile(rb"(?i)\r\nruleset-generation: *(\d+)")
_LENGTH: Final = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


@dataclass(slots=True)
class Outcome:
    """What one client has seen; ``times`` counts answers by tenths of a millisecond."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=lambda: [0] * (BUCKETS + 1))


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--reloads", type=int, default=500)
    parser.add_argument("--keywords", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--growth", type=float, default=5.0, help="MB that memory may grow by")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "rules"
        write_rules(folder, options.keywords)
        with running(folder, options.workers) as (port, process):
            with clients_at(port, options.clients) as clients:
                before, after = edited(folder, port, process, clients, options)
            outcomes = clients.outcomes
    sys.exit(report(outcomes, before, after, options.growth))


# ------------------------------------------------------------------------------ rules


def write_rules(folder: Path, keywords: int) -> None:
    """Write so many keywords, and the file that will be edited."""
    folder.mkdir()
    source = random.Random(keywords)  # noqa: S311 - the same words at each run
    for first in range(0, keywords, PER_CATEGORY):
        count = min(PER_CATEGORY, keywords - first)
        words = ("".join(source.choices(string.ascii_lowercase, k=9)) for _ in range(count))
        lines = "".join(f"  - {word}\n" for word in words)
        (folder / f"c{first}.yaml").write_text(f"categories:\n  c{first}:\n{lines}")
    save(folder, good(0))


def good(number: int) -> str:
    """Give the file that is edited, after so many good edits."""
    return f"categories:\n  metals: [copper]\n  edited: [{WORDS[number % 2]}, w{number}x]\n"


def save(folder: Path, content: str) -> None:
    """Save the file that is edited, as an editor does: whole, under another name first."""
    new = folder / ".edited.tmp"
    new.write_text(content)
    new.replace(folder / "edited.yaml")


def edited(
    folder: Path,
    port: int,
    process: int,
    clients: "Clients",
    options: argparse.Namespace,
) -> tuple[float, float]:
    """Spread the edits over the requests; give the memory at the start and at the end, in MB."""
    before, is_good = 0.0, 0
    for number in range(options.reloads):
        clients.wait_for(number * options.requests // options.reloads)
        if number == options.reloads // 20:
            time.sleep(STEADY)
            before = memory(process)
        if number % BAD_EVERY == BAD_EVERY - 1:
            save(folder, "categories: {edited: [")
            wait_for(port, "is refused", lambda answer: b'"refused":{' in answer)
            continue
        is_good += 1
        save(folder, good(is_good))
        expected = b'"generation":%d,' % (is_good + 1)
        wait_for(port, "is in force", lambda answer, expected=expected: expected in answer)  # type: ignore[misc]
        show(number, options.reloads, clients)
    clients.wait_for(options.requests)
    time.sleep(STEADY)
    return before, memory(process)


def show(number: int, reloads: int, clients: "Clients") -> None:
    """Say how far it is, where somebody looks on."""
    if sys.stderr.isatty():
        print(
            f"\r{number + 1} of {reloads} edits, {clients.done:,} requests", end="", file=sys.stderr
        )


# ---------------------------------------------------------------------------- service


@contextmanager
def running(folder: Path, workers: int) -> Iterator[tuple[int, int]]:
    """Run the service on a free port; yield port and process when it is ready."""
    with started(folder, workers, {"RULETAG_POLL_INTERVAL": "0.05"}) as (port, process):
        wait_for(port, "is in force", lambda answer: b'"generation":1,' in answer)
        yield port, process


def wait_for(port: int, what: str, holds: Callable[[bytes], bool]) -> None:
    """Wait until what the service says of its rules is so."""
    late = time.monotonic() + PATIENCE
    answer = b""
    while time.monotonic() < late:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), 10) as asking,
        ):
            asking.sendall(b"GET /v1/rules HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda asking=asking: asking.recv(65536), b""))  # type: ignore[misc]
            if holds(answer):
                return
        time.sleep(0.05)
    raise SystemExit(f"no edit {what} within {PATIENCE:g} seconds: {answer[-500:]!r}")


def memory(process: int) -> float:
    """Give the MB of a process and all that come from it; what they share counts once."""
    share = 0
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        share = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return share / 1024 + sum(map(memory, children(process)))


def children(process: int) -> list[int]:
    """Give the processes that a process has started, from whichever thread."""
    found: list[int] = []
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_text(encoding="ascii").split())
    return found


# ---------------------------------------------------------------------------- clients


class Clients:
    """The processes that post."""

    def __init__(self, port: int, count: int) -> None:
        self.outcomes: list[Outcome] = []
        self._counts = [multiprocessing.Value("Q", 0, lock=False) for _ in range(count)]
        pipes = [multiprocessing.Pipe() for _ in range(count)]
        self._ends = [here for here, _ in pipes]
        self._processes = [
            multiprocessing.Process(target=client, args=(port, there, counted), daemon=True)
            for (_, there), counted in zip(pipes, self._counts, strict=True)
        ]
        for process in self._processes:
            process.start()

    @property
    def done(self) -> int:
        """How many requests were answered or lost."""
        return sum(counted.value for counted in self._counts)

    def wait_for(self, requests: int) -> None:
        """Wait until so many requests were sent."""
        while self.done < requests:
            if not all(process.is_alive() for process in self._processes):
                raise SystemExit("a client ended before its time")
            time.sleep(0.01)

    def stop(self) -> None:
        """Have them come to an end, and take what they have seen."""
        for end in self._ends:
            end.send(None)
        self.outcomes = [end.recv() for end in self._ends]
        for process in self._processes:
            process.join()


@contextmanager
def clients_at(port: int, count: int) -> Iterator[Clients]:
    """Run clients."""
    clients = Clients(port, count)
    yield clients
    clients.stop()


def client(port: int, end: Connection, counted: "Synchronized[int]") -> None:
    """Post until told to stop, then hand in what was seen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    outcome = Outcome()
    while not end.poll():
        with (
            contextlib.suppress(ConnectionRefusedError),
            socket.create_connection(("127.0.0.1", port), 30) as connection,
        ):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            use(connection, end, counted, outcome)
    end.send(outcome)


def use(
    connection: socket.socket, end: Connection, counted: "Synchronized[int]", outcome: Outcome
) -> None:
    """Post on a connection until it ends, or all is to end."""
    lives = True
    while lives:
        started = time.perf_counter()
        try:
            answer = exchange(connection)
        except OSError as error:
            outcome.lost.append(repr(error))
            counted.value += 1
            return
        outcome.times[min(BUCKETS, int((time.perf_counter() - started) * 10_000))] += 1
        look_at(answer, outcome)
        counted.value += 1
        lives = b"\r\nconnection: close" not in answer[:600].lower() and not (
            counted.value % 64 == 0 and end.poll()
        )


def exchange(connection: socket.socket) -> bytes:
    """Send the request; give the whole answer, head and body."""
    connection.sendall(REQUEST)
    answer = connection.recv(65536)
    while True:
        if not answer:
            raise ConnectionResetError("closed without an answer")
        head = answer.find(b"\r\n\r\n")
        length = _LENGTH.search(answer, 0, head) if head >= 0 else None
        if length is not None and len(answer) >= head + 4 + int(length[1]):
            return answer
        more = connection.recv(65536)
        if not more:
            raise ConnectionResetError("closed within an answer")
        answer += more


def look_at(answer: bytes, outcome: Outcome) -> None:
    """Count an answer, having seen that it has what the rules that it names find."""
    if not answer.startswith(b"HTTP/1.1 200 "):
        outcome.lost.append(repr(answer[:40]))
        return
    outcome.answered += 1
    generation = _GENERATION.search(answer)
    edits = int(generation[1]) - 1 if generation else 0
    has = tuple(b'"text":"%s"' % word.encode() in answer for word in WORDS)
    if has != (edits % 2 == 0, edits % 2 == 1) or b'"text":"Copper"' not in answer:
        outcome.wrong.append(repr(answer[-400:]))


# ---------------------------------------------------------------------------- figures


def report(outcomes: list[Outcome], before: float, after: float, growth: float) -> int:
    """Print the figures; give the exit code."""
    lost = [one for outcome in outcomes for one in outcome.lost]
    wrong = [one for outcome in outcomes for one in outcome.wrong]
    times = [sum(counts) for counts in zip(*(o.times for o in outcomes), strict=True)]
    print(f"answered {sum(outcome.answered for outcome in outcomes):,}")
    print(f"lost     {len(lost)}  {', '.join(sorted(set(lost))[:3])}")
    print(f"wrong    {len(wrong)}  {', '.join(wrong[:1])}")
    print(f"p50      {quantile(times, 0.5):.1f} ms")
    print(f"p99      {quantile(times, 0.99):.1f} ms")
    print(f"memory   {before:.1f} MB, at the end {after:.1f} MB ({after - before:+.1f} MB)")
    return int(bool(lost or wrong or after - before > growth))


def quantile(times: list[int], share: float) -> float:
    """Give the milliseconds that this share of the answers did not need."""
    left = share * sum(times)
    for bucket, count in enumerate(times):
        left -= count
        if left <= 0:
            return (bucket + 1) / 10
    return BUCKETS / 10


if __name__ == "__main__":
    main()
