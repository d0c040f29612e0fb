"""The rules in force: one reference, swapped whole, and what became of the last edit."""

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
    """An edit that was not activated, and everything that was wrong with it."""

    refused_at: datetime
    problems: tuple[Problem, ...]


class Store:
    """Holds the rules in force.

    One thread changes it; any number read it. A request reads ``current`` once
    and works with what it got: each is immutable.
    """

    def __init__(self) -> None:
        self.current: Active | None = None
        self.refusal: Refusal | None = None

    def activate(self, rules: CompiledRules) -> Active:
        """Put a rule set in force."""
        generation = self.current.generation + 1 if self.current else 1
        self.current = Active(rules, generation, datetime.now(UTC))
        self.refusal = None
        return self.current

    def refuse(self, problems: tuple[Problem, ...]) -> Refusal:
        """Keep the rules in force and remember why the edit was refused."""
        self.refusal = Refusal(datetime.now(UTC), problems)
        return self.refusal

    def settle(self) -> None:
        """Forget the refusal: the folder holds again what is in force."""
        self.refusal = None
