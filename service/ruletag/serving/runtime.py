"""What keeps the rules of one process up to date: a follower, and a leader where it is needed."""

import gc
import os
import threading
from typing import Final

from ruletag.matching.compiler import CompiledRules
from ruletag.serving.artefact import load
from ruletag.serving.follower import Follower
from ruletag.serving.leader import Leader, Watch
from ruletag.serving.shared import Shared
from ruletag.serving.store import Store

# What a process that is forked off gets from this one.
_memory: Final[list[Shared]] = []
_rules: Final[list[tuple[str, CompiledRules]]] = []  # by the SHA-256 of their bytes


def shared() -> Shared:
    """Give what the processes of this service share; made when first asked for.

    To be called before any process is forked off.
    """
    if not _memory:
        _memory.append(Shared())
    return _memory[0]


def load_for_children() -> None:
    """Load the rules in force here, so that processes forked off later hold them in common.

    What each loads by itself, each has in memory of its own.
    """
    active = shared().read().active
    content = shared().slots[active.slot].read(active) if active is not None else None
    if active is not None and content is not None:
        _rules.clear()
        _rules.append((active.sha256, load(content)))
        # A search for garbage writes to all that it looks at, and what one process
        # writes to, the others do not share any more.
        gc.freeze()


class Runtime:
    """Keeps a store in step with a rule folder, together with the other workers."""

    def __init__(self, watch: Watch, store: Store, shared: Shared) -> None:
        self._watch = watch
        self._store = store
        self._shared = shared
        self._stop = threading.Event()

    def start(self) -> None:
        """Take the rules in force, then follow and lead in threads of their own.

        Never raises for what is in the folder: without good rules the store stays
        empty until the folder is mended.
        """
        self._begin()
        # A process that is forked off takes no threads along.
        os.register_at_fork(after_in_child=self._begin)

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _begin(self) -> None:
        self._stop = threading.Event()
        follower = Follower(self._shared, self._store, _rules[0] if _rules else None)
        _rules.clear()
        follower.step()
        leader = Leader(self._watch, self._shared)
        for name, run in (("follow rules", follower.run), ("lead rules", leader.run)):
            threading.Thread(target=run, args=(self._stop,), name=name, daemon=True).start()
