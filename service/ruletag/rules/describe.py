"""Say a rule in plain English, as a person would explain it to a colleague.

What says more than a word and its forms gets a bullet of its own; plain keywords that
are found in the same way share one. Nothing is left out but the ends of long lists,
whose number is given; each point has the keywords that it tells of, as written.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any, Final, Literal, NamedTuple

from ruletag.language.cues import CONTEXTS
from ruletag.matching.wordforms import STAR, TooManyFormsError, written_forms
from ruletag.rules.model import (
    NO_CONDITION,
    Category,
    Condition,
    Entry,
    Keyword,
    Line,
    Phrase,
    Reference,
    RuleSet,
    Status,
    Window,
    WordList,
    lines_of,
)
from ruletag.text.words import is_hangul

About = Literal["match", "except", "unless", "ignore", "list", "related", "people", "tests"]

MOST: Final = 8  # words of a row, where not all are asked for
_MOST_FORMS: Final = 4
# Behind words of a row in which each may be found in another way.
_INFLECTED: Final = " (any form)"
_EXACTLY: Final = " (just so)"
_ELLIPSIS: Final = "…"
_NO_FORMS: Final = "Its words in {} take no English forms."
_STATUS: Final[Mapping[Status, str]] = {
    "on": "",
    "draft": "It is a draft: judged and reported apart, and never a tag.",
    "off": "It is off: as if it were not there.",
    "deprecated": "It is deprecated: still in use, and the answer says so.",
}
_CONTEXTS: Final = {
    "negated": "negated",
    "hypothetical": "hypothetical",
    "historical": "historical",
    "quoted": "quoted",
    "capitals": "in a line that is all in capitals",
}
_TESTS: Final = {
    "tag": "that it must tag",
    "skip": "that it must not tag",
    "todo": "that it should tag and does not yet",
}


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to know about a rule; ``keywords`` are those it tells of, as written."""

    about: About
    text: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Description:
    """A category in words: a paragraph, and points of which each stands for itself."""

    id: str
    label: str
    summary: str
    points: tuple[Point, ...]

    @property
    def title(self) -> str:
        """The id, and the name for people if there is one."""
        return f"{self.id} ({self.label})" if self.label else self.id

    @property
    def text(self) -> str:
        """All of it, a line for each point."""
        points = "\n".join(f"- {point.text}" for point in self.points)
        return f"{self.title}\n{self.summary}\n\n{points}\n"

    def as_dict(self) -> dict[str, Any]:
        """Give it as the JSON object that commands and answers carry."""
        return {
            "id": self.id,
            "label": self.label,
            "summary": self.summary,
            "points": [
                {"about": point.about, "text": point.text, "keywords": list(point.keywords)}
                for point in self.points
            ],
            "text": self.text,
        }


def describe(category: Category, rule_set: RuleSet, most: int | None = MOST) -> Description:
    """Explain a category; of long rows only the first ``most`` are shown, or all."""
    teller = _Teller(rule_set, most)
    points = (
        Point(point.about, _in_one_line(point.text), point.keywords)
        for point in teller.points(category)
    )
    return Description(
        category.id,
        _in_one_line(category.about.label),
        _in_one_line(" ".join(teller.summary(category))),
        tuple(points),
    )


# ----------------------------------------------------------------- how words are found


class _Way(NamedTuple):
    """How a keyword is found: what stands behind it, or behind several found alike."""

    behind_one: str
    behind_several: str = ""
    takes_examples: bool = False


_VERB: Final = _Way(" in any verb form", takes_examples=True)
_PLURAL: Final = _Way(" or its plural", " or their plurals", takes_examples=True)
_LISTED: Final = _Way(" or its other forms", takes_examples=True)
_CAPITALS: Final = _Way(" with just these capitals")
_CAPITALS_AND_FORMS: Final = _Way(" with just these capitals, other forms too", takes_examples=True)
_ANY_ENDING: Final = _Way(" with any ending")
_AS_WRITTEN: Final = _Way(", as written")
_REFERENCE: Final = _Way("")
_GAP: Final = _Way(", in this order in one sentence with at most 5 words between")
# What is found so has a place of its own: nothing else is found just like it.
_ALONE: Final = frozenset({_REFERENCE, _LISTED, _CAPITALS_AND_FORMS})
_GAPS: Final = "in this order in one sentence with at most 5 words between: "


