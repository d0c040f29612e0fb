"""A service of its own for a measurement, with the processes that ``ruletag serve`` has."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOTHING_MORE: Final[Mapping[str, str]] = {}


@contextmanager
def started(
    folder: Path, workers: int, settings: Mapping[str, str] = NOTHING_MORE
) -> Iterator[tuple[int, int]]:
    """Start the service over a folder, without a word; give its port and process, and end it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("RULETAG_")} | {
        "RULETAG_RULES": str(folder),
        "RULETAG_PORT": str(port),
        "RULETAG_WORKERS": str(workers),
        "RULETAG_LOG_REQUESTS": "off",
        **settings,
    }
    command = [sys.executable, "-P", "-m", "ruletag.edge.master"]
    nowhere = subprocess.DEVNULL
    service = subprocess.Popen(command, env=environment, stdout=nowhere, stderr=nowhere)
    try:
        yield port, service.pid
    finally:
        service.terminate()
        service.wait(20)
