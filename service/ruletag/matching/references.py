"""What refers to what in a rule set, and so in which order its categories are judged."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ruletag.rules.model import Category, Line, Reference, RuleSet, WordList, lines_of


def parents(category: str) -> Iterator[str]:
    """Give the ids above this one: ``a.b`` and ``a`` for ``a.b.c``."""
    while "." in category:
        category = category.rpartition(".")[0]
        yield category


def evaluation_order(rule_set: RuleSet, referred: Mapping[str, frozenset[str]]) -> list[Category]:
    """Order the categories that are judged: what refers to another stands after it.

    Those that are off are left out; drafts come last, so that no other sees them.
    """
    by_id = {category.id: category for category in rule_set.categories}
    ordered: dict[str, None] = {}
    for is_draft in (False, True):
        for category in rule_set.categories:
            if category.status != "off" and (category.status == "draft") == is_draft:
                _visit(category.id, is_draft, by_id, referred, ordered)
    return [by_id[id_] for id_ in ordered]


def _visit(
    start: str,
    is_draft: bool,  # noqa: FBT001 - which half of the categories is ordered
    by_id: Mapping[str, Category],
    referred: Mapping[str, frozenset[str]],
    ordered: dict[str, None],
) -> None:
    """Append a category, those that it refers to first; on a stack of its own."""
    stack = [(start, iter(sorted(referred[start])))]
    entered = {start}
    while stack:
        id_, others = stack[-1]
        other = next(others, None)
        if other is None:
            ordered[id_] = None
            stack.pop()
        elif other not in ordered and other not in entered:
            status = by_id[other].status
            if status != "off" and (status == "draft") == is_draft:
                entered.add(other)
                stack.append((other, iter(sorted(referred[other]))))


def referred_categories(rule_set: RuleSet) -> dict[str, frozenset[str]]:
    """Give the categories that each category refers to, those below them included."""
    lists = {word_list.name: word_list for word_list in rule_set.lists}
    below: dict[str, set[str]] = defaultdict(set)
    for category in rule_set.categories:
        for id_ in (category.id, *parents(category.id)):
            below[id_].add(category.id)
    known: dict[str, frozenset[str]] = {}
    return {
        category.id: frozenset(
            id_ for name in _names(lines_of(category), lists, known) for id_ in below[name]
        )
        for category in rule_set.categories
    }


def _names(
    lines: Iterable[Line], lists: Mapping[str, WordList], known: dict[str, frozenset[str]]
) -> frozenset[str]:
    """Give the names of the categories that lines refer to, directly or through lists."""
    names: set[str] = set()
    for name in _references(lines):
        if name not in lists:
            names.add(name)
            continue
        if name not in known:
            known[name] = _names(lists[name].marked, lists, known)
        names |= known[name]
    return frozenset(names)


def _references(lines: Iterable[Line]) -> Iterator[str]:
    for keyword, excepts, *_ in lines:
        for part in keyword.parts:
            if isinstance(part, Reference):
                yield part.name
        if excepts:
            yield from _references(excepts)


def needed_for(
    referred: Mapping[str, frozenset[str]], ordered: Sequence[str]
) -> dict[str, frozenset[int]]:
    """Give the numbers of the categories that must be judged to know about each id.

    ``ordered`` are their ids in the order in which they are judged. What lies below
    a category may imply it; what it refers to decides about it.
    """
    numbers = {id_: number for number, id_ in enumerate(ordered)}
    needed: dict[str, frozenset[int]] = {}
    for number, id_ in enumerate(ordered):
        own = {number}
        for other in referred[id_] & numbers.keys():
            own |= needed.get(other, frozenset({numbers[other]}))
        needed[id_] = frozenset(own)
    with_parents = dict(needed)
    for id_ in ordered:
        for parent in parents(id_):
            with_parents[parent] = with_parents.get(parent, frozenset()) | needed[id_]
    return with_parents
