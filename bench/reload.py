"""What an edit of the rules costs a running service, as its callers see it.

``python bench/reload.py [--keywords 5000 100000] [--edits 5] [--workers 2]``

Starts the service, has clients post the seed article on kept connections, and edits
a rule file under them. Prints, for each number of keywords:

- *visible*: from the edit until every client was answered by the new rules, median and worst;
- *disagreement*: how long after the first answer by the new rules a request was still sent
  that got the old ones, worst;
- *p99*: of answers within two seconds of an edit, and before any edit, and their ratio;
- *lost*: requests without an answer, or with another than 200.
"""

import argparse
import http.client
import json
import multiprocessing
import random
import statistics
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from serving.served import started  # noqa: E402 - found only now

SEED: Final = Path(__file__).parent.parent / "seeds" / "couple_arrested_for_smuggling_copper.txt"
PER_CATEGORY: Final = 500
PAUSE: Final = 0.03  # seconds between two requests of a client
AFTER: Final = 2.0  # seconds after an edit that are looked at


class Sample(NamedTuple):
    """One request: when it was sent and answered, and by which generation (0: not at all)."""

    sent: float
    answered: float
    generation: int


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--keywords", type=int, nargs="+", default=[5_000, 100_000])
    parser.add_argument("--edits", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    head = "keywords  visible: median   worst   disagreement   p99 base   p99 edit  ratio    lost"
    print(head)
    for keywords in options.keywords:
        print(measured(keywords, options.edits, options.workers, options.clients), flush=True)


def measured(keywords: int, edits: int, workers: int, clients: int) -> str:
    """Give one line of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "rules"
        write_rules(folder, keywords)
        with running(folder, workers) as port:
            ends, processes = start_clients(port, clients)
            time.sleep(3)
            moments = [edit(folder, number, port) for number in range(edits)]
            samples = stop_clients(ends, processes)
    return line(keywords, moments, samples)


def write_rules(folder: Path, keywords: int) -> None:
    """Write so many keywords, and the file that will be edited."""
    folder.mkdir()
    source = random.Random(keywords)  # noqa: S311 - the same words at each run
    for first in range(0, keywords, PER_CATEGORY):
        count = min(PER_CATEGORY, keywords - first)
        lines = "".join(f"  - {keyword(source, i)}\n" for i in range(count))
        (folder / f"c{first}.yaml").write_text(f"categories:\n  c{first}:\n{lines}")
    write_edit(folder, 0)


def keyword(source: random.Random, number: int) -> str:
    """Give one word or two."""
    words = range(1 + number % 2)
    return " ".join(
        "".join(source.choices(string.ascii_lowercase, k=source.randint(5, 9))) for _ in words
    )


def write_edit(folder: Path, number: int) -> None:
    """Save the file that is edited, as an editor does: whole, under another name first."""
    new = folder / ".edited.tmp"
    new.write_text(f"categories:\n  edited: [copper, smuggle~, edit{number}]\n")
    new.replace(folder / "edited.yaml")


@contextmanager
def running(folder: Path, workers: int) -> Iterator[int]:
    """Run the service on a free port; yield the port when it is ready."""
    with started(folder, workers) as (port, _):
        wait_for(port, 1)
        yield port


def wait_for(port: int, generation: int) -> None:
    """Wait until the service answers by this generation of rules, or a later one."""
    late = time.monotonic() + 120
    while time.monotonic() < late:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/v1/rules")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 200 and json.loads(body)["generation"] >= generation:  # noqa: PLR2004
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit("the service did not get ready")


def edit(folder: Path, number: int, port: int) -> float:
    """Edit a file, wait until that is in force; give the moment of the edit."""
    moment = time.monotonic()
    write_edit(folder, number + 1)
    wait_for(port, number + 2)
    # Each client is to be answered once more, by the new rules.
    time.sleep(max(0.5, moment + AFTER + 1 - time.monotonic()))
    return moment


# ------------------------------------------------------------------------ clients


def start_clients(port: int, count: int) -> tuple[list[Connection], list[multiprocessing.Process]]:
    """Start processes that post on one kept connection each."""
    ends, processes = [], []
    for _ in range(count):
        here, there = multiprocessing.Pipe()
        process = multiprocessing.Process(target=client, args=(port, there))
        process.start()
        ends.append(here)
        processes.append(process)
    return ends, processes


def client(port: int, end: Connection) -> None:
    """Post until told to stop, then hand in all samples."""
    body = json.dumps({"text": SEED.read_text(encoding="utf-8")})
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    samples: list[Sample] = []
    while not end.poll():
        sent = time.monotonic()
        samples.append(Sample(sent, *post(connection, body)))
        time.sleep(PAUSE)
    end.send(samples)


def post(connection: http.client.HTTPConnection, body: str) -> tuple[float, int]:
    """Post once; give when the answer was there, and the generation in it."""
    try:
        connection.request("POST", "/v1/tag", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        generation = int(answer.headers.get("Ruleset-Generation") or 0)
        return time.monotonic(), generation if answer.status == 200 else 0  # noqa: PLR2004
    except (OSError, http.client.HTTPException):
        connection.close()
        return time.monotonic(), 0


def stop_clients(
    ends: list[Connection], processes: list[multiprocessing.Process]
) -> list[list[Sample]]:
    """Stop the clients; give the samples of each."""
    for end in ends:
        end.send(None)
    samples: list[list[Sample]] = [end.recv() for end in ends]
    for process in processes:
        process.join()
    return samples


# ------------------------------------------------------------------------ figures


def line(keywords: int, moments: list[float], samples: list[list[Sample]]) -> str:
    """Give the figures as one line."""
    every = sorted(sample for one in samples for sample in one)
    visible = [
        max(first_by(one, number + 2) for one in samples) - moment
        for number, moment in enumerate(moments)
    ]
    apart = max(disagreement(every, number + 2) for number in range(len(moments)))
    base = [s.answered - s.sent for s in every if s.answered < moments[0]]
    edited = [s.answered - s.sent for s in every if any(0 < s.sent - m < AFTER for m in moments)]
    slow, usual = p99(edited), p99(base)
    lost = sum(not sample.generation for sample in every)
    return (
        f"{keywords:8,} {statistics.median(visible):14.2f} s {max(visible):5.2f} s"
        f" {1000 * apart:11.1f} ms {1000 * usual:7.1f} ms {1000 * slow:7.1f} ms {slow / usual:6.2f}"
        f" {lost:4} of {len(every):,}"
    )


def first_by(samples: list[Sample], generation: int) -> float:
    """Give when a client was first answered by a generation."""
    return min(sample.answered for sample in samples if sample.generation >= generation)


def disagreement(samples: list[Sample], generation: int) -> float:
    """Give how long old answers went on after the first new one, in seconds."""
    first = min(s.answered for s in samples if s.generation == generation)
    late = [s.sent - first for s in samples if 0 < s.generation < generation and s.sent > first]
    return max(late, default=0.0)


def p99(times: list[float]) -> float:
    """Give the 99th percentile."""
    return sorted(times)[int(0.99 * len(times))]


if __name__ == "__main__":
    main()
