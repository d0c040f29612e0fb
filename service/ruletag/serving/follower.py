"""Keep one worker's store in step with what the workers share.

New rules are loaded beside the requests, and put in force at the moment that
was set for all workers. A worker that has not loaded them by then, since it was
stopped or slow, answers nothing until it has: no answer is by rules that are no
longer in force elsewhere.
"""

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

from ruletag.matching.compiler import CompiledRules
from ruletag.serving.artefact import load
from ruletag.serving.shared import Published, Refused, Shared, State
from ruletag.serving.store import Active, Store

_LOG: Final = logging.getLogger("ruletag.reload")
_TICK: Final = 0.01  # seconds
_LONGEST: Final = 10.0  # seconds that a request waits for rules that are in force elsewhere


class Follower:
    """Loads what is published, unless it is ``ready`` already, and tells when it has."""

    def __init__(
        self, shared: Shared, store: Store, ready: tuple[str, CompiledRules] | None = None
    ) -> None:
        self._shared = shared
        self._store = store
        self._row = shared.take_row()
        self._changes = 0
        self._ready = ready  # what is loaded and not yet in force, by its SHA-256
        self._active: Active | None = None
        self._generation = 0
        self._turn = threading.Condition()
        self._is_in_vain = False  # to wait for what is in force elsewhere
        # At the start all begin together: who asks one whether it is ready may be
        # answered by another next.
        store.is_everywhere = shared.read().active is not None
        store.keeps_up = self._keeps_up

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop. Never raises."""
        while not stop.wait(_TICK):
            try:
                self.step()
            except Exception:  # noqa: BLE001 - whatever it is, the process goes on
                _LOG.exception("rules could not be loaded")
                self._let_go()
                stop.wait(1)
        self._shared.leave(self._row)

    # --------------------------------------------------------- asked by every request

    def _keeps_up(self) -> bool:
        """Whether this process has the rules in force; waits for them if it has not."""
        return not self._shared.is_behind(self._generation) or self._catches_up()

    def _catches_up(self) -> bool:
        """Wait until the rules in force are loaded; not again where that was in vain."""
        with self._turn:
            self._turn.wait_for(
                lambda: self._is_in_vain or not self._shared.is_behind(self._generation), _LONGEST
            )
            self._is_in_vain = self._shared.is_behind(self._generation)
            return not self._is_in_vain

    def _let_go(self) -> None:
        """Have no request wait for rules that could not be loaded."""
        with self._turn:
            self._is_in_vain = True
            self._turn.notify_all()

    # ------------------------------------------------------------------- one thread's

    def step(self) -> None:
        """Do what is to be done now."""
        self._store.is_draining = self._shared.is_draining
        if self._shared.changes != self._changes:
            self._follow()
        self._ask_the_others()

    def _ask_the_others(self) -> None:
        """Find out whether all have rules; once they had, they have."""
        if not self._store.is_everywhere:
            self._store.is_everywhere = self._shared.all_have_rules

    def _follow(self) -> None:
        """Take what was published; first what requests may be waiting for."""
        changes = self._shared.changes
        state = self._shared.read()
        if state.active is not None and self._generation != state.active.generation:
            self._activate(state.active)
        if state.next is not None:
            self._prepare(state.next)
        self._take_refusal(state)
        self._changes = changes

    @property
    def is_up_to_date(self) -> bool:
        """Whether this process has taken all that was published."""
        return self._changes == self._shared.changes

    def _prepare(self, published: Published) -> CompiledRules | None:
        """Load what was published; None if it has been written over, and more is to come."""
        if self._ready is None or self._ready[0] != published.sha256:
            content = self._shared.slots[published.slot].read(published)
            if content is None:
                return None
            self._ready = published.sha256, load(content)
        self._is_in_vain = False
        self._shared.sign(self._row, published.mark, in_force=self._active is not None)
        return self._ready[1]

    def _activate(self, published: Published) -> None:
        rules = self._prepare(published)
        if rules is None:
            return
        time.sleep(max(0.0, published.active_from - time.monotonic()))
        loaded_at = datetime.fromtimestamp(published.loaded_at, UTC)
        before = self._active
        self._active = self._store.activate(rules, published.generation, loaded_at)
        with self._turn:
            self._generation = published.generation
            self._turn.notify_all()
        self._shared.sign(self._row, published.mark, in_force=True)
        self._ask_the_others()
        self._ready = None
        del before  # freed here, in no request

    def _take_refusal(self, state: State) -> None:
        refused: Refused | None = state.refused
        self._store.refusals = state.refusals
        if refused is None:
            self._store.settle()
        else:
            refused_at = datetime.fromtimestamp(refused.refused_at, UTC)
            self._store.refuse(refused.problems, refused_at)
