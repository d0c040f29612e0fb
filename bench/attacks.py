"""What clients that mean harm do to the others, and to the memory of a worker.

    python bench/attacks.py [--servers serve threads] [--attacks NAME …] [--seconds S]

One worker each, on the shipped rules. An attack runs in a process of its own, over
loopback, for a bounded time; beside it good requests are sent one after another, each
on a connection of its own: ``GET /livez`` and ``POST /v1/tag`` in turn. A line shows how
many of them were answered, their median and slowest time, and the memory of the worker
(resident, in MB) before the attack, at its highest, and ten seconds after it.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from bad_inputs.processes import memory  # noqa: E402 - found only now
from contract.hostile import ATTACKS, LIVEZ, TAG  # noqa: E402 - found only now
from contract.service import Server  # noqa: E402 - found only now
from contract.slow import Slow, ask_alone  # noqa: E402 - found only now

_FILES: Final = 8_192  # connections that one attack may hold, and some more
_AFTER: Final = 10.0  # seconds from the end of an attack to the last look at memory
_PATIENCE: Final = 5.0  # seconds for a good request


def attack(name: str, port: int, seconds: float) -> None:
    """Attack a server for some seconds."""
    clients, act = ATTACKS[name]
    with Slow(port, clients, (act,)):
        time.sleep(seconds)


class Memory(threading.Thread):
    """Watches the resident memory of a server's workers, together."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._stop_now = threading.Event()
        self.highest = 0.0

    def run(self) -> None:
        """Look ten times a second until told to stop."""
        while not self._stop_now.wait(0.1):
            self.highest = max(self.highest, self.now())

    def stop(self) -> None:
        """Look no more."""
        self._stop_now.set()

    def now(self) -> float:
        """Return the resident memory of the workers, in MB."""
        return memory(self._server.workers()) / 2**20


def measure(server: Server, name: str, seconds: float) -> str:
    """Return the line for one attack on one server."""
    watch = Memory(server)
    before = watch.now()
    watch.start()
    command = [sys.executable, __file__, "--run", name, str(server.port), str(seconds)]
    with subprocess.Popen(command) as attacker:  # noqa: S603 - ourselves
        time.sleep(min(1.0, seconds / 4))
        times: list[float] = []
        answered = 0
        while attacker.poll() is None:
            started = time.perf_counter()
            answered += ask_alone(server.port, (TAG, LIVEZ)[len(times) % 2], _PATIENCE)
            times.append(time.perf_counter() - started)
            time.sleep(0.05)
    time.sleep(_AFTER)
    watch.stop()
    times.sort()
    return (
        f"{answered:4} of {len(times):4}  {times[len(times) // 2] * 1000:8.1f}"
        f"  {times[-1] * 1000:8.1f}  {before:6.0f}  {watch.highest:6.0f}  {watch.now():6.0f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--servers", nargs="+", default=["serve", "granian", "threads"])
    parser.add_argument("--attacks", nargs="+", default=list(ATTACKS))
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, hard), hard))
    if options.run:
        name, port, seconds = options.run
        attack(name, int(port), float(seconds))
        return
    os.environ.pop("PYTHONPATH", None)
    title = "answered      median ms  slowest   MB before  peak   after"
    print(f"{'':9} {'':32} {title}")
    for kind in options.servers:
        for name in options.attacks:
            with tempfile.TemporaryDirectory() as made:
                rules = Path(made) / "rules"
                rules.symlink_to(ROOT / "rules")
                server = Server(rules, kind)
                try:
                    print(
                        f"{kind:9} {name:32} {measure(server, name, options.seconds)}", flush=True
                    )
                finally:
                    server.stop()


if __name__ == "__main__":
    main()
