"""What can be seen of running processes from outside."""

from contextlib import suppress
from pathlib import Path


def children(process: int) -> list[int]:
    """Give the processes that one has started."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            found += map(int, (thread / "children").read_text(encoding="ascii").split())
    return sorted(found)


def memory(processes: list[int]) -> int:
    """Give the bytes that processes hold in memory."""
    return sum(_figure(process, "VmRSS") for process in processes)


def peak_memory(processes: list[int]) -> int:
    """Give the most bytes that processes held in memory since their peaks were forgotten."""
    return sum(_figure(process, "VmHWM") for process in processes)


def forget_peaks(processes: list[int]) -> None:
    """Let the peak of the memory of each be what it is now."""
    for process in processes:
        Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")


def _figure(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
