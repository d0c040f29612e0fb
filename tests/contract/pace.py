"""How fast this machine is, for bounds on processor time that must hold on any."""

import time
from typing import Final

_REFERENCE: Final = 0.03  # seconds for the steps below, where the bounds were set
_STEPS: Final = 300_000


def pace() -> float:
    """Return how many times as long this machine takes as the one of reference; at least 1."""
    return max(1.0, min(_steps() for _ in range(3)) / _REFERENCE)


def _steps() -> float:
    started = time.process_time()
    total, kept = 0, {}
    for i in range(_STEPS):
        total += i * i % 7
        kept[i & 1023] = (i, total)
    return time.process_time() - started