def _way(keyword: Keyword) -> _Way:
    """Tell how a keyword is found."""
    first = keyword.parts[0]
    if len(keyword.parts) > 1:
        return _GAP
    return _REFERENCE if isinstance(first, Reference) else _way_of_phrase(first, keyword.language)


def _way_of_phrase(phrase: Phrase, language: str) -> _Way:
    """Tell how a phrase is found, by the forms that it really has."""
    has_forms = bool(_other_forms(phrase, language))
    if phrase.exact:
        return _CAPITALS_AND_FORMS if has_forms else _CAPITALS
    if any(word.open for word in phrase.words) or _is_open_ended(phrase):
        return _ANY_ENDING
    if not has_forms:
        return _AS_WRITTEN
    if isinstance(phrase.forms, tuple):
        return _LISTED
    is_verb = phrase.forms == "verb" or any(word.inflected for word in phrase.words)
    return _VERB if is_verb else _PLURAL


def _is_open_ended(phrase: Phrase) -> bool:
    """Say whether particles and endings may follow: a Korean word of two syllables or more."""
    text = phrase.words[-1].text
    return len(text) > 1 and is_hangul(text[-1]) and is_hangul(text[-2])


def _plain(phrase: Phrase, inflected: str = "") -> str:
    """Give a phrase without its marks; words with any ending or form are told by a sign."""
    return " ".join(
        word.text + _ELLIPSIS * word.open + inflected * word.inflected for word in phrase.words
    )


def _other_forms(phrase: Phrase, language: str) -> list[str]:
    """Give the forms of a phrase besides itself, as far as they can be written out."""
    base = _plain(phrase)
    try:
        forms = [form.replace(STAR, _ELLIPSIS) for form in written_forms(phrase, language)]
    except TooManyFormsError:
        return []
    return [form for form in dict.fromkeys(forms) if form.casefold() != base.casefold()]


def _is_plain(entry: Entry) -> bool:
    """Say whether an entry is a keyword and nothing more (its weight apart)."""
    line = entry.groups[0][0]
    is_alone = not (entry.is_block or entry.name or line.excepts or line.ids)
    return is_alone and entry.condition == NO_CONDITION


# -------------------------------------------------------------------- windows, numbers


def _near(window: Window) -> str:
    """Say how near another thing stands."""
    match window.unit:
        case "words":
            return f"at most {_counted(window.count, 'word')} away in the same sentence"
        case "sentences" if window.count > 1:
            return f"within {window.count} sentences"
        case "document":
            return "anywhere in the text"
    return f"in the same {window.unit.removesuffix('s')}"


def _together(window: Window) -> str:
    """Say how near each other several things stand."""
    match window.unit:
        case "words":
            between = _counted(window.count, "word")
            return f"in one sentence with at most {between} between"
        case "sentences" if window.count > 1:
            return f"within {window.count} sentences"
        case "document":
            return "anywhere in the text"
    return f"in one {window.unit.removesuffix('s')}"


def _number(number: Fraction) -> str:
    """Write a number that has at most three decimals."""
    return f"{float(number):.3f}".rstrip("0").rstrip(".")


def _counted(number: int, one: str) -> str:
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "。")) or not text else f"{text}."


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


# ------------------------------------------------------------------------------ a rule


