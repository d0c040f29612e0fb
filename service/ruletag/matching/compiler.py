"""Turn a rule set into `CompiledRules`: one automaton, and what each of its hits means.

Everything that rules seek is a *source* with a number: a phrase, a gap, the
counted matches of a category. Sources stand in *sets*: the words of a list, of a
group, of a part of a gap, each compiled once however many rules use it. What
happens per text begins at the hits and moves only small integers and tuples, so
that rules without hits cost nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ruletag.deadline import NEVER, Deadline
from ruletag.language.cues import CUES, ContextName, Cue
from ruletag.limits import LIMITS
from ruletag.matching.entries import (
    CompiledEntry,
    Rows,
    TableEntries,
    block_entry,
    line_entry,
    thousandths,
)
from ruletag.matching.references import (
    evaluation_order,
    needed_for,
    parents,
    referred_categories,
)
from ruletag.matching.terms import Keys, Terms
from ruletag.problems import Location, Problem, ProblemLog, RuleSetError
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.model import (
    NO_CONDITION,
    About,
    Category,
    Condition,
    Entry,
    Keyword,
    Line,
    LineTable,
    Phrase,
    Reference,
    RuleSet,
    Status,
)
from ruletag.rules.sources import Source

_STEPS: Final = 20  # what it takes to compile an entry or a line, as a `Deadline` counts
GAP: Final = -1  # in the place of a category: a set is sought as part of a gap
COMPANY: Final = 8  # the slot of `with`; the groups are numbered from 0


@dataclass(frozen=True, slots=True)
class Block:
    """An entry that is more than one phrase: a gap, a condition, words of a category.

    ``groups``, ``company`` and ``none`` are numbers of sets. ``needs`` has a bit
    for each slot in which something must be found before it is worth a look.
    """

    entry: CompiledEntry
    groups: tuple[tuple[int, ...], ...]
    company: tuple[int, ...]
    none: tuple[int, ...]
    condition: Condition
    needs: int
    is_veto: bool


@dataclass(frozen=True, slots=True)
class CompiledCategory:
    """A category, ready to be evaluated. ``threshold`` is in thousandths.

    ``exceptions`` are sets by the number of the entry they concern, or None for
    all. ``source`` is what its counted matches are found by, ``sources`` those of
    it and of the categories above it that others refer to.
    """

    id: str
    about: About
    status: Status
    threshold: int
    ignore: frozenset[ContextName]
    entries: Sequence[CompiledEntry]
    blocks: Mapping[int, Block]
    exceptions: Mapping[int | None, tuple[int, ...]]
    sources: tuple[int, ...]


class Member(NamedTuple):
    """A source stands in a set, as line number ``line`` of all lines."""

    set: int
    line: int


class Use(NamedTuple):
    """A set fills a slot of a category's block, or a part of a gap (category `GAP`)."""

    category: int
    number: int
    bit: int


class Gap(NamedTuple):
    """Phrases in order with little between; each part is a number of sets."""

    source: int
    parts: tuple[tuple[int, ...], ...]
    across_clauses: bool


