"""Compile a rule folder in a process of its own.

Whatever lies in the folder can slow down, exhaust or crash this process alone,
and an edit that does is a refused edit. It has limits on its time and memory,
and ends when the process that started it does, even if it is stopped then.
"""

import ctypes
import gc
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import check_examples
from ruletag.problems import Location, Problem, RuleSetError
from ruletag.rules.loader import fingerprint, read_rules
from ruletag.rules.model import RuleSet
from ruletag.rules.sources import parse_files
from ruletag.serving.artefact import dump
from ruletag.serving.lastgood import keep, kept
from ruletag.serving.shared import Slot, is_stopped

_NICE: Final = 5
_LOOK: Final = 0.5  # seconds between looks at a compiler at work
_STOPPED: Final = 2.0  # seconds after which one that is stopped is not waited for
_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG of Linux, which Python does not name
# Imported by name, since what `-m` runs is called `__main__`, and so would be what it
# reports. -P keeps a file of the working folder from standing in for a module. Requests
# come first, before all that is imported.
_COMMAND: Final = f"import os; os.nice({_NICE}); from ruletag.serving.builder import main; main()"


@dataclass(frozen=True, slots=True)
class Job:
    """What to compile, and the slot to put it in.

    ``known`` is the digest of the rules in force. ``state`` is where the last good
    rules are kept; with ``from_state`` those are compiled instead of the folder.
    """

    folder: Path
    slot: int
    known: str = ""
    state: Path | None = None
    from_state: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a job.

    ``same`` means that the folder holds the rules in force, ``moving`` that it
    changed while it was read, ``failed`` that the compiler itself did not get through.
    """

    outcome: Literal["built", "same", "moving", "refused", "failed"]
    digest: str = ""
    size: int = 0
    sha256: str = ""
    problems: tuple[Problem, ...] = ()
    files: int = 0
    categories: int = 0
    seconds: float = 0
    note: str = ""


def build(rule_set: RuleSet) -> CompiledRules:
    """Compile a rule set and run its own tests. Raises `RuleSetError`."""
    rules = compile_rules(rule_set)
    check_examples(rules)
    return rules


def run(job: Job, made: list[object] | None = None) -> Report:
    """Do a job in this process.

    A process that is about to end gives ``made``, which gets all that was made: to
    free it piece by piece takes a while.
    """
    made = [] if made is None else made
    started = time.monotonic()
    seen = fingerprint(job.folder)
    try:
        rule_set = _read(job)
        if not job.from_state and fingerprint(job.folder) != seen:
            return Report("moving")
        if rule_set.digest == job.known:
            return Report("same", rule_set.digest)
        rules = build(rule_set)
        made += (rule_set, rules)
        size, sha256 = Slot(job.slot).write(dump(rules))
    except RuleSetError as error:
        is_same = job.from_state or fingerprint(job.folder) == seen
        return Report("refused", problems=tuple(error.problems)) if is_same else Report("moving")
    return Report(
        "built",
        rule_set.digest,
        size,
        sha256,
        files=len(rule_set.files),
        categories=len(rule_set.categories),
        seconds=time.monotonic() - started,
        note=_keep(job, rule_set.contents),
    )


def _read(job: Job) -> RuleSet:
    if not job.from_state or job.state is None:
        return read_rules(job.folder)
    contents = kept(job.state)
    if not contents:
        detail = "no rules are kept there"
        raise RuleSetError([Problem(Location(str(job.state), 0, 0), "E403", detail)])
    return parse_files(contents)


def _keep(job: Job, contents: Mapping[str, bytes]) -> str:
    """Keep the rules for the next start; give what went wrong, since it does not matter now."""
    if job.state is None or job.from_state:
        return ""
    try:
        keep(job.state, contents)
    except OSError as error:
        return f"the last good rules could not be kept in {job.state}: {error.strerror}"
    return ""


class Builder:
    """Starts the compiler and waits for its report.

    `prepare` starts one ahead, since to start takes it as long as most rule sets
    take to compile. ``stop`` may be called from another thread.
    """

    def __init__(self, handles: Collection[int], seconds: float = LIMITS.build_seconds) -> None:
        self._handles = handles
        self._seconds = seconds
        self._next: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None  # at work
        self._done: subprocess.Popen[bytes] | None = None  # giving back its memory

    def run(self, job: Job) -> Report:
        """Do a job in a process of its own."""
        self.prepare()
        process, self._next = self._next or self._started(), None
        self._process = process
        output = self._output(process, _as_line(job))
        self._process = None
        try:
            report: Report = pickle.loads(output)  # noqa: S301 - from ourselves
        except Exception:  # noqa: BLE001 - cut short, in any way
            _end(process)
            return Report("failed", problems=(_failure(process.returncode),))
        self._done = process
        return report

    def prepare(self) -> None:
        """Have a compiler wait for a job, and leave nothing of the one before."""
        self._end_done()
        if self._next is not None and self._next.poll() is not None:
            _end(self._next)
            self._next = None
        if self._next is None:
            self._next = self._started()

    def _end_done(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            _end(done)

    def stop(self) -> None:
        """End what is at work, and what waits for work."""
        if self._process is not None:
            self._process.kill()
        self._end_done()
        waiting, self._next = self._next, None
        if waiting is not None:
            _end(waiting)

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-c", _COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=self._handles,
        )

    def _output(self, process: "subprocess.Popen[bytes]", line: bytes) -> bytes:
        is_over = threading.Event()
        watching = threading.Thread(target=_watch, args=(process, self._seconds, is_over))
        watching.start()
        try:
            assert process.stdin is not None  # noqa: S101 - for the type checker
            assert process.stdout is not None  # noqa: S101
            # Its input stays open while it works: it ends when this process does.
            with suppress(BrokenPipeError):
                process.stdin.write(line)
            return process.stdout.read()
        finally:
            is_over.set()


def _watch(process: "subprocess.Popen[bytes]", seconds: float, is_over: threading.Event) -> None:
    """End a compiler that takes too long, or that somebody has stopped."""
    late = time.monotonic() + seconds
    unstopped = time.monotonic()
    while not is_over.wait(min(_LOOK, seconds)):
        now = time.monotonic()
        if not is_stopped(process.pid):
            unstopped = now
        if now > late or now - unstopped > _STOPPED:
            process.kill()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a process that waits for work or has done it; leave nothing of it behind."""
    process.kill()
    with process:
        pass