class _Teller:
    """Puts the rules of one rule set into words."""

    def __init__(self, rule_set: RuleSet, most: int | None) -> None:
        self._lists = {word_list.name: word_list for word_list in rule_set.lists}
        self._categories = {category.id: category for category in rule_set.categories}
        self._most = most

    # ------------------------------------------------------------- the category

    def summary(self, category: Category) -> Iterator[str]:
        """Give the sentences of the paragraph; some may be empty."""
        about = category.about
        yield _sentence(about.description)
        yield f"Severity: {about.severity}." if about.severity else ""
        yield _STATUS[category.status]
        yield from self._score(category)
        languages = {line.keyword.language for line in lines_of(category)} - {"en"}
        if languages:
            yield _NO_FORMS.format(_joined(sorted(languages), "and"))

    def points(self, category: Category) -> Iterator[Point]:
        """Give the points, what is sought first."""
        yield from self._entries(category.entries, "match")
        for entry in self._entries(category.unless, "unless"):
            text = f"nothing counts where this is found: {entry.text}"
            yield Point("unless", text, entry.keywords)
        if category.excepts:
            text = f"a match does not count inside {self._briefly(category.excepts)}"
            yield Point("except", text, _written(category.excepts))
        if category.ignore:
            contexts = [_CONTEXTS[name] for name in CONTEXTS if name in category.ignore]
            text = f"a match does not count when it is {_joined(contexts, 'or')}"
            yield Point("ignore", text)
        yield from self._told_lists(category)
        yield from self._related(category)
        yield from _people(category)

    def _score(self, category: Category) -> Iterator[str]:
        """Say which entries it takes to tag."""
        weights = [weight for entry in category.entries for weight in self._weights(entry)]
        helping = [weight for weight in weights if weight > 0]
        total = sum(helping, Fraction(0))
        needed = _number(category.threshold)
        if total < category.threshold:
            yield f"It never tags by itself: it takes a score of {needed}, and all that it seeks"
            yield f"comes to {_number(total)}."
        elif category.threshold == 1 and set(weights) == {Fraction(1)}:
            yield f"Tagged when {'this' if len(weights) == 1 else 'any of these'} is found."
        else:
            yield f"Tagged when the score reaches {needed}: {_enough(weights, category.threshold)}."
        against = sum(weight < 0 for weight in weights)
        if against:
            yield f"{against:,} of them {'counts' if against == 1 else 'count'} against it."

    def _weights(self, entry: Entry) -> Iterator[Fraction]:
        """Give the weight of an entry; of each line, where it is a list."""
        own = entry.weight if entry.weight is not None else Fraction(1)
        name = _name_alone(entry.groups[0][0])
        if entry.is_block or entry.condition != NO_CONDITION or name not in self._lists:
            yield own
            return
        for line in self._lines(name):
            yield line.weight if line.weight is not None else own

    # ----------------------------------------------------------------- entries

    def _entries(self, entries: Sequence[Entry], about: About) -> Iterator[Point]:
        """Give a point for the plain keywords of each way and weight, and for each other entry."""
        rows: dict[object, list[Entry]] = {}
        for number, entry in enumerate(entries):
            way = _way(entry.groups[0][0].keyword) if _is_plain(entry) else None
            alone = number if way is None or way in _ALONE else -1
            rows.setdefault((alone, way, entry.weight), []).append(entry)
        for row in rows.values():
            text = self._row(row) if _is_plain(row[0]) else self._entry(row[0])
            keywords = _written(line for entry in row for line in _lines_of_entry(entry))
            yield Point(about, text, keywords)

    def _row(self, entries: Sequence[Entry]) -> str:
        """Tell of plain keywords that are found in one way."""
        lines = [entry.groups[0][0] for entry in entries]
        name = _name_alone(lines[0])
        told = self._told_alone(name) if name else self._alternatives(lines)
        return told + self._weight(entries[0], is_several=len(entries) > 1)

    def _weight(self, entry: Entry, *, is_several: bool = False) -> str:
        if entry.weight is None or entry.weight == 1:
            return ""
        return f"; {'each counts' if is_several else 'counts'} {_number(entry.weight)}"

    def _entry(self, entry: Entry) -> str:
        """Tell of a keyword that says more, or of a block."""
        common = _common_exceptions(entry)
        groups = [[_without(line, common) for line in group] for group in entry.groups]
        told = [self._subject(entry, groups)]
        if common:
            told.append(f"but not inside {self._briefly(common)}")
        told += self._demands(entry.condition)
        if entry.name:
            told.append(f"shown as “{entry.name}”")
        return "; ".join(told) + self._weight(entry)

    def _subject(self, entry: Entry, groups: Sequence[Sequence[Line]]) -> str:
        """Say what an entry seeks."""
        condition = entry.condition
        told = [self._alternatives(group) for group in groups]
        together = _together(condition.within)
        if condition.times > 1:
            return f"{told[0]}, at least {condition.times} times {together}"
        if condition.at_least > 1:
            return f"at least {condition.at_least} different of these {together}: {told[0]}"
        if len(told) == 1:
            return told[0]
        order = ", in this order" if condition.in_order else ""
        return f"all of these {together}{order}: {'; and '.join(told)}"

    def _demands(self, condition: Condition) -> Iterator[str]:
        """Say what must hold besides."""
        near = _near(condition.near)
        if condition.in_title:
            yield "only in the title"
        if condition.across_clauses:
            yield "commas, semicolons and dashes may stand between"
        if condition.company:
            yield f"only with any of these {near}: {self._alternatives(condition.company)}"
        if condition.none:
            yield f"only without any of these {near}: {self._alternatives(condition.none)}"

    # ------------------------------------------------------------------- words

    def _alternatives(self, lines: Iterable[Line]) -> str:
        """Tell of words any of which will do, those that are found in one way together."""
        rows: dict[tuple[_Way, int], list[Line]] = {}
        for number, line in enumerate(lines):
            way = _way(line.keyword)
            is_alone = bool(line.excepts or line.ids or way == _LISTED)
            rows.setdefault((way, number if is_alone else -1), []).append(line)
        return ", or ".join(self._alike(way, row) for (way, _), row in rows.items())

    def _alike(self, way: _Way, lines: Sequence[Line]) -> str:
        """Tell of words that are found in one way."""
        words = list(dict.fromkeys(self._keyword(line.keyword) for line in lines))
        if way == _GAP and len(words) > 1:
            return _GAPS + self._shortened(words, "; ")
        behind = way.behind_several if len(words) > 1 else ""
        told = self._shortened(words) + (behind or way.behind_one)
        if way.takes_examples:
            told += self._examples(lines[0].keyword, is_first=len(words) > 1)
        ids = ", ".join(identity for line in lines for identity in line.ids)
        told += f" (id {ids})" if ids else ""
        excepts = [exception for line in lines for exception in line.excepts]
        return told + (f", but not inside {self._briefly(excepts)}" if excepts else "")

    def _examples(self, keyword: Keyword, *, is_first: bool) -> str:
        """Give some forms of a word, which may be the first of several."""
        phrase = keyword.parts[0]
        forms = _other_forms(phrase, keyword.language) if isinstance(phrase, Phrase) else []
        most = _MOST_FORMS if self._most is not None or is_first else len(forms)
        shown = ", ".join([*forms[:most], *[_ELLIPSIS] * (len(forms) > most)])
        return f" (such as {shown})" if is_first else f" ({shown})"

    def _briefly(self, lines: Iterable[Line]) -> str:
        """Name words, without the ways in which they are found."""
        return self._shortened(list(dict.fromkeys(self._brief(line.keyword) for line in lines)))

    def _keyword(self, keyword: Keyword) -> str:
        """Give a keyword without its marks, where its way is told besides."""
        return self._brief(keyword) if len(keyword.parts) > 1 else self._part(keyword.parts[0])

    def _brief(self, keyword: Keyword) -> str:
        """Give a keyword without its marks, where nothing else tells its way."""
        return f" {_ELLIPSIS} ".join(self._part(part, _INFLECTED) for part in keyword.parts)

    def _part(self, part: Phrase | Reference, inflected: str = "") -> str:
        if isinstance(part, Phrase):
            return _plain(part, inflected) + (_EXACTLY if inflected and part.exact else "")
        return f"any of ${part.name}" if part.name in self._lists else f"what ${part.name} finds"

    def _shortened(self, words: Sequence[str], between: str = ", ") -> str:
        """Give words in a row; of many the first, and how many more there are."""
        if self._most is None or len(words) <= self._most + 1:
            return between.join(words)
        return f"{between.join(words[: self._most])} and {len(words) - self._most:,} more"

    # ------------------------------------------------------------------- lists

    def _told_alone(self, name: str) -> str:
        """Tell of a list or category that is an entry of its own."""
        if name not in self._lists:
            return self._told_category(name)
        count, words = self._told_list(name)
        any_of = "the word" if count == _counted(1, "word") else f"any of the {count}"
        return f"{any_of} of ${name}: {words}"

    def _told_category(self, name: str) -> str:
        category = self._categories.get(name)
        label = f" ({category.about.label})" if category and category.about.label else ""
        below = " or one below it" if self._below(name) else ""
        return f"whatever counts for the category {name}{label}{below}"

    def _told_list(self, name: str) -> tuple[str, str]:
        """Give the number of words in a list, and the first of them."""
        words = list(dict.fromkeys(self._brief(line.keyword) for line in self._lines(name)))
        return _counted(len(words), "word"), self._shortened(words)

    def _lines(self, name: str) -> Iterator[Line]:
        """Give the lines of a list, those of the lists in it in their place, each list once."""
        return self._flat_lines(self._lists[name], {name})

    def _flat_lines(self, word_list: WordList, done: set[str]) -> Iterator[Line]:
        for line in word_list.lines:
            name = _name_alone(line)
            if name not in self._lists:
                yield line
            elif name not in done:
                done.add(name)
                yield from self._flat_lines(self._lists[name], done)

    def _told_lists(self, category: Category) -> Iterator[Point]:
        """Tell what stands in the lists and categories that the points only name."""
        entries = (*category.entries, *category.unless)
        told = {_name_alone(entry.groups[0][0]) for entry in entries if _is_plain(entry)}
        for name in _names(category):
            if name in told:
                continue
            if name in self._lists:
                count, words = self._told_list(name)
                yield Point("list", f"${name} has {count}: {words}")
            else:
                yield Point("list", f"${name} is {self._told_category(name)}")

    # ----------------------------------------------------------------- related

    def _below(self, name: str) -> list[str]:
        return [id_ for id_ in self._categories if id_.startswith(f"{name}.")]

    def _related(self, category: Category) -> Iterator[Point]:
        """Name the categories above and below."""
        below = [
            id_
            for id_ in self._below(category.id)
            if self._categories[id_].status in {"on", "deprecated"}
        ]
        if below:
            text = f"tagged too where one below it is: {self._shortened(below)}"
            yield Point("related", text)
        above = category.id.rpartition(".")[0]
        if above:
            yield Point("related", f"where it is tagged, so is {above}")


