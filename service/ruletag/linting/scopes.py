"""The places in rules where several words stand and any of them will do.

Such a place is a *scope*: what makes one word of it needless is another of the
same scope, never one elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from ruletag.rules.model import (
    NO_CONDITION,
    Category,
    Entry,
    Line,
    Reference,
    RuleSet,
    WordList,
)


class Item(NamedTuple):
    """A line of a scope, and what it adds to the score; None where that is not its own."""

    line: Line
    weight: Fraction | None


class Scope(NamedTuple):
    """Lines any of which will do.

    Two lines of less weight than ``threshold`` may be meant to add up, even where
    one finds all that the other does.
    """

    items: tuple[Item, ...]
    threshold: Fraction = Fraction(0)

    def may_add_up(self, item: Item) -> bool:
        """Say whether a line is not enough by itself."""
        return self.threshold > (item.weight or 0)


def scopes_of_list(word_list: WordList) -> Iterator[Scope]:
    """Give the scopes of a list: its lines if they stand in the rules, and their exceptions."""
    if not word_list.file:
        yield _scope(word_list.lines)
    yield from _exceptions(word_list.marked)


def scopes_of_category(category: Category) -> Iterator[Scope]:
    """Give the scopes of a category."""
    yield Scope(tuple(_items(category.entries)), category.threshold)
    yield Scope(tuple(_items(category.unless)))
    yield _scope(category.excepts)
    for entry in (*category.entries, *category.unless):
        if not is_plain(entry):
            counts = Fraction(entry.condition.at_least > 1)
            yield from (_scope(group, counts) for group in entry.groups)
            yield from map(_scope, (entry.condition.company, entry.condition.none))
        yield from _exceptions(line for group in entry.groups for line in group)


def _items(entries: Iterable[Entry]) -> Iterator[Item]:
    for entry in entries:
        if is_plain(entry):
            line = entry.groups[0][0]
            yield Item(line, weight_of(line, entry))


def _scope(lines: Iterable[Line], threshold: Fraction = Fraction(0)) -> Scope:
    return Scope(tuple(Item(line, line.weight) for line in lines), threshold)


def _exceptions(lines: Iterable[Line]) -> Iterator[Scope]:
    """Give the exceptions of single lines; those of a block stand at each of its lines."""
    seen = set()
    for line in lines:
        if line.excepts and line.excepts[0].keyword.location not in seen:
            seen.add(line.excepts[0].keyword.location)
            yield _scope(line.excepts)


def is_plain(entry: Entry) -> bool:
    """Say whether an entry is a keyword without a condition."""
    return not entry.is_block and entry.condition == NO_CONDITION


def weight_of(line: Line, entry: Entry) -> Fraction:
    """Give what a line adds to the score where it stands in an entry."""
    given = line.weight if line.weight is not None else entry.weight
    return Fraction(1) if given is None else given


def list_name(line: Line, lists: Mapping[str, WordList]) -> str:
    """Give the name of the list that a line is; nothing if it is none."""
    part = line.keyword.parts[0]
    is_reference = len(line.keyword.parts) == 1 and isinstance(part, Reference)
    return part.name if is_reference and isinstance(part, Reference) and part.name in lists else ""


class Lists:
    """The lists of a rule set, and which of them stand in others."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.by_name = {word_list.name: word_list for word_list in rule_set.lists}
        self._inner = {
            name: tuple(filter(None, (list_name(line, self.by_name) for line in found.marked)))
            for name, found in self.by_name.items()
        }

    def name(self, line: Line) -> str:
        """Give the name of the list that a line is; nothing if it is none."""
        return list_name(line, self.by_name)

    def closure(self, names: Iterable[str]) -> dict[str, None]:
        """Give these lists and all that stand in them."""
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += self._inner[name]
        return found
