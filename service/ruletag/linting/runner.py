"""Find what is allowed in rules and yet doubtful."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import chain
from typing import Final, TypeVar

from ruletag.deadline import NEVER, Deadline
from ruletag.linting.comments import Allows, Comment, allows, comments, cut_off
from ruletag.linting.duplicates import ListedWords, needless, repeated
from ruletag.linting.exceptions import Exceptions
from ruletag.linting.found import found_by
from ruletag.linting.operators import operators
from ruletag.linting.rules import doubtful_category, idle_keys, references, unreachable
from ruletag.linting.scopes import Lists, is_plain, scopes_of_category, scopes_of_list, weight_of
from ruletag.linting.trees import Trees
from ruletag.linting.words import (
    changed_by_yaml,
    comma_inside,
    doubtful,
    doubtful_alone,
    korean_beginning,
    may_be_doubtful_alone,
    plural_only,
)
from ruletag.matching.compiler import CompiledRules
from ruletag.problems import Location, Problem, ProblemLog
from ruletag.rules.model import Category, Keyword, Line, LineTable, RuleSet, lines_of
from ruletag.rules.patches import Source

_Looked = TypeVar("_Looked")

_STEPS: Final = 20  # what it takes to look at a keyword, as a `Deadline` counts
_MOST_OF_A_KIND: Final = 100  # warnings with one code in one rule file
# One problem for one mistake: of a keyword that is needless nothing else is said.
_FINAL: Final = frozenset({"W501", "W502", "W503", "W526"})
_SETTLED: Final = frozenset({"W502", "W505", "W506", "W507", "W512", "W522"})


def lint(
    rules: CompiledRules,
    sources: Mapping[str, bytes],
    today: date,
    deadline: Deadline = NEVER,
) -> tuple[Problem, ...]:
    """Give the warnings about rules, in file order.

    ``sources`` are the bytes of the rule files, and of list files if their
    comments are to be heard and their lines shown. ``today`` decides whether a
    day of review is past. Raises `DeadlineError`.
    """
    try:
        return _Run(rules, sources, today, deadline).warnings()
    finally:
        found_by.cache_clear()


class _Run:
    """Looks at one rule set."""

    def __init__(
        self,
        rules: CompiledRules,
        sources: Mapping[str, bytes],
        today: date,
        deadline: Deadline,
    ) -> None:
        self._deadline = deadline
        self._rules = rules
        self._rule_set = rules.rule_set
        self._today = today
        self._trees = Trees(sources)
        self._lists = Lists(rules.rule_set)
        self._sources = sources
        self._list_files = {found.file for found in rules.rule_set.lists if found.file}

    def warnings(self) -> tuple[Problem, ...]:
        """Look for everything."""
        found = [*dict.fromkeys(self._in_time(self._all()))]
        by_file: dict[str, list[Problem]] = defaultdict(list)
        for problem in found:
            by_file[problem.location.file].append(problem)
        return tuple(
            problem
            for file in sorted({*by_file, *self._sources})
            for problem in self._of_file(file, by_file.get(file, []))
        )

    def _in_time(self, looked_at: Iterable[_Looked]) -> Iterator[_Looked]:
        for one in looked_at:
            self._deadline.spend(_STEPS)
            yield one

    def _all(self) -> Iterator[Problem]:
        rule_set = self._rule_set
        exceptions = Exceptions(self._lists)
        listed = ListedWords(rule_set, self._lists)
        for category in self._in_time(rule_set.categories):
            yield from chain.from_iterable(map(needless, scopes_of_category(category)))
            yield from exceptions.dead(category)
            yield from exceptions.idle(category)
            yield from listed.needless(category)
            yield from doubtful_category(category, self._trees, self._today)
        for word_list in self._in_time(rule_set.lists):
            yield from chain.from_iterable(map(needless, scopes_of_list(word_list)))
            yield from repeated(word_list) if word_list.file else ()
        yield from unreachable(self._rules, self._trees)
        yield from references(rule_set)
        yield from self._words()

    # ------------------------------------------------------------------------ words

    def _words(self) -> Iterator[Problem]:
        for keyword in self._in_time(_keywords(self._rule_set)):
            yield from doubtful(keyword)
            yield from operators(keyword)
            if keyword.location.file not in self._list_files:
                yield from filter(None, (changed_by_yaml(keyword), comma_inside(keyword)))
        alone: set[Location] = set()
        for line, exceptions in self._in_time(self._alone()):
            alone.add(line.keyword.location)
            yield from doubtful_alone(line)
            korean = korean_beginning(line.keyword, exceptions)
            yield from (korean,) if korean is not None else ()
        for line in self._in_time(self._beside_others()):
            if line.keyword.location not in alone:
                yield from plural_only(line)

    def _beside_others(self) -> Iterator[Line]:
        """Give the lines of which one will do, wherever in a rule file they stand."""
        for category in self._rule_set.categories:
            for entry in (*category.entries, *category.unless):
                condition = entry.condition
                for group in (*entry.groups, condition.company, condition.none):
                    yield from group
        for word_list in self._rule_set.lists:
            if not word_list.file:
                yield from word_list.lines

    def _alone(self) -> Iterator[tuple[Line, frozenset[str]]]:
        """Give each line that alone is enough for a category, with what that excepts."""
        seen: set[str] = set()
        for category in self._rule_set.categories:
            excepted = frozenset(line.keyword.written for line in category.excepts)
            for line, weight in _plain_lines(category):
                name = self._lists.name(line)
                if weight < category.threshold:
                    continue
                if not name:
                    yield line, excepted
                    continue
                for inner in self._lists.closure([name]):
                    if inner not in seen:
                        seen.add(inner)
                        lines = self._lists.by_name[inner].lines
                        yield from ((listed, excepted) for listed in _worth_a_look(lines))

    # ----------------------------------------------------------------------- one file

    def _of_file(self, file: str, found: list[Problem]) -> Iterator[Problem]:
        """Give the warnings in one file: those not silenced, each with its source line."""
        content = self._sources.get(file)
        if content is None:
            yield from _few(sorted(found), 1)
            return
        source = Source(file, content)
        remarks = list(comments(source))
        found += cut_off(remarks)
        if file not in self._list_files:
            found += idle_keys(file, content, self._trees)
        if not found and not remarks:
            return
        silent = self._allows(source, remarks)
        loud = [problem for problem in found if not silent.silences(problem)]
        loud += silent.problems()
        most = 1 if file in self._list_files else _MOST_OF_A_KIND
        yield from self._shown(_few(sorted(_settled(loud)), most))

    def _allows(self, source: Source, remarks: Iterable[Comment]) -> Allows:
        rule_set = self._rule_set
        places = [category.location for category in rule_set.categories]
        places += (word_list.location for word_list in rule_set.lists)
        keys = {place.line for place in places if place.file == source.file}
        return allows(source, remarks, keys)

    def _shown(self, found: Iterable[Problem]) -> Iterator[Problem]:
        """Give each problem with the source lines of its places."""
        log = ProblemLog()
        known: set[str] = set()
        for problem in found:
            for place in (problem.location, *(second.location for second in problem.related)):
                if place.file in self._sources and place.file not in known:
                    known.add(place.file)
                    log.add_source(place.file, Source(place.file, self._sources[place.file]).text)
            related = tuple(r._replace(line=log.line(r.location)) for r in problem.related)
            yield replace(problem, line=log.line(problem.location), related=related)


def _settled(found: list[Problem]) -> Iterator[Problem]:
    """Leave out what only follows from a worse thing said of the same keyword."""
    final = {problem.location for problem in found if problem.code in _FINAL}
    final |= {second.location for p in found if p.code == "W505" for second in p.related}
    twice = {problem.location for problem in found if problem.code in _FINAL - {"W502"}}
    for problem in found:
        where = twice if problem.code == "W502" else final
        if problem.code not in _SETTLED or problem.location not in where:
            yield problem


def _few(found: list[Problem], most: int) -> Iterator[Problem]:
    """Give the first of each code; the last of those says how many more there are."""
    by_code: dict[str, list[Problem]] = defaultdict(list)
    for problem in found:
        by_code[problem.code].append(problem)
    kept: list[Problem] = []
    for problems in by_code.values():
        *first, last = problems[:most]
        more = len(problems) - most
        detail = f"{last.detail}; and {more:,} more of the kind in this file"
        kept += [*first, replace(last, detail=detail) if more > 0 else last]
    return iter(sorted(kept))


def _keywords(rule_set: RuleSet) -> Iterator[Keyword]:
    """Give every keyword of rules that may be doubtful wherever it stands, each once."""
    seen: set[Location] = set()
    of_categories = chain.from_iterable(map(lines_of, rule_set.categories))
    for line in chain(of_categories, *(found.marked for found in rule_set.lists)):
        yield line.keyword
        for exception in line.excepts:
            if exception.keyword.location not in seen:
                seen.add(exception.keyword.location)
                yield exception.keyword


def _worth_a_look(lines: Sequence[Line]) -> Iterator[Line]:
    """Give those lines of a list that may be doubtful where they decide alone."""
    if not isinstance(lines, LineTable):
        yield from lines
        return
    yield from lines.others.values()
    for number, word in enumerate(lines.words):
        if word and may_be_doubtful_alone(word):
            yield lines[number]


def _plain_lines(category: Category) -> Iterator[tuple[Line, Fraction]]:
    for entry in category.entries:
        if is_plain(entry):
            line = entry.groups[0][0]
            yield line, weight_of(line, entry)