def _enough(weights: Sequence[Fraction], threshold: Fraction) -> str:
    """Say which of the weights are enough, by themselves or together."""
    strong = sorted({weight for weight in weights if weight >= threshold})
    weak = sorted({weight for weight in weights if 0 < weight < threshold}, reverse=True)
    if min(weights) >= threshold:
        return "any one of these is enough"
    ways = [
        f"{ceil(threshold / weight)} different ones that count {_number(weight)}"
        for weight in weak
        if weights.count(weight) >= threshold / weight
    ]
    if len(weak) > 1:
        ways.append("several that come to it together")
    if not strong:
        return f"it takes {', or '.join(ways)}"
    least = f"{_number(strong[0])}{' or more' if len(strong) > 1 else ''}"
    return ", or ".join([f"any one that counts {least} is enough", *ways])


def _people(category: Category) -> Iterator[Point]:
    """Tell what is said for people, and how the rule is tested."""
    about = category.about
    told = [f"owner: {about.owner}"] if about.owner else []
    if about.review_by is not None:
        told.append(f"to be reviewed by {_day(about.review_by)}")
    told += [f"{name}: {text}" for name, text in about.meta]
    told += [f"see {link}" for link in about.links]
    if told:
        yield Point("people", "; ".join(told))
    kinds: Counter[str] = Counter(example.kind for example in category.examples)
    counts = [f"{kinds[kind]:,} {words}" for kind, words in _TESTS.items() if kinds[kind]]
    sentences = _counted(kinds.total(), "sentence")
    text = f"tested by {sentences}: {_joined(counts, 'and')}" if counts else "it has no tests"
    yield Point("tests", text)


