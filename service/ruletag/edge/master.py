"""gunicorn's master, as ruletag needs it; `ruletag serve` runs ``python -m ruletag.edge.master``.

- ``SIGHUP`` means to look at the rule folder now. Workers stay: no connection is lost.
- ``SIGTERM`` first says not ready for ``RULETAG_DRAIN`` seconds, then ends as gunicorn does.
- A worker that is to compile an edit, and is stopped (``SIGSTOP``), is replaced.
- A refused edit ends the service where ``RULETAG_ON_BAD_RULES`` is ``exit``.
- Where rules are large and there are several workers, these are replaced one by one
  after an edit, so that they hold the rules in common.
"""

import ctypes
import os
import signal
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import Final

from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from ruletag.serving.runtime import load_for_children, shared
from ruletag.serving.shared import Published, is_stopped
from ruletag.settings import read_settings

_BAD_RULES: Final = 78  # the exit code for what is wrong with the configuration
_ARGUMENTS: Final = ["--config", "python:ruletag.edge.gunicorn_config", "ruletag.asgi:app"]
_LARGE: Final = 8 * 1024 * 1024  # bytes of compiled rules; each worker has five times that
_SETTLED: Final = 3.0  # seconds without a further edit before workers are replaced
_PAUSE: Final = 1.0  # seconds between two workers
_ATTACH_FILTER: Final = 26  # SO_ATTACH_FILTER of Linux, which Python does not name
_STEP: Final = struct.Struct("=HBBI")
# A filter of TCP segments (BPF): those that begin a connection are dropped.
_NO_BEGINNINGS: Final = b"".join(
    (
        _STEP.pack(0x30, 0, 0, 13),  # load the byte of the flags
        _STEP.pack(0x54, 0, 0, 0x02),  # keep SYN of them
        _STEP.pack(0x15, 0, 1, 0),  # go on if it is not set, pass over the next step if it is
        _STEP.pack(0x06, 0, 0, 0xFFFF),  # take the segment
        _STEP.pack(0x06, 0, 0, 0),  # drop it
    )
)


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Starts and ends workers; reads no rule file, so that none can end it."""

    def __init__(self, app: WSGIApplication) -> None:
        self._drain = read_settings(os.environ).drain
        self._shared = shared()
        self._leaves_at = float("inf")
        self._generation = 0  # of the rules that workers get from here
        self._old_workers: set[int] = set()
        self._next_at = 0.0
        super().__init__(app)

    def handle_hup(self) -> None:
        """Have the rule folder looked at."""
        self._shared.ask_for_look()

    def handle_term(self) -> None:
        """Stop: at once, or after it was said long enough that the service is about to."""
        if self._drain <= 0 or self._shared.is_draining:
            raise StopIteration
        self.log.info("Not ready from now on; stopping in %g seconds", self._drain)
        self._shared.drain()
        self._leaves_at = time.monotonic() + self._drain

    def stop(self, graceful: bool = True) -> None:  # noqa: FBT001, FBT002 - as gunicorn has it
        """End the workers; nobody is let in from now on, so that who was let in is answered."""
        shares_port = self.systemd or self.reexec_pid or self.master_pid
        for listener in () if shares_port else self.LISTENERS:
            _let_nobody_in(listener.sock)
        super().stop(graceful)

    def manage_workers(self) -> None:
        """Keep up the number of workers; called at least once a second."""
        if self._shared.is_to_stop:
            raise HaltServer("an edit of the rules was refused", _BAD_RULES)
        if time.monotonic() >= self._leaves_at:
            raise StopIteration
        self._end_stopped_leader()
        self._share_rules()
        super().manage_workers()

    def _end_stopped_leader(self) -> None:
        """End the worker that keeps another from compiling an edit, if it still does."""
        process = self._shared.in_the_way
        if process in self.WORKERS and is_stopped(process):
            self.log.error("Worker (pid:%s) is stopped while an edit waits for it", process)
            self.kill_worker(process, signal.SIGKILL)

    def reap_workers(self) -> None:
        """Take note of workers that ended; one that cannot begin ends nothing but itself.

        gunicorn gives up then, which is right at the first start only: later it is
        a moment without memory, or a file that is out of reach for a while.
        """
        try:
            super().reap_workers()
        except HaltServer as halt:
            if self._shared.read().active is None:
                raise
            self.log.warning("%s Another is started", halt.reason)
            time.sleep(_PAUSE)

    def _share_rules(self) -> None:
        """Start a worker that has the rules from here, in place of one that has its own."""
        now = time.monotonic()
        # The worker that is told to leave may be the one that has an edit compiled.
        if now < self._next_at or self._shared.is_draining or self._shared.is_compiling:
            return
        self._next_at = now + _PAUSE
        active = self._shared.read().active
        if active is not None and active.generation != self._generation:
            self._old_workers.clear()
            if self._is_large(active) and active.active_from + _SETTLED < now:
                self._load_rules(active)
        self._old_workers &= self.WORKERS.keys()
        if self._old_workers:
            self._old_workers.remove(min(self._old_workers, key=lambda p: self.WORKERS[p].age))
            self.spawn_worker()  # the oldest is then one too many, and is told to leave

    def _is_large(self, active: Published) -> bool:
        return self.num_workers > 1 and active.size >= _LARGE

    def _load_rules(self, active: Published) -> None:
        self._generation = active.generation
        try:
            load_for_children()
        except Exception:  # the workers have the rules, only not in common
            self.log.exception("The rules could not be loaded for the workers to share")
        else:
            self._old_workers = set(self.WORKERS)


def _let_nobody_in(listener: socket.socket) -> None:
    """Pass over who knocks on a port, which stays open for those that are inside already.

    To close a port turns away, with a reset, who has connected and was not yet
    accepted; between a last look at the queue and the closing somebody always can.
    Who is passed over knocks again after a second, and is refused in due form, or let
    in by the next service on this port.
    """
    program = ctypes.create_string_buffer(_NO_BEGINNINGS)
    steps = len(_NO_BEGINNINGS) // _STEP.size
    with suppress(OSError):  # not on every system; few are turned away then
        listener.setsockopt(
            socket.SOL_SOCKET,
            _ATTACH_FILTER,
            struct.pack("@HP", steps, ctypes.addressof(program)),
        )


class _Program(WSGIApplication):  # type: ignore[misc]
    def run(self) -> None:
        Master(self).run()


def main() -> None:
    """Run the service until it is told to stop."""
    _fill_standard_files()
    sys.argv[1:] = _ARGUMENTS
    _Program("%(prog)s", prog="ruletag serve").run()


def _fill_standard_files() -> None:
    """Open what is closed of the standard files, before shared memory gets their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free


if __name__ == "__main__":
    main()
