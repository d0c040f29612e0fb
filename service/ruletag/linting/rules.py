"""Categories, entries and lists that say less than they seem to, or nothing."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from ruletag.linting.scopes import is_plain
from ruletag.linting.trees import Trees, nodes_in
from ruletag.matching.compiler import CompiledCategory, CompiledRules
from ruletag.problems import Location, Problem, Related, quoted
from ruletag.rules.model import (
    About,
    Category,
    Keyword,
    Line,
    Phrase,
    Reference,
    RuleSet,
    lines_of,
)
from ruletag.rules.yamltree import Mapping as MappingNode
from ruletag.rules.yamltree import Scalar, Sequence

_MANY: Final = 20  # entries: a longer list of bare words deserves a test
_COUNTS: Final = ("times", "at_least")
_MAY_COUNT_ONE: Final = re.compile(rb"(?:times|at_least)['\"]?\s*:\s*['\"]?0*1\b")
_MAY_BE_ALL: Final = re.compile(rb"\ball['\"]?\s*:")


# ------------------------------------------------------------------ a category as a whole


def doubtful_category(category: Category, trees: Trees, today: date) -> Iterator[Problem]:
    """Report what a category says of itself and is doubtful."""
    if not category.examples and _deserves_a_test(category):
        detail = f"{quoted(category.id)} has no tests"
        hint = "write sentences that it must tag and must not: `tests: {tag: […], skip: […]}`"
        yield Problem(category.location, "W510", detail, hint)
    review_by = category.about.review_by
    if review_by is not None and review_by < today:
        place = trees.below(category.location, "review_by")
        detail = f"{quoted(category.id)} was to be reviewed by {review_by}"
        yield Problem(place, "W511", detail, "look through it, then set a new day")
    yield from _idle_ignore(category, trees)
    yield from _zero_weights(category)


def _deserves_a_test(category: Category) -> bool:
    """Say whether a category is more than a few words."""
    does_more = bool(category.excepts or category.unless or category.ignore)
    return (
        does_more
        or category.status != "on"
        or category.threshold != 1
        or category.about != About()
        or len(category.entries) > _MANY
        or not all(map(is_plain, category.entries))
    )


def _idle_ignore(category: Category, trees: Trees) -> Iterator[Problem]:
    place = category.location
    if "capitals" in category.ignore and not _refers(category):
        lines = [line for entry in category.entries for group in entry.groups for line in group]
        if not any(map(_is_exact, lines)):
            place = trees.below(place, "ignore")
            detail = "`ignore: [capitals]` concerns words of exact case, and there are none here"
            yield Problem(place, "W523", detail, "delete `capitals`, or write words as `=WPK`")


def _refers(category: Category) -> bool:
    """Say whether words of lists or categories stand in a category."""
    return any(
        isinstance(part, Reference)
        for entry in category.entries
        for group in entry.groups
        for line in group
        for part in line.keyword.parts
    )


def _is_exact(line: Line) -> bool:
    return any(isinstance(part, Phrase) and part.exact for part in line.keyword.parts)


def _zero_weights(category: Category) -> Iterator[Problem]:
    for entry in category.entries:
        line = entry.groups[0][0]
        weight = line.weight if is_plain(entry) and line.weight is not None else entry.weight
        if weight == 0:
            yield _zero_weight(line.keyword if not entry.is_block else None, entry.location)


def _zero_weight(keyword: Keyword | None, place: Location) -> Problem:
    what = quoted(keyword.written) if keyword is not None else "this entry"
    detail = f"{what} is reported, but with `weight: 0` adds nothing to the score"
    hint = "give it a weight, or delete it"
    return Problem(keyword.location if keyword is not None else place, "W517", detail, hint)


def unreachable(rules: CompiledRules, trees: Trees) -> Iterator[Problem]:
    """Report categories whose score cannot reach their threshold."""
    by_id = {category.id: category for category in rules.rule_set.categories}
    for compiled in rules.categories:
        most = _most(compiled)
        if most is None:
            continue
        category = by_id[compiled.id]
        place = trees.below(category.location, "threshold")
        if most <= 0:
            detail = f"no entry of {quoted(category.id)} adds to its score: it is never tagged"
            hint = "give one of them a positive weight"
        else:
            score, threshold = _shown(most), _shown(compiled.threshold)
            detail = f"all entries of {quoted(category.id)} together score {score}, not {threshold}"
            hint = f"lower `threshold` to {score} or less, or raise weights"
        yield Problem(place, "W518", detail, hint)


def _most(category: CompiledCategory) -> int | None:
    """Give the highest score there can be, in thousandths; None where it is high enough."""
    most = 0
    for entry in category.entries:
        most += max(0, entry.weight) if not entry.path.startswith("unless") else 0
        if most >= category.threshold:
            return None
    return most


def _shown(thousandths: int) -> str:
    return f"{float(Fraction(thousandths, 1000)):g}"


# --------------------------------------------------------------------------- references


def references(rule_set: RuleSet) -> Iterator[Problem]:
    """Report references to what is off or going away, and lists that nothing refers to.

    And keywords that are the name of a list or category, for which a `$` was forgotten.
    """
    statuses = _statuses(rule_set)
    without_sign = list(_without_sign(rule_set, statuses))
    used = {keyword.written for keyword in without_sign}
    for keyword in without_sign:
        yield _forgotten_sign(keyword, "category" if keyword.written in statuses else "list")
    for category in rule_set.categories:
        for keyword, name in _references(lines_of(category)):
            used.add(name)
            if category.status != "off":
                yield from _doubtful_reference(keyword, name, category.status, statuses)
    for word_list in rule_set.lists:
        for keyword, name in _references(word_list.marked):
            used |= {name} - {word_list.name}
            yield from _doubtful_reference(keyword, name, "draft", statuses)
    yield from _unused_lists(rule_set, used)


def _unused_lists(rule_set: RuleSet, used: Collection[str]) -> Iterator[Problem]:
    for word_list in rule_set.lists:
        if word_list.name not in used:
            detail = f"nothing uses the list `{word_list.name}`"
            hint = f"write `${word_list.name}` where its words are meant, or delete it"
            yield Problem(word_list.location, "W514", detail, hint)


def _without_sign(rule_set: RuleSet, categories: Iterable[str]) -> Iterator[Keyword]:
    """Give the keywords that are a name which is hardly a word: `ruling_parties`."""
    names = {*(word_list.name for word_list in rule_set.lists), *categories}
    names = {name for name in names if "_" in name or "." in name}
    owners = (
        *((category.id, lines_of(category)) for category in rule_set.categories),
        *((word_list.name, word_list.marked) for word_list in rule_set.lists),
    )
    for owner, lines in owners if names else ():
        for keyword in _keywords(lines):
            if keyword.written in names and keyword.written != owner and _is_plain(keyword):
                yield keyword


def _forgotten_sign(keyword: Keyword, kind: str) -> Problem:
    place = keyword.location.piece(keyword.written, 0, len(keyword.written))
    detail = f"{quoted(keyword.written)} is the name of a {kind}, and is sought as it stands"
    hint = f"write {quoted(f'${keyword.written}')} for what the {kind} finds"
    return Problem(place, "W530", detail, hint)


def _is_plain(keyword: Keyword) -> bool:
    """Say whether nothing tells how the words of a keyword are found."""
    return all(
        isinstance(part, Phrase) and not part.exact and part.forms == "default"
        for part in keyword.parts
    )


def _keywords(lines: Iterable[Line]) -> Iterator[Keyword]:
    for line in lines:
        yield line.keyword
        yield from (exception.keyword for exception in line.excepts)


def _references(lines: Iterable[Line]) -> Iterator[tuple[Keyword, str]]:
    for keyword in _keywords(lines):
        for part in keyword.parts:
            if isinstance(part, Reference):
                yield keyword, part.name


def _statuses(rule_set: RuleSet) -> Mapping[str, list[Category]]:
    """Give the categories that a name stands for: it and those below it."""
    named: dict[str, list[Category]] = {}
    for category in rule_set.categories:
        name = category.id
        while name:
            named.setdefault(name, []).append(category)
            name = name.rpartition(".")[0]
    return named


def _doubtful_reference(
    keyword: Keyword, name: str, status: str, named: Mapping[str, list[Category]]
) -> Iterator[Problem]:
    referred = named.get(name)
    if not referred:
        return
    statuses = {category.status for category in referred}
    start = keyword.written.find(f"${name}")
    place = keyword.location.piece(keyword.written, start, start + len(name) + 1)
    related = (Related(referred[0].location, f"it is {referred[0].status}"),)
    blind = {"off"} if status == "draft" else {"off", "draft"}
    if statuses <= blind:
        kind = "off" if statuses == {"off"} else "a draft"
        why = "" if kind == "off" else ", which only drafts see"
        detail = f"`${name}` finds nothing: the category is {kind}{why}"
        yield Problem(place, "W524", detail, "turn it on, or take it out here", related=related)
    elif statuses == {"deprecated"}:
        detail = f"`${name}` is a category that is going away"
        yield Problem(place, "W525", detail, "refer to what replaces it", related=related)


# -------------------------------------------------------------- keys that say nothing


def idle_keys(file: str, content: bytes, trees: Trees) -> Iterator[Problem]:
    """Report counts of one, and ``all`` with a single group, in one rule file."""
    if not (_MAY_COUNT_ONE.search(content) or _MAY_BE_ALL.search(content)):
        return
    for node in nodes_in(trees.tree(file)):
        if isinstance(node, MappingNode):
            yield from _idle_keys(node)


def _idle_keys(node: MappingNode) -> Iterator[Problem]:
    names = {key.value for key, _ in node.pairs}
    if not names & {"word", "any", "all"}:
        return
    for key, value in node.pairs:
        if key.value in _COUNTS and isinstance(value, Scalar) and value.value.lstrip("0") == "1":
            detail = f"`{key.value}: 1` says nothing: once is enough without it"
            yield Problem(key.location, "W515", detail, "delete it, or write a higher number")
        elif key.value == "all" and isinstance(value, Sequence) and len(value.items) == 1:
            detail = "`all` has one group: nothing has to stand together"
            hint = "write a second group, or `any:` if one of these words is enough"
            yield Problem(key.location, "W516", detail, hint)