class TableUse(NamedTuple):
    """Sources ``first`` up to ``end`` are the words of a list file, in their order.

    They stand in ``sets`` as lines, and in ``words`` as entries of categories, each
    given with the number that the first of them has there.
    """

    first: int
    end: int
    sets: tuple[tuple[int, int], ...]
    words: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Rules in force: immutable, shared by all threads.

    Made by `compile_rules` only; `ruletag.matching.tagger.tag` reads it.
    ``categories`` stand in the order in which they are judged: what refers to
    another comes after it, drafts come last. ``words`` gives the category and the
    entry for the phrases that are whole entries; ``whole`` are the sources that are
    gaps or categories, whose matches may have parts. ``guards`` are the exceptions of
    single lines. ``ids`` are all categories that a text can be given, parents
    that nobody defined included.
    """

    source: Source
    categories: tuple[CompiledCategory, ...]
    keys: Keys
    words: Mapping[int, tuple[tuple[int, int], ...]]
    tables: tuple[TableUse, ...]
    members: Mapping[int, tuple[Member, ...]]
    uses: Mapping[int, tuple[Use, ...]]
    gaps: tuple[Gap, ...]
    gap_of: Mapping[int, int]
    whole: frozenset[int]
    lines: Sequence[Line]
    guards: Mapping[int, tuple[int, ...]]
    cues: Mapping[int, tuple[Cue, ...]]
    needed: Mapping[str, frozenset[int]]
    ids: frozenset[str]

    @property
    def digest(self) -> str:
        """The ``sha256:…`` of everything that can change an answer."""
        return self.source.digest

    @property
    def rule_set(self) -> RuleSet:
        """What was compiled; where it was in another process, the first to ask waits for it."""
        return self.source.rule_set


def compile_rules(
    rule_set: RuleSet, most_forms: int = LIMITS.keyword_forms, deadline: Deadline = NEVER
) -> CompiledRules:
    """Compile a rule set.

    Raises `RuleSetError` where keywords have more forms than may be sought, and
    `DeadlineError`.
    """
    return _Compiler(rule_set, most_forms, deadline).compile()


class _Table:
    """A list file that is being compiled: its sources, and where they stand so far."""

    def __init__(self, first: int, count: int) -> None:
        self._first = first
        self._count = count
        self.sets: list[tuple[int, int]] = []
        self.words: list[tuple[int, int]] = []

    @property
    def use(self) -> TableUse:
        end = self._first + self._count
        return TableUse(self._first, end, tuple(self.sets), tuple(self.words))


class _Compiler:
    """Compiles one rule set."""

    def __init__(self, rule_set: RuleSet, most_forms: int, deadline: Deadline) -> None:
        self._rule_set = rule_set
        self._deadline = deadline
        self._log = ProblemLog()
        self._terms = Terms(self._log, most_forms)
        self._most_lines = most_forms
        self._lists = {word_list.name: word_list for word_list in rule_set.lists}
        self._words: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._members: dict[int, dict[Member, None]] = defaultdict(dict)
        self._uses: dict[int, dict[Use, None]] = defaultdict(dict)
        self._sets = 0
        self._written = 0
        self._list_sets: dict[tuple[str, bool], int] = {}
        self._phrase_sets: dict[int, int] = {}
        self._gaps: dict[tuple[object, ...], Gap] = {}
        self._lines: Rows[Line] = Rows()
        self._tables: dict[str, _Table] = {}
        self._guards: dict[int, tuple[int, ...]] = {}
        self._sources: dict[str, int] = {}

    def compile(self) -> CompiledRules:
        """Compile it all."""
        referred = referred_categories(self._rule_set)
        ordered = evaluation_order(self._rule_set, referred)
        compiled = [self._category(number, category) for number, category in enumerate(ordered)]
        cues = self._cues()
        if self._log.has_errors:
            raise RuleSetError(self._log.problems)
        self._deadline.check()
        keys = self._terms.keys()
        categories = tuple(self._with_sources(category) for category in compiled)
        gaps = tuple(self._gaps.values())
        return CompiledRules(
            Source(self._rule_set),
            categories,
            keys,
            {source: tuple(places) for source, places in self._words.items()},
            tuple(table.use for table in self._tables.values()),
            {source: tuple(members) for source, members in self._members.items()},
            {number: tuple(uses) for number, uses in self._uses.items()},
            gaps,
            {gap.source: i for i, gap in enumerate(gaps)},
            frozenset((*(gap.source for gap in gaps), *self._sources.values())),
            self._lines.settled(),
            self._guards,
            cues,
            needed_for(referred, [category.id for category in ordered]),
            frozenset(id_ for c in categories for id_ in (c.id, *parents(c.id))),
        )

    def _with_sources(self, category: CompiledCategory) -> CompiledCategory:
        """Note by what others find the matches of a category, now that all references are known."""
        above = (category.id, *parents(category.id))
        sources = tuple(self._sources[id_] for id_ in above if id_ in self._sources)
        return CompiledCategory(
            category.id,
            category.about,
            category.status,
            category.threshold,
            category.ignore,
            category.entries,
            category.blocks,
            category.exceptions,
            sources,
        )

    # -------------------------------------------------------------- categories

    def _category(self, number: int, category: Category) -> CompiledCategory:
        entries: Rows[CompiledEntry] = Rows()
        blocks: dict[int, Block] = {}
        exceptions: dict[int | None, tuple[int, ...]] = {}
        if category.excepts:
            exceptions[None] = self._group(category.excepts)
        for path, entry in _with_paths(category):
            self._deadline.spend(_STEPS)
            is_veto = path.startswith("unless")
            if entry.is_block or _has_condition(entry):
                self._block(number, entry, block_entry(entry, len(entries), path), blocks, is_veto)
                entries.append(block_entry(entry, len(entries), path))
                continue
            if not is_veto and self._add_table(number, entry, path, entries):
                continue
            for line in self._written_out(entry.groups[0][0]):
                compiled = line_entry(line, entry, len(entries), path)
                if line.excepts and not is_veto:
                    exceptions[len(entries)] = self._group(line.excepts)
                if is_veto or not self._is_word(line.keyword):
                    # What vetoes is judged without the exceptions of its category.
                    own = line.excepts if is_veto else ()
                    single = Entry(entry.location, ((Line(line.keyword, own, line.ids),),))
                    self._block(number, single, compiled, blocks, is_veto)
                else:
                    self._words[self._phrase(line.keyword)].append((number, len(entries)))
                entries.append(compiled)
        return CompiledCategory(
            category.id,
            category.about,
            category.status,
            thousandths(category.threshold),
            category.ignore,
            entries.settled(),
            blocks,
            exceptions,
            (),
        )

    def _block(
        self,
        category: int,
        entry: Entry,
        compiled: CompiledEntry,
        blocks: dict[int, Block],
        is_veto: bool,  # noqa: FBT001 - a fact about the block
    ) -> None:
        condition = entry.condition
        across = condition.across_clauses
        groups = tuple(self._group(group, across=across) for group in entry.groups)
        company = self._group(condition.company)
        slots = [*enumerate(groups), *([(COMPANY, company)] if company else [])]
        needs = 0
        for slot, sets in slots:
            needs |= 1 << slot
            for number in sets:
                self._uses[number][Use(category, compiled.number, 1 << slot)] = None
        none = self._group(condition.none)
        blocks[compiled.number] = Block(compiled, groups, company, none, condition, needs, is_veto)

    def _add_table(
        self, category: int, entry: Entry, path: str, entries: Rows[CompiledEntry]
    ) -> bool:
        """Let the lines of a list file be entries, without making each; say if that was possible.

        Lines that are more than plain words would be looked at one by one.
        """
        line = entry.groups[0][0]
        table = self._table_of(line)
        if table is None or line.excepts or line.ids or table.others:
            return False
        assert isinstance(line.keyword.parts[0], Reference)  # noqa: S101 - for the type checker
        known = self._known_table(line.keyword.parts[0].name, table)
        known.words.append((category, len(entries)))
        entries.extend(TableEntries(table, entry, len(entries), path))
        return True

    def _table_of(self, line: Line) -> LineTable | None:
        """Give the lines of the list file that a line refers to, if it is that and no more."""
        part = line.keyword.parts[0]
        if len(line.keyword.parts) > 1 or not isinstance(part, Reference):
            return None
        word_list = self._lists.get(part.name)
        lines = word_list.lines if word_list is not None else ()
        return lines if isinstance(lines, LineTable) else None

    def _known_table(self, name: str, table: LineTable) -> "_Table":
        if name not in self._tables:
            self._tables[name] = _Table(self._terms.take_table(table), len(table))
        return self._tables[name]

    def _is_word(self, keyword: Keyword) -> bool:
        return len(keyword.parts) == 1 and isinstance(keyword.parts[0], Phrase)

    def _phrase(self, keyword: Keyword) -> int:
        phrase = keyword.parts[0]
        assert isinstance(phrase, Phrase)  # noqa: S101 - for the type checker
        return self._terms.number(phrase, keyword)

    def _written_out(self, line: Line) -> Iterator[Line]:
        """Give the line, or where it is a list all lines of that list in its place."""
        reference = line.keyword.parts[0]
        is_list = isinstance(reference, Reference) and reference.name in self._lists
        if len(line.keyword.parts) > 1 or not is_list:
            self._count(line.keyword)
            yield line
            return
        assert isinstance(reference, Reference)  # noqa: S101 - for the type checker
        for inner in self._lists[reference.name].lines:
            for written in self._written_out(inner):
                yield Line(
                    written.keyword,
                    written.excepts + line.excepts,
                    written.ids + line.ids,
                    written.weight if written.weight is not None else line.weight,
                )

    def _count(self, keyword: Keyword) -> None:
        """Bound what lists within lists multiply to."""
        self._written += 1
        self._deadline.spend(_STEPS)
        if self._written > self._most_lines:
            detail = f"all lists, written out, come to more than {self._most_lines:,} lines"
            raise RuleSetError([Problem(keyword.location, "E308", detail)])

    # -------------------------------------------------------------------- sets

    def _group(self, lines: Iterable[Line], *, across: bool = False) -> tuple[int, ...]:
        """Give the sets of a group: one for its own words, and that of each list in it."""
        own: list[Line] = []
        sets: list[int] = []
        for line in lines:
            reference = line.keyword.parts[0]
            if (
                len(line.keyword.parts) == 1
                and isinstance(reference, Reference)
                and reference.name in self._lists
                and not line.excepts
                and not line.ids
            ):
                sets.append(self._list(reference.name, across=across))
            else:
                own += self._written_out(line)
        if own:
            sets.append(self._set(own, across=across))
        return tuple(dict.fromkeys(sets))

    def _list(self, name: str, *, across: bool) -> int:
        known = self._list_sets.get((name, across))
        if known is None:
            lines = self._lists[name].lines
            if isinstance(lines, LineTable):
                known = self._table_set(name, lines, across=across)
            else:
                written = [w for line in lines for w in self._written_out(line)]
                known = self._set(written, across=across)
            self._list_sets[name, across] = known
        return known

    def _table_set(self, name: str, table: LineTable, *, across: bool) -> int:
        """Make a set of the lines of a list file; of plain words none is looked at."""
        number = self._take_set()
        first = len(self._lines)
        self._known_table(name, table).sets.append((number, first))
        self._lines.extend(table)
        for i, line in table.others.items():
            for written in self._written_out(line):
                source = self._source(written.keyword, across=across)
                self._members[source][Member(number, first + i)] = None
        return number

    def _set(self, lines: Iterable[Line], *, across: bool) -> int:
        number = self._take_set()
        for line in lines:
            line_number = len(self._lines)
            self._lines.append(line)
            if line.excepts:
                self._guards[line_number] = self._group(line.excepts)
            source = self._source(line.keyword, across=across)
            self._members[source][Member(number, line_number)] = None
        return number

    def _take_set(self) -> int:
        self._sets += 1
        return self._sets - 1

    def _source(self, keyword: Keyword, *, across: bool) -> int:
        if len(keyword.parts) > 1:
            return self._gap(keyword, across=across)
        part = keyword.parts[0]
        return self._category_source(part) if isinstance(part, Reference) else self._phrase(keyword)

    def _category_source(self, reference: Reference) -> int:
        if reference.name not in self._sources:
            self._sources[reference.name] = self._terms.take_number()
        return self._sources[reference.name]

    def _gap(self, keyword: Keyword, *, across: bool) -> int:
        identity = (keyword.parts, keyword.language, across)
        known = self._gaps.get(identity)
        if known is not None:
            return known.source
        parts = tuple(self._part(part, keyword) for part in keyword.parts)
        number = len(self._gaps)
        for i, sets in enumerate(parts):
            for part_set in sets:
                self._uses[part_set][Use(GAP, number, 1 << i)] = None
        self._gaps[identity] = Gap(self._terms.take_number(), parts, across)
        return self._gaps[identity].source

    def _part(self, part: Phrase | Reference, keyword: Keyword) -> tuple[int, ...]:
        if isinstance(part, Reference) and part.name in self._lists:
            return (self._list(part.name, across=False),)
        source = (
            self._category_source(part)
            if isinstance(part, Reference)
            else self._terms.number(part, keyword)
        )
        if source not in self._phrase_sets:
            number = self._phrase_sets[source] = self._take_set()
            self._members[source][Member(number, len(self._lines))] = None
            written = Keyword(keyword.written, keyword.location, keyword.language, (part,))
            self._lines.append(Line(written))
        return (self._phrase_sets[source],)

    def _cues(self) -> dict[int, tuple[Cue, ...]]:
        cues: dict[int, dict[Cue, None]] = defaultdict(dict)
        for cue, keyword in _built_in_cues():
            cues[self._phrase(keyword)][cue] = None
        for line in self._rule_set.cues:
            keyword = line.keyword
            cue = Cue(keyword.written, line.context, line.role, line.reach, keyword.language)
            cues[self._phrase(keyword)][cue] = None
        return {source: tuple(known) for source, known in cues.items()}


@lru_cache(maxsize=1)
def _built_in_cues() -> tuple[tuple[Cue, Keyword], ...]:
    log = ProblemLog()
    readers = {cue.language: KeywordReader(cue.language, log) for cue in CUES}
    place = Location("", 0, 0)
    read = ((cue, readers[cue.language].read(cue.keyword, place)) for cue in CUES)
    return tuple((cue, keyword) for cue, keyword in read if keyword is not None)


def _has_condition(entry: Entry) -> bool:
    # To compare takes long, and nearly all entries have the one that says nothing.
    return entry.condition is not NO_CONDITION and entry.condition != NO_CONDITION


def _with_paths(category: Category) -> Iterator[tuple[str, Entry]]:
    for i, entry in enumerate(category.entries):
        yield f"match[{i}]", entry
    for i, entry in enumerate(category.unless):
        yield f"unless[{i}]", entry
