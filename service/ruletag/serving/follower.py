"""Keep one worker's store in step with what the workers share.

New rules are loaded beside the requests, and put in force at the moment that
was set for all workers.
"""

import logging
import threading
import time
from datetime import UTC, datetime
from typing import Final

from ruletag.matching.compiler import CompiledRules
from ruletag.serving.artefact import load
from ruletag.serving.shared import Published, Refused, Shared, State
from ruletag.serving.store import Store

_LOG: Final = logging.getLogger("ruletag.reload")
_TICK: Final = 0.01  # seconds


class Follower:
    """Loads what is published, unless it is ``ready`` already, and tells when it has."""

    def __init__(
        self, shared: Shared, store: Store, ready: tuple[int, CompiledRules] | None = None
    ) -> None:
        self._shared = shared
        self._store = store
        self._row = shared.take_row()
        self._changes = 0
        self._ready = ready  # a generation that is loaded, and not yet in force
        # At the start all begin together: who asks one whether it is ready may be
        # answered by another next.
        store.is_everywhere = shared.read().active is not None

    def run(self, stop: threading.Event) -> None:
        """Go on until told to stop. Never raises."""
        while not stop.wait(_TICK):
            try:
                self.step()
            except Exception:  # noqa: BLE001 - whatever it is, the rules in force go on
                _LOG.exception("rules could not be loaded")
                stop.wait(1)
        self._shared.leave(self._row)

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
        """Take what was published."""
        changes = self._shared.changes
        state = self._shared.read()
        if state.next is not None:
            self._prepare(state.next)
        if state.active is not None and self._generation != state.active.generation:
            self._activate(state.active)
        self._take_refusal(state)
        self._changes = changes

    @property
    def is_up_to_date(self) -> bool:
        """Whether this process has taken all that was published."""
        return self._changes == self._shared.changes

    @property
    def _generation(self) -> int:
        return self._store.current.generation if self._store.current is not None else 0

    def _prepare(self, published: Published) -> None:
        content = self._shared.slots[published.slot].read(published)
        if content is not None:
            self._ready = published.generation, load(content)
            in_force = self._store.current is not None
            self._shared.sign(self._row, published.generation, in_force=in_force)

    def _activate(self, published: Published) -> None:
        if self._ready is None or self._ready[0] != published.generation:
            self._prepare(published)
        if self._ready is None or self._ready[0] != published.generation:
            return  # written over already; what follows it is being published
        time.sleep(max(0.0, published.active_from - time.monotonic()))
        loaded_at = datetime.fromtimestamp(published.loaded_at, UTC)
        before = self._store.current
        self._store.activate(self._ready[1], published.generation, loaded_at)
        self._shared.sign(self._row, published.generation, in_force=True)
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