# --------------------------------------------------------------------------- its words


def _joined(texts: Sequence[str], word: str) -> str:
    *others, last = texts
    return f"{', '.join(others)} {word} {last}" if others else last


def _lines_of_entry(entry: Entry) -> Iterator[Line]:
    for group in (*entry.groups, entry.condition.company, entry.condition.none):
        for line in group:
            yield line
            yield from line.excepts


def _written(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.keyword.written for line in lines))


def _names(category: Category) -> Iterable[str]:
    """Give the lists and categories that the words of a category name, each once."""
    lines = [line for outer in lines_of(category) for line in (outer, *outer.excepts)]
    parts = (part for line in lines for part in line.keyword.parts)
    return dict.fromkeys(part.name for part in parts if isinstance(part, Reference))


def _name_alone(line: Line) -> str:
    """Give the name of the list or category that a line is, or nothing."""
    first = line.keyword.parts[0]
    return first.name if len(line.keyword.parts) == 1 and isinstance(first, Reference) else ""


def _common_exceptions(entry: Entry) -> tuple[Line, ...]:
    """Give the exceptions that hold for all words of an entry."""
    first, *others = [line.excepts for group in entry.groups for line in group]
    return tuple(e for e in first if all(e in excepts for excepts in others))


def _without(line: Line, exceptions: tuple[Line, ...]) -> Line:
    own = tuple(exception for exception in line.excepts if exception not in exceptions)
    return Line(line.keyword, own, line.ids, line.weight)