def _failure(status: int) -> Problem:
    how = f"signal {-status}" if status < 0 else f"exit code {status}"
    detail = f"the compiler did not get through ({how})"
    hint = (
        f"it may take {LIMITS.build_seconds} seconds and "
        f"{LIMITS.build_memory // 2**20:,} MiB, a container often less; standard error may say more"
    )
    return Problem(Location("", 0, 0), "E499", detail, hint)


def _as_line(job: Job) -> bytes:
    state = str(job.state) if job.state is not None else None
    line = json.dumps([str(job.folder), job.slot, job.known, state, job.from_state])
    return f"{line}\n".encode()


def _from_line(line: bytes) -> Job:
    folder, slot, known, state, from_state = json.loads(line)
    return Job(Path(folder), slot, known, Path(state) if state is not None else None, from_state)


def main() -> None:
    """Wait for a job on standard input, do it, and write its report to standard output."""
    _end_at_the_latest_with_parent()
    _be_the_first_to_go()
    _limit_memory()
    gc.disable()  # all that is made here is kept
    line = sys.stdin.buffer.readline()
    if not line:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    made: list[object] = []
    try:
        report = run(_from_line(line), made)
    except MemoryError:
        report = Report("failed", problems=(_failure(1),))
    sys.stdout.buffer.write(pickle.dumps(report))
    # Nobody need wait until all memory is given back, and the system takes it back
    # faster than Python would free it piece by piece.
    sys.stdout.close()
    os._exit(0)


def _be_the_first_to_go() -> None:
    """Have the kernel end this process, and no worker, where memory runs out."""
    with suppress(OSError):  # not every system has it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def _end_at_the_latest_with_parent() -> None:
    """Have the kernel end this process: stopped, it could not see that nobody reads any more."""
    with suppress(AttributeError):  # not every system has it
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _limit_memory() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = LIMITS.build_memory if hard == resource.RLIM_INFINITY else min(hard, LIMITS.build_memory)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _end_with_parent() -> None:
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)
