"""Watch the rule folder; put each good edit in force, refuse each bad one.

The folder is looked at again and again, since notifications do not work on
network file systems and stop after a mounted ConfigMap is swapped. What was
found is read, parsed, compiled and tested beside the requests; only then one
reference changes. Nothing that lies in the folder can stop the service.

Each process watches for itself. `build` is all that stands between bytes and
rules in force, and depends on nothing but the folder.
"""

import logging
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import check_examples
from ruletag.problems import Location, Problem, RuleSetError
from ruletag.rules.loader import fingerprint, read_rules
from ruletag.rules.model import RuleSet
from ruletag.serving.store import Store

_LOG: Final = logging.getLogger("ruletag.reload")


def build(rule_set: RuleSet) -> CompiledRules:
    """Compile a rule set and run its own tests. Raises `RuleSetError`."""
    rules = compile_rules(rule_set)
    check_examples(rules)
    return rules


class Reloader:
    """Keeps a store in step with a folder."""

    def __init__(self, folder: Path, store: Store, interval: float) -> None:
        self._folder = folder
        self._store = store
        self._interval = interval
        self._seen: object = None
        self._settled: object = None
        self._stop = threading.Event()

    def start(self) -> None:
        """Load the rules now, then go on watching in a thread of its own.

        Never raises for what is in the folder: without good rules the store
        stays empty until the folder is mended.
        """
        self.look(wait=False)
        self._watch()
        # A process that is forked off takes no threads along.
        os.register_at_fork(after_in_child=self._watch)

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def look(self, *, wait: bool = True) -> None:
        """Look at the folder once, and load it if it changed.

        With ``wait``, a change is acted upon only when the folder looks the same
        twice in a row: an editor or a copy may be half way through.
        """
        now = fingerprint(self._folder)
        is_steady = now == self._seen or not wait
        self._seen = now
        if is_steady and now != self._settled and self._load(now):
            self._settled = now

    def _watch(self) -> None:
        self._stop = threading.Event()
        threading.Thread(target=self._run, args=(self._stop,), name="reload", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(self._interval):
            self.look()

    def _load(self, seen: object) -> bool:
        """Load what was seen; give False where the folder changed under the reading."""
        try:
            rule_set = read_rules(self._folder)
            if fingerprint(self._folder) != seen:
                return False
            self._take(rule_set)
        except RuleSetError as error:
            self._refuse(error.problems)
        except Exception as error:  # noqa: BLE001 - whatever it is, the old rules must go on
            _LOG.exception("rules could not be compiled")
            where = Location(str(self._folder), 0, 0)
            detail = f"a fault in ruletag: {type(error).__name__}; the log has its traceback"
            self._refuse([Problem(where, "E499", detail)])
        return True

    def _take(self, rule_set: RuleSet) -> None:
        """Put a rule set in force, unless it is."""
        current = self._store.current
        if current is not None and current.rules.digest == rule_set.digest:
            self._store.settle()
            return
        active = self._store.activate(build(rule_set))
        extra = {
            "generation": active.generation,
            "rules_digest": active.rules.digest,
            "files": len(rule_set.files),
            "categories": len(rule_set.categories),
        }
        _LOG.info("rules activated", extra=extra)

    def _refuse(self, problems: Iterable[Problem]) -> None:
        refusal = self._store.refuse(tuple(problems))
        for problem in refusal.problems:
            _LOG.error("rules refused: %s", problem, extra={"code": problem.code})
