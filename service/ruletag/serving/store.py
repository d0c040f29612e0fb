"""The rules in force in one process: one reference, swapped whole; and the last refused edit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ruletag.matching.compiler import CompiledRules
from ruletag.problems import Problem


@dataclass(frozen=True, slots=True)
class Active:
    """A rule set in force since ``loaded_at``; ``generation`` counts activations from 1."""

    rules: CompiledRules
    generation: int
    loaded_at: datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """An edit that was not activated, and what was wrong with it."""

    refused_at: datetime
    problems: tuple[Problem, ...]


class Store:
    """Holds the rules in force.

    One thread changes it; any number read it. A request reads ``current`` once
    and works with what it got: each is immutable. ``keeps_up`` is asked each time
    whether this process may still answer by what it has: where another has newer
    rules in force, it may not, and has nothing until it has them too.
    ``refusals`` counts refused edits.
    With ``needs_good_rules`` a refused edit makes the service unready. While some
    process of the service has no rules yet, nothing ``is_everywhere``, and none is ready.
    """

    def __init__(self, *, needs_good_rules: bool = False) -> None:
        self.keeps_up: Callable[[], bool] = _always
        self._current: Active | None = None
        self.refusal: Refusal | None = None
        self.refusals = 0
        self.is_draining = False
        self.is_everywhere = True
        self._needs_good_rules = needs_good_rules

    @property
    def current(self) -> Active | None:
        """The rules in force, or None; may wait a moment for those that have just become so."""
        return self._current if self.keeps_up() else None

    @property
    def is_ready(self) -> bool:
        """Whether requests should be sent here."""
        if self.current is None or self.is_draining or not self.is_everywhere:
            return False
        return self.refusal is None or not self._needs_good_rules

    def activate(
        self, rules: CompiledRules, generation: int = 0, loaded_at: datetime | None = None
    ) -> Active:
        """Put a rule set in force, as the next generation or as the one given."""
        following = self._current.generation + 1 if self._current else 1
        active = Active(rules, generation or following, loaded_at or datetime.now(UTC))
        self._current = active
        self.refusal = None
        return active

    def refuse(self, problems: tuple[Problem, ...], refused_at: datetime | None = None) -> Refusal:
        """Keep the rules in force and remember why the edit was refused."""
        self.refusal = Refusal(refused_at or datetime.now(UTC), problems)
        return self.refusal

    def settle(self) -> None:
        """Forget the refusal: the folder holds again what is in force."""
        self.refusal = None


def _always() -> bool:
    return True
