"""Read the entries of one category or list: keywords, their long form, and blocks.

Every shorthand becomes one form here: an entry has groups of lines, of each of
which one must match, and a condition. A keyword is one group of one line.
"""

import re
from collections.abc import Iterator
from typing import Final

from ruletag.problems import Location, ProblemLog, nearest, quoted
from ruletag.rules.keywords import Forms, KeywordReader
from ruletag.rules.model import (
    DOCUMENT,
    NO_CONDITION,
    SENTENCE,
    Condition,
    Entry,
    FormsKind,
    Keyword,
    Line,
    Reference,
    Window,
    with_all_ids,
)
from ruletag.rules.values import ENTRY, EXCEPTION, ITEM, LINE, Keys, ValueReader
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

IN_BRACKETS: Final = "list its words: `[smuggle~, smuggler]`"
_FORMS: Final[tuple[FormsKind, ...]] = ("none", "plural", "verb")
_WINDOW: Final = re.compile(
    r"(phrase|paragraph|document|sentence)|([0-9]{1,3}) +words?|([1-9][0-9]{0,2}) +sentences?",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(r"0*([0-9]{1,3})\s*([a-z]*)", re.IGNORECASE)
_MOST_GROUPS: Final = 8  # more would find nothing, and take long to find it
_MOST_COUNTED: Final = 100
# What each of the three kinds of entry has no use for.
_SUBJECTS: Final = ("word", "any", "all")
_USELESS: Final = {
    "word": ("at_least", "order"),
    "any": ("order", "case", "forms", "id"),
    "all": ("at_least", "times", "case", "forms", "id"),
}
_NEED_A_WINDOW: Final = ("all", "none", "with", "at_least", "times")


class EntryReader:
    """Reads entries and lines in one language; what is wrong goes to the log."""

    def __init__(self, language: str, log: ProblemLog) -> None:
        self.language = language
        self._log = log
        self._values = ValueReader(log)
        self._keywords = KeywordReader(language, log)

    def entries(self, node: Node, owner: str) -> tuple[Entry, ...]:
        """Read the list under ``match`` or ``unless``."""
        read = map(self._entry, self._values.items(node, owner, IN_BRACKETS))
        return tuple(entry for entry in read if entry is not None)

    def lines(self, node: Node, owner: str) -> tuple[Line, ...]:
        """Read the words of a list."""
        return tuple(with_all_ids(self._group(node, owner, LINE)))

    def exceptions(self, node: Node | None) -> tuple[Line, ...]:
        """Read the list under ``except``."""
        return self._group(node, "`except`", EXCEPTION) if node is not None else ()

    def keyword(
        self, node: Node, *, exact_case: bool = False, forms: Forms = "default"
    ) -> Keyword | None:
        """Read a keyword from a text; None if the log says what is wrong with it."""
        text = self._values.scalar(node, "a keyword")
        if text is None or not isinstance(node, Scalar):
            return None
        if node.over_lines and not node.quoted:
            hint = "begin each keyword with `- `, all indented alike; or end the line with a comma"
            detail = f"{quoted(text)} stands on more than one line"
            self._log.add("E310", node.location, detail, hint=hint)
            return None
        return self._keywords.read(text, node.location, exact_case=exact_case, forms=forms)

    def literal(
        self, text: str, place: Location, *, exact_case: bool, forms: Forms
    ) -> Keyword | None:
        """Read a keyword in which no character is a mark."""
        return self._keywords.read(text, place, exact_case=exact_case, forms=forms, literal=True)

    def forms(self, node: Node | None) -> Forms:
        """Read the value of ``forms``."""
        if not isinstance(node, Sequence):
            chosen = self._values.choice(node, "forms", _FORMS)
            return next((known for known in _FORMS if known == chosen), "default")
        forms = []
        for item in self._values.items(node, "`forms`", "leave it out, or write `none`"):
            text = self._values.scalar(item, "a form")
            form = self._keywords.read_form(text, item.location) if text is not None else None
            forms += [form] if form is not None else []
        return tuple(forms)

    def exact_case(self, node: Node | None) -> bool:
        """Read the value of ``case``."""
        return self._values.choice(node, "case", ("exact", "any")) == "exact"

    # ------------------------------------------------------------------- lines

    def _group(self, node: Node, owner: str, keys: Keys) -> tuple[Line, ...]:
        """Read words any of which will do."""
        items = self._values.items(node, owner, IN_BRACKETS)
        read = (self._line(item, keys) for item in items)
        return tuple(line for line in read if line is not None)

    def _line(self, node: Node, keys: Keys) -> Line | None:
        if not isinstance(node, Mapping):
            keyword = self.keyword(node)
            return Line(keyword) if keyword else None
        found = self._keys(node, keys)
        if found is None:
            return None
        if "word" not in found:
            hint = "as in `{word: lead, case: exact}`"
            self._log.add("E205", node.location, "`word` is missing", hint=hint)
            return None
        return self._word(found)

    def _word(self, keys: dict[str, Node]) -> Line | None:
        """Read what belongs to a single keyword."""
        exact_case = self.exact_case(keys.get("case"))
        forms = self.forms(keys.get("forms"))
        keyword = self.keyword(keys["word"], exact_case=exact_case, forms=forms)
        excepts = self.exceptions(keys.get("except"))
        identity = self._values.text(keys.get("id"), "id")
        weight = self._values.number(keys.get("weight"), "weight")
        if keyword is None:
            return None
        self._refuse_without_effect(keyword, keys)
        return Line(keyword, excepts, (identity,) if identity else (), weight)

    def _refuse_without_effect(self, keyword: Keyword, keys: dict[str, Node]) -> None:
        """Refuse what would say how a whole list is found."""
        for key in ("case", "forms"):
            if key in keys and all(isinstance(part, Reference) for part in keyword.parts):
                detail = f"`{key}` says nothing about a list"
                hint = "give it to the words in the list"
                self._log.add("E206", keys[key].location, detail, hint=hint)

    def _keys(self, node: Mapping, keys: Keys) -> dict[str, Node] | None:
        """Give a mapping's values; None where it is none, or not all of it can be read."""
        if self._values.is_words_in_braces(node) or not self._is_mapping(node, keys):
            return None
        found, is_complete = self._values.keys(node, keys, keys.of)
        return found if is_complete else None

    def _is_mapping(self, node: Mapping, keys: Keys) -> bool:
        """Tell a mapping from a line that only became one through its colon."""
        if len(node.pairs) != 1:
            return True
        key = node.pairs[0][0].value
        if key in ENTRY.known or key in keys.guesses or key in ENTRY.guesses:
            return True
        if key.islower() and nearest(key, ENTRY.known):
            return True
        self._values.scalar(node, "a keyword")
        return False

    # ----------------------------------------------------------------- entries

    def _entry(self, node: Node) -> Entry | None:
        if not isinstance(node, Mapping):
            keyword = self.keyword(node)
            return Entry(node.location, ((Line(keyword),),)) if keyword else None
        keys = self._keys(node, ENTRY)
        if keys is None:
            return None
        subject = self._subject(node, keys)
        if subject is None:
            return None
        self._refuse_combinations(node, subject)
        groups = tuple(self._groups(subject, keys))
        condition = self._condition(keys, len(groups[0]) if groups else 0)
        weight = self._values.number(keys.get("weight"), "weight")
        name = self._values.text(keys.get("name"), "name")
        if not groups or not all(groups):
            return None
        return Entry(node.location, groups, condition, weight, name, subject != "word")

    def _subject(self, node: Mapping, keys: dict[str, Node]) -> str | None:
        """Give which of ``word``, ``any`` and ``all`` says what is sought."""
        present = [key for key, _ in node.pairs if key.value in _SUBJECTS]
        if len(present) == 1:
            return present[0].value
        if present:
            first, second = present[:2]
            detail = f"`{first.value}` and `{second.value}` in one entry"
            hint = (
                "write the words of `any` as one more list under `all`"
                if {first.value, second.value} == {"any", "all"}
                else f"put `{second.value}` into an entry of its own, after a `- `"
            )
            related = ((first.location, f"`{first.value}` stands here"),)
            self._log.add("E311", second.location, detail, hint=hint, related=related)
            return None
        detail = "`word`, `any` or `all` is missing: nothing says what is sought"
        hint = "as in `{word: lead, case: exact}` or `all: [[copper, zinc], [smuggle~]]`"
        if "none" in keys:
            hint = "`none` only takes away; words that veto a whole category go under `unless`"
        self._log.add("E205", node.location, detail, hint=hint)
        return None

    def _refuse_combinations(self, node: Mapping, subject: str) -> None:
        """Refuse keys that say nothing in this kind of entry."""
        present = {key.value: key for key, _ in node.pairs}
        for name in _USELESS[subject]:
            if name in present:
                detail = f"`{name}` has no effect on `{subject}`"
                hint = _BELONGS.get(name, f"give it to a word: `{{word: lead, {name}: …}}`")
                self._log.add("E311", present[name].location, detail, hint=hint)
        if "at_least" in present and "times" in present:
            detail = "`at_least` counts different words, `times` every one: use one of them"
            self._log.add("E311", present["times"].location, detail, hint="delete one of them")
        if "within" in present and not any(name in present for name in _NEED_A_WINDOW):
            detail = "`within` says how near things must be, and there is only one"
            hint = "add `with:`, `none:`, `times:` or `at_least:`; or delete it"
            self._log.add("E311", present["within"].location, detail, hint=hint)

    def _groups(self, subject: str, keys: dict[str, Node]) -> Iterator[tuple[Line, ...]]:
        if subject == "word":
            line = self._word({key: node for key, node in keys.items() if key in _OF_A_WORD})
            yield (line,) if line else ()
            return
        if subject == "any":
            own = self.exceptions(keys.get("except"))
            yield tuple(_with_exceptions(self._group(keys["any"], "`any`", ITEM), own))
            return
        own = self.exceptions(keys.get("except"))
        groups = self._values.items(keys["all"], "`all`", _GROUPS)
        if len(groups) > _MOST_GROUPS:
            detail = f"{len(groups):,} groups in one `all`; it may have {_MOST_GROUPS}"
            hint = "one of every group must be there: words of which one is enough go into one list"
            self._log.add("E206", keys["all"].location, detail, hint=hint)
            return
        for group in groups:
            yield tuple(_with_exceptions(self._group_of_all(group), own))

    def _group_of_all(self, node: Node) -> tuple[Line, ...]:
        """Read a group of `all`, the only one in which one word may stand without brackets."""
        if isinstance(node, Sequence):
            return self._group(node, "a group of `all`", ITEM)
        line = self._line(node, ITEM)
        return (line,) if line else ()

    def _condition(self, keys: dict[str, Node], lines: int) -> Condition:
        if _CONDITIONS.isdisjoint(keys):
            return NO_CONDITION
        values = self._values
        window = self._window(keys.get("within"))
        at_least = values.whole(keys.get("at_least"), "at_least", 1, _MOST_COUNTED) or 1
        times = values.whole(keys.get("times"), "times", 1, _MOST_COUNTED) or 1
        if "any" in keys and at_least > lines > 0 and not _has_list(keys["any"]):
            detail = f"`at_least: {at_least}`, and there are only {lines} words"
            self._log.add("E206", keys["at_least"].location, detail, hint=f"at most {lines}")
        counts = at_least > 1 or times > 1
        return Condition(
            company=self._group(keys["with"], "`with`", ITEM) if "with" in keys else (),
            none=self._group(keys["none"], "`none`", ITEM) if "none" in keys else (),
            at_least=at_least,
            times=times,
            within=window or (DOCUMENT if counts else SENTENCE),
            near=window or SENTENCE,
            in_order=values.choice(keys.get("order"), "order", _ORDERS) == _ORDERS[0],
            in_title=values.choice(keys.get("in"), "in", ("title",)) == "title",
            across_clauses=values.choice(keys.get("across"), "across", ("clauses",)) == "clauses",
        )

    def _window(self, node: Node | None) -> Window | None:
        """Read the value of ``within``; None where there is none."""
        value = self._values.scalar(node, "`within`") if node is not None else None
        if node is None or value is None:
            return None
        found = _WINDOW.fullmatch(value.strip())
        if found is None:
            detail = f"`within` can be {_WINDOWS}; not {quoted(value)}"
            self._log.add("E206", node.location, detail, hint=_right_window(value.strip()))
            return None
        if found[1]:
            return _NAMED[found[1].lower()]
        return Window("words", int(found[2])) if found[2] else Window("sentences", int(found[3]))


_OF_A_WORD: Final = frozenset(ITEM.known)
_CONDITIONS: Final = frozenset(
    {"with", "none", "at_least", "times", "within", "order", "in", "across", "all"}
)
_ORDERS: Final = ("as_written", "any")
_WINDOWS: Final = "`phrase`, `8 words`, `sentence`, `2 sentences`, `paragraph` or `document`"
_NAMED: Final = {
    "phrase": Window("phrase"),
    "sentence": SENTENCE,
    "paragraph": Window("paragraph"),
    "document": DOCUMENT,
}
_GROUPS: Final = "one of each group must be there: `all: [[copper, zinc], [smuggle~]]`"
_BELONGS: Final = {
    "at_least": "it counts the words of `any`: `{any: [ton, price, ore], at_least: 2}`",
    "order": "it is the order of the groups of `all`",
    "times": "repeat a group, or count the words of one `any`",
}


def _with_exceptions(lines: tuple[Line, ...], own: tuple[Line, ...]) -> Iterator[Line]:
    """Give the lines of a block, each with the exceptions of the whole block."""
    for line in lines:
        yield Line(line.keyword, line.excepts + own, line.ids, line.weight) if own else line


def _right_window(written: str) -> str:
    """Give a hint at what a window was meant to be."""
    found = _NUMBER.fullmatch(written)
    if found is None:
        return nearest(written, (*_NAMED, "8 words", "2 sentences"))
    number, unit = found[1], found[2].lower()
    if not unit:
        return f"write `{number} words` or `{number} sentences`"
    counted = ("words", "sentences")
    meant = next((known for known in counted if unit and known.startswith(unit)), "")
    meant = meant or next((known for known in counted if nearest(unit, (known,))), "")
    if meant and (int(number) or meant == "words"):
        return f"write `{number} {meant}`"
    return "nearness is counted in words or sentences: `8 words`, `2 sentences`"


def _has_list(node: Node | None) -> bool:
    """Say whether a group holds a list, whose lines nobody has counted yet."""
    items = node.items if isinstance(node, Sequence) else (node,)
    return any(isinstance(item, Scalar) and item.value.startswith("$") for item in items)
