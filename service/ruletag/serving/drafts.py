"""Rules that come with a request, judged beside the lists in force: a look before an edit.

A draft is compiled when it is first seen and remembered, so that a caller may
send it with every text. What it may cost is bounded, and none waits for another: the
lock is held to look a draft up, never to compile it.
"""

from collections import OrderedDict
from threading import Lock
from typing import Final

from ruletag.deadline import NEVER, Deadline
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.rules.loader import parse_rules

NAME: Final = "draft.yaml"  # stands in the places of its problems and of its evidence
_MOST_KEPT: Final = 16


class Drafts:
    """Compiles drafts; the latest few stay compiled."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], CompiledRules] = OrderedDict()
        self._lock = Lock()

    def compiled(
        self, draft: str, in_force: CompiledRules, deadline: Deadline = NEVER
    ) -> CompiledRules:
        """Return the draft's categories, compiled with the lists and cues in force.

        Raises `RuleSetError` and `DeadlineError`. The tests in the draft are not run.
        """
        key = (draft, in_force.digest)
        with self._lock:
            rules = self._kept.pop(key, None)
        if rules is None:
            rule_set = parse_rules({NAME: draft.encode()}, _no_files, in_force.rule_set)
            rules = compile_rules(rule_set, LIMITS.draft_forms, deadline)
        with self._lock:
            self._kept[key] = rules
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return rules


def _no_files(name: str) -> bytes:
    raise OSError(None, "a draft has no files beside it", name)
