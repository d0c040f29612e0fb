"""What slow clients do to the others: every good request answered, and how fast.

    python bench/slow_clients.py [--counts 200 900] [--requests N] [--kinds worker granian stock threads]

One worker each: ours, Granian, gunicorn's ASGI worker as it is, and its threaded worker. The
slow clients are idle, send a head or a body byte by byte, or take their answers byte
by byte, a quarter each; one that is cut off comes back.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from contract.rules import RULES  # noqa: E402 - found only now
from contract.service import COMMANDS, Server  # noqa: E402 - found only now
from contract.slow import Slow, good_requests  # noqa: E402 - found only now

COMMANDS["stock"] = (*COMMANDS["worker"][:-2], "asgi", COMMANDS["worker"][-1])


def measure(folder: Path, kind: str, count: int, requests: int) -> None:
    """Print one line for a server under so many slow clients."""
    server = Server(folder, kind)
    try:
        with Slow(server.port, count) as slow:
            for each_connects in (True, False):
                good = good_requests(
                    server.port, requests, each_connects=each_connects, pause=0.01, patience=5
                )
                print(
                    f"{kind:8} {count:4} slow  {'new connections' if each_connects else 'one connection':16}"
                    f" answered {good.answered:4} of {requests}"
                    f"   median {good.quantile(0.5) * 1000:7.1f} ms"
                    f"   p99 {good.quantile(0.99) * 1000:7.1f} ms"
                    f"   worst {max(good.times) * 1000:7.1f} ms   ({slow.cut_off} cut off)",
                    flush=True,
                )
    finally:
        server.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", type=int, nargs="+", default=[200, 900])
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--kinds", nargs="+", default=["worker", "granian", "stock", "threads"])
    options = parser.parse_args()
    os.environ.pop("PYTHONPATH", None)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "rules"
        folder.mkdir()
        for name, text in RULES.items():
            (folder / name).write_text(text, encoding="utf-8")
        for count in options.counts:
            for kind in options.kinds:
                # The threaded worker answers few; nobody waits for all of its failures.
                requests = 6 if kind == "threads" else options.requests
                measure(folder, kind, count, requests)


if __name__ == "__main__":
    main()
