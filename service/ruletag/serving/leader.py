"""Watch the rule folder; put each good edit in force in all workers, refuse each bad one.

One worker of a service does this, whichever takes the lock first; when it dies,
the kernel gives the lock to another. One that is stopped keeps it, so the others
have it ended if an edit waits for it. The folder is looked at again and again,
since notifications do not work on network file systems and stop after a mounted
ConfigMap is swapped.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ruletag.problems import Location, Problem
from ruletag.rules.loader import fingerprint
from ruletag.serving.builder import Builder, Job, Report
from ruletag.serving.shared import Published, Refused, Shared, State

_LOG: Final = logging.getLogger("ruletag.reload")
_TICK: Final = 0.05  # seconds; how soon a look that was asked for is taken
_STEADY: Final = 0.05  # seconds for which a folder must look the same before it is read
# Seconds in which some worker must have loaded new rules, and bytes of them for one more.
_PATIENCE: Final = 15.0
_SLOWEST: Final = 1024 * 1024
# What is then left to each of the others: so many seconds, or times what it took so far.
_GRACE: Final = 1.5
_TIMES: Final = 2.0
_STOPPED: Final = 2.0  # seconds after which a leader that is stopped is not waited for
_WATCH: Final = 0.5  # seconds between looks at the leader
_NOTICE: Final = 0.02  # seconds between word that rules are in force and the moment itself
_RETRY: Final = (5.0, 15.0, 60.0, 300.0)  # seconds until a compiler that failed is tried again
_NOT_LOADED: Final = Problem(
    Location("", 0, 0),
    "E499",
    "no worker has loaded the new rules",
    "the memory may be too small for them beside those in force; the log may say more",
)


@dataclass(frozen=True, slots=True)
class Watch:
    """What a leader is to do: how often to look, and what to do after a refused edit."""

    folder: Path
    interval: float = 0.25
    state: Path | None = None
    stops_on_refusal: bool = False


class Leader:
    """Keeps what the workers share in step with a folder."""

    def __init__(
        self, watch: Watch, shared: Shared, build: Callable[[Job], Report] | None = None
    ) -> None:
        self._watch = watch
        self._shared = shared
        self._builder = Builder([slot.handle for slot in shared.slots])
        self._build = build or self._builder.run
        self._leads = False
        self._settled = ""
        self._failures = 0
        self._retry_at = float("inf")
        self._looks = shared.looks
        self._stopped_since: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop. Never raises."""
        due = 0.0
        while not stop.wait(min(_TICK, self._watch.interval)):
            if time.monotonic() < due and self._shared.looks == self._looks:
                continue
            try:
                self.look()
                if self._leads:
                    self._builder.prepare()
            except Exception:  # noqa: BLE001 - whatever it is, the rules in force go on
                _LOG.exception("the rule folder could not be looked at")
            interval = self._watch.interval
            due = time.monotonic() + (interval if self._leads else min(interval, _WATCH))
        self._builder.stop()

    def look(self) -> None:
        """Look at the folder once, if nobody else does, and act on what changed."""
        self._looks = self._shared.looks
        if not self._leads and not self._take_the_lead():
            self._watch_the_leader()
            return
        now = self._seen()
        if now == self._settled and time.monotonic() < self._retry_at:
            return
        # An editor or a copy may be half way through.
        if self._shared.read().active is not None:
            time.sleep(_STEADY)
        if self._seen() == now and self._act(now):
            self._settled = now

    def _take_the_lead(self) -> bool:
        """Go on where the leader before this one was; say whether there is none now."""
        self._leads = self._shared.try_to_lead()
        if self._leads:
            self._shared.set_compiling(False)
            state = self._shared.read()
            self._shared.write(state)  # with what the leader before this one left out
            self._settled = state.settled
        return self._leads

    def _watch_the_leader(self) -> None:
        """Have a leader that is stopped replaced if an edit waits for it.

        One that is merely busy is left alone, however long that takes.
        """
        now = time.monotonic()
        if not self._shared.is_leader_stopped:
            self._stopped_since = None
        elif self._stopped_since is None:
            self._stopped_since = now
        elif now - self._stopped_since > _STOPPED and self._seen() != self._shared.read().settled:
            self._shared.ask_for_another_leader()

    def _seen(self) -> str:
        """Give a value that changes with the folder, and when a look was asked for."""
        return f"{self._looks} {fingerprint(self._watch.folder)}"

    def retry(self) -> None:
        """Have what failed tried again at the next look."""
        self._retry_at = 0.0

    def _act(self, seen: str) -> bool:
        """Compile what was seen; give False where it must be looked at again."""
        self._shared.set_compiling(True)
        try:
            return self._settle(seen)
        finally:
            self._shared.set_compiling(False)

    def _settle(self, seen: str) -> bool:
        if seen != self._settled:
            self._failures = 0
        self._retry_at = float("inf")
        state = replace(self._shared.read(), next=None)
        report = self._build(self._job(state))
        if report.outcome == "moving":
            return False
        if report.outcome == "built":
            report = self._activate(report, replace(state, refused=None, settled=seen))
        if report.outcome == "same":
            self._shared.write(replace(state, refused=None, settled=seen))
        elif report.outcome != "built":
            # Where the compiler failed, another leader is to try again.
            settled = seen if report.outcome == "refused" else ""
            self._refuse(report, replace(state, settled=settled))
        return True

    def _job(self, state: State, *, from_state: bool = False) -> Job:
        slot = 1 - state.active.slot if state.active is not None else 0
        known = state.active.digest if state.active is not None else ""
        handle = self._shared.slots[slot].handle
        return Job(self._watch.folder, handle, known, self._watch.state, from_state)

    # ------------------------------------------------------------------- a good edit

    def _activate(self, report: Report, state: State) -> Report:
        """Have all workers load the new rules, then use them from one moment on.

        ``state`` is to be on the board, with the new rules in it. Return the report,
        or another where no worker can load them: then all go on as before.
        """
        before = self._shared.read()
        slot = 1 - before.active.slot if before.active is not None else 0
        generation = before.active.generation + 1 if before.active is not None else 1
        following = Published(generation, slot, report.size, report.sha256, report.digest)
        self._shared.write(replace(before, next=following))
        if not self._wait_for_workers(following):
            return Report("failed", problems=(_NOT_LOADED,))
        following = replace(
            following, active_from=time.monotonic() + _NOTICE, loaded_at=time.time()
        )
        self._shared.write(replace(state, active=following))
        self._told(report, generation)
        time.sleep(2 * _NOTICE)
        if before.active is not None:
            self._shared.slots[before.active.slot].clear()
        return report

    def _wait_for_workers(self, following: Published) -> bool:
        """Wait until all workers have loaded new rules, but only so long for the last of them.

        Those will load them before they answer anything more. Return whether any has.
        """
        began = time.monotonic()
        late = began + _PATIENCE + following.size / _SLOWEST
        most = 0
        while True:
            ready, missing = self._shared.loaded(following.mark)
            now = time.monotonic()
            if ready > most:
                most, late = ready, now + max(_GRACE, _TIMES * (now - began))
            if ready and not missing:
                return True
            if now > late:
                _LOG.warning(
                    "%d of %d workers take long to load the new rules; "
                    "they answer nothing until they have",
                    missing,
                    ready + missing,
                )
                return ready > 0
            time.sleep(0.002)

    def _told(self, report: Report, generation: int) -> None:
        extra = {
            "generation": generation,
            "rules_digest": report.digest,
            "folder": str(self._watch.folder.absolute()),
            "files": report.files,
            "categories": report.categories,
            "bytes": report.size,
            "seconds": round(report.seconds, 3),
        }
        _LOG.info("rules activated", extra=extra)
        if report.note:
            _LOG.warning(report.note)

    # -------------------------------------------------------------------- a bad edit

    def _refuse(self, report: Report, state: State) -> None:
        """Keep the rules in force, and say why the edit was refused."""
        if report.outcome == "failed":
            self._retry_at = time.monotonic() + _RETRY[min(self._failures, len(_RETRY) - 1)]
            self._failures += 1
        problems = tuple(map(self._placed, report.problems))
        refused = Refused(time.time(), problems, len(problems))
        state = replace(state, refused=refused, refusals=state.refusals + 1)
        self._shared.write(state)
        for problem in problems:
            _LOG.error("rules refused: %s", problem, extra={"code": problem.code})
        if self._watch.stops_on_refusal:
            self._shared.ask_to_stop()
        elif state.active is None and self._watch.state is not None:
            self._fall_back(state)

    def _placed(self, problem: Problem) -> Problem:
        """Name the folder where a problem names no file."""
        if problem.location.file:
            return problem
        return replace(problem, location=problem.location._replace(file=str(self._watch.folder)))

    def _fall_back(self, state: State) -> None:
        """Start with the last good rules of an earlier start."""
        report = self._build(self._job(state, from_state=True))
        if report.outcome == "built":
            _LOG.warning("the rules kept in %s are put in force instead", self._watch.state)
            self._activate(report, state)
