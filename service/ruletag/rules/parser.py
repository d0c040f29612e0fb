"""Turn located trees into rules; every problem of every file is collected on the way.

Each kind of mapping (file, category, long form) is one table of keys. A key
that the language has but this version does not is refused, never ignored.
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from fractions import Fraction
from typing import Final

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, nearest
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.model import (
    SEVERITIES,
    Category,
    Entry,
    Example,
    FormsKind,
    Keyword,
    ListReference,
    WordList,
)
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

_CATEGORY_ID: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_LIST_NAME: Final = re.compile(r"[a-z0-9_]+")
_NUMBER: Final = re.compile(r"-?\d{1,9}(?:\.\d{1,3})?")
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_FORMS: Final[tuple[FormsKind, ...]] = ("none", "plural", "verb")

_FILE_KEYS: Final = ("version", "language", "lists", "categories")
_CATEGORY_KEYS: Final = (
    "match", "label", "description", "severity", "threshold", "except", "tests",
)  # fmt: skip
_LONG_FORM_KEYS: Final = ("word", "case", "forms", "weight", "except", "id")
_TEST_KEYS: Final = ("tag", "skip")
_LATER: Final = frozenset(
    "cues unless ignore status review_by owner links meta any all none at_least times within order"
    " in with across name todo file column".split()
)


class RulesParser:
    """Reads the trees of one rule set, file by file, into categories and lists."""

    def __init__(self, log: ProblemLog) -> None:
        self._log = log
        self._categories: dict[str, Category] = {}
        self._lists: dict[str, WordList] = {}

    def add_file(self, tree: Node) -> None:
        """Read one file's categories and lists."""
        if not isinstance(tree, Mapping):
            self._log.add(
                "E203",
                tree.location,
                f"a rule file is a mapping, not {_kind(tree)}",
                hint="begin with `categories:`",
            )
            return
        keys = _FileReader("en", self._log).keys(tree, _FILE_KEYS, "a rule file")
        language = self._language(keys.get("language"))
        self._check_version(keys.get("version"))
        reader = _FileReader(language, self._log)
        for word_list in reader.lists(keys.get("lists")):
            self._define(word_list.name, word_list.location, self._lists)
            self._lists.setdefault(word_list.name, word_list)
        for category in reader.categories(keys.get("categories")):
            self._define(category.id, category.location, self._categories)
            self._categories.setdefault(category.id, category)

    def finish(self) -> tuple[tuple[Category, ...], tuple[WordList, ...]]:
        """Check what only shows when all files are read, and give the rules in order of id."""
        for name in self._categories.keys() & self._lists.keys():
            place = self._lists[name].location
            other = (self._categories[name].location, "the category is defined here")
            detail = f"`{name}` is a list and a category; `${name}` could mean either"
            self._log.add("E402", place, detail, related=(other,))
        for category in self._categories.values():
            for keyword in _keywords(category):
                self._check_lists(keyword)
        for word_list in self._lists.values():
            for entry in word_list.entries:
                self._refuse_nesting(entry.keyword)
        by_id = sorted(self._categories.items())
        return tuple(category for _, category in by_id), tuple(self._lists.values())

    def _define(
        self, name: str, place: Location, known: MappingType[str, Category | WordList]
    ) -> None:
        if name in known:
            related = ((known[name].location, "first defined here"),)
            self._log.add("E401", place, f"`{name}` is defined twice", related=related)

    def _language(self, node: Node | None) -> str:
        if node is None:
            return "en"
        if isinstance(node, Scalar) and re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]+)*", node.value):
            return node.value
        detail = "`language` is a code such as `en` or `ko`"
        self._log.add("E206", node.location, detail)
        return "en"

    def _check_version(self, node: Node | None) -> None:
        if node is not None and not (isinstance(node, Scalar) and node.value == "1"):
            self._log.add("E206", node.location, "`version` can only be 1")

    def _check_lists(self, keyword: Keyword) -> None:
        for part in keyword.parts:
            if not isinstance(part, ListReference) or part.name in self._lists:
                continue
            if part.name in self._categories:
                detail = f"`${part.name}`: a category inside a category is not yet supported"
                self._log.add("E202", keyword.location, detail)
                continue
            hint = nearest(f"${part.name}", [f"${name}" for name in self._lists])
            detail = f"there is no list `{part.name}`"
            self._log.add("E306", keyword.location, detail, hint=hint)

    def _refuse_nesting(self, keyword: Keyword) -> None:
        if any(isinstance(part, ListReference) for part in keyword.parts):
            detail = f"`{keyword.written}`: a list inside a list is not yet supported"
            self._log.add("E202", keyword.location, detail)


class _FileReader:
    """Reads the parts of one file, whose language is known."""

    def __init__(self, language: str, log: ProblemLog) -> None:
        self._language = language
        self._log = log
        self._keywords = KeywordReader(language, log)

    # -------------------------------------------------------------- mappings

    def keys(self, node: Mapping, known: tuple[str, ...], owner: str) -> dict[str, Node]:
        """Give the mapping's values by key; report keys that are not known."""
        found: dict[str, Node] = {}
        for key, value in node.pairs:
            if key.value in known:
                found[key.value] = value
            elif key.value in _LATER:
                self._log.add("E202", key.location, f"`{key.value}` is not yet supported")
            else:
                detail = f"unknown key `{key.value}` in {owner}"
                hint = nearest(key.value, known) or f"known keys: {', '.join(known)}"
                self._log.add("E201", key.location, detail, hint=hint)
        return found

    def lists(self, node: Node | None) -> Iterable[WordList]:
        """Read the mapping ``lists``."""
        for key, value in self._definitions(node, "lists"):
            if not _LIST_NAME.fullmatch(key.value):
                self._name_problem(key, "a list name has small letters, digits and _")
            elif isinstance(value, Mapping):
                self._log.add("E202", value.location, "lists from files are not yet supported")
            else:
                entries = self._entries(value, f"list {key.value}")
                yield WordList(key.value, key.location, entries)

    def categories(self, node: Node | None) -> Iterable[Category]:
        """Read the mapping ``categories``."""
        for key, value in self._definitions(node, "categories"):
            if not _CATEGORY_ID.fullmatch(key.value) or len(key.value) > LIMITS.category_id:
                allowed = "small letters, digits, _ and dots between"
                detail = f"a category id has {allowed}, at most {LIMITS.category_id} in all"
                self._name_problem(key, detail)
            else:
                yield self._category(key, value)

    def _definitions(self, node: Node | None, name: str) -> tuple[tuple[Scalar, Node], ...]:
        if node is None:
            return ()
        if isinstance(node, Mapping):
            return node.pairs
        self._shape_problem(node, f"`{name}` is a mapping from names to words")
        return ()

    def _category(self, key: Scalar, node: Node) -> Category:
        owner = f"category {key.value}"
        if not isinstance(node, Mapping):
            return Category(key.value, key.location, self._entries(node, owner))
        keys = self.keys(node, _CATEGORY_KEYS, owner)
        if "match" not in keys:
            hint = "the words to find, as a list"
            self._log.add("E205", key.location, f"`match` is missing in {owner}", hint=hint)
        severity = self._choice(keys.get("severity"), "severity", SEVERITIES)
        return Category(
            id=key.value,
            location=key.location,
            entries=self._entries(keys["match"], owner) if "match" in keys else (),
            excepts=self._except(keys.get("except")),
            examples=tuple(self._examples(keys.get("tests"))),
            label=self._text(keys.get("label"), "label"),
            description=self._text(keys.get("description"), "description"),
            severity=next((s for s in SEVERITIES if s == severity), None),
            threshold=self._threshold(keys.get("threshold")),
        )

    # --------------------------------------------------------------- entries

    def _entries(self, node: Node, owner: str) -> tuple[Entry, ...]:
        read = [self._entry(item) for item in self._items(node, owner)]
        if isinstance(node, Sequence) and not node.items:
            self._log.add("E204", node.location, f"nothing to find in {owner}")
        return tuple(entry for entry in read if entry is not None)

    def _entry(self, node: Node) -> Entry | None:
        if not isinstance(node, Mapping):
            keyword = self._keyword(node)
            return Entry(keyword) if keyword else None
        if not self._is_long_form(node):
            return None
        keys = self.keys(node, _LONG_FORM_KEYS, "the long form of a keyword")
        if "word" not in keys:
            if keys or not node.pairs:
                self._log.add("E205", node.location, "`word` is missing")
            return None
        exact_case = self._choice(keys.get("case"), "case", ("exact", "any")) == "exact"
        keyword = self._keyword(keys["word"], exact_case=exact_case, forms=self._forms(keys))
        weight = self._number(keys["weight"], "weight") if "weight" in keys else None
        identity = self._text(keys.get("id"), "id")
        ids = (identity,) if identity else ()
        return Entry(keyword, weight, self._except(keys.get("except")), ids) if keyword else None

    def _is_long_form(self, node: Mapping) -> bool:
        """Tell a long form from a line that only became a mapping through its colon."""
        if len(node.pairs) != 1:
            return True
        key = node.pairs[0][0]
        if key.value in _LONG_FORM_KEYS or key.value in _LATER:
            return True
        detail = f"`{key.value}: …` is a mapping here, not a keyword"
        hint = "a colon with a space after it needs quotes around the whole line"
        self._log.add("E203", key.location, detail, hint=hint)
        return False

    def _keyword(
        self,
        node: Node,
        *,
        exact_case: bool = False,
        forms: FormsKind | tuple[str, ...] = "default",
    ) -> Keyword | None:
        text = self._scalar(node, "a keyword")
        if text is None:
            return None
        return self._keywords.read(text, node.location, exact_case=exact_case, forms=forms)

    def _forms(self, keys: dict[str, Node]) -> FormsKind | tuple[str, ...]:
        node = keys.get("forms")
        if isinstance(node, Sequence):
            read = [self._scalar(item, "a form") for item in node.items]
            return tuple(form for form in read if form is not None)
        chosen = self._choice(node, "forms", _FORMS)
        return next((kind for kind in _FORMS if kind == chosen), "default")

    def _except(self, node: Node | None) -> tuple[Keyword, ...]:
        if node is None:
            return ()
        read = [self._keyword(item) for item in self._items(node, "`except`")]
        return tuple(keyword for keyword in read if keyword is not None)

    # -------------------------------------------------------------- examples

    def _examples(self, node: Node | None) -> Iterable[Example]:
        if node is None:
            return
        if not isinstance(node, Mapping):
            self._shape_problem(node, "`tests` is a mapping with `tag` and `skip`")
            return
        keys = self.keys(node, _TEST_KEYS, "tests")
        for kind in _TEST_KEYS:
            for item in self._items(keys[kind], f"`{kind}`") if kind in keys else ():
                example = self._example("tag" if kind == "tag" else "skip", item)
                if example is not None:
                    yield example

    def _example(self, kind: str, node: Node) -> Example | None:
        text = self._scalar(node, "a test sentence")
        if text is None:
            return None
        plain, marks = _split_marks(text)
        if marks is None:
            detail = "`[[` and `]]` do not pair up"
            hint = "write `\\[[` for the characters themselves"
            self._log.add("E307", node.location, detail, hint=hint)
            return None
        if kind == "skip" and marks:
            detail = "a sentence under `skip` has no evidence to mark"
            self._log.add("E307", node.location, detail)
            return None
        return Example("tag" if kind == "tag" else "skip", plain, marks or None, node.location)

    # ---------------------------------------------------------------- values

    def _items(self, node: Node, owner: str) -> tuple[Node, ...]:
        if isinstance(node, Sequence):
            return node.items
        if isinstance(node, Scalar) and not node.quoted and node.value in _NULLS:
            self._log.add("E204", node.location, f"{owner} is empty")
            return ()
        self._shape_problem(node, f"{owner} needs a list")
        return ()

    def _scalar(self, node: Node, owner: str) -> str | None:
        """Give the author's words as they stand; report what is empty or no text."""
        if not isinstance(node, Scalar):
            hint = ""
            if isinstance(node, Sequence):
                hint = "a line that begins with `[` needs quotes"
            if isinstance(node, Mapping):
                hint = "a colon with a space after it needs quotes around the whole line"
            self._shape_problem(node, f"{owner} is text, not {_kind(node)}", hint)
            return None
        if node.value.strip() == "" or (not node.quoted and node.value in _NULLS):
            hint = f"put it in quotes if the word is meant: '{node.value}'" if node.value else ""
            self._log.add("E204", node.location, f"{owner} is empty", hint=hint)
            return None
        return node.value

    def _text(self, node: Node | None, key: str) -> str:
        return (self._scalar(node, f"`{key}`") or "").strip() if node is not None else ""

    def _choice(self, node: Node | None, key: str, allowed: Iterable[str]) -> str:
        if node is None:
            return ""
        value = self._scalar(node, f"`{key}`")
        if value is not None and value not in allowed:
            detail = f"`{key}` can be {', '.join(allowed)}; not `{value}`"
            self._log.add("E206", node.location, detail, hint=nearest(value, allowed))
            return ""
        return value or ""

    def _number(self, node: Node, key: str) -> Fraction | None:
        value = self._scalar(node, f"`{key}`")
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            detail = f"`{key}` is a number with at most three decimals; not `{value}`"
            self._log.add("E206", node.location, detail)
            return None
        return Fraction(value)

    def _threshold(self, node: Node | None) -> Fraction:
        number = self._number(node, "threshold") if node is not None else None
        if number is not None and number <= 0 and node is not None:
            self._log.add("E206", node.location, "`threshold` must be above 0")
            return Fraction(1)
        return number if number is not None else Fraction(1)

    # -------------------------------------------------------------- problems

    def _shape_problem(self, node: Node, detail: str, hint: str = "") -> None:
        self._log.add("E203", node.location, detail, hint=hint)

    def _name_problem(self, key: Scalar, detail: str) -> None:
        self._log.add("E207", key.location, f"`{key.value}`: {detail}")


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return "text"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def _keywords(category: Category) -> Iterable[Keyword]:
    yield from category.excepts
    for entry in category.entries:
        yield entry.keyword
        yield from entry.excepts


_MARK: Final = re.compile(r"\\\[\[|\\\]\]|\[\[|\]\]")


def _split_marks(text: str) -> tuple[str, tuple[tuple[int, int], ...] | None]:
    """Take ``[[ ]]`` out of a test sentence; give its spans, or None where they do not pair."""
    plain: list[str] = []
    marks: list[tuple[int, int]] = []
    length = done = 0
    start: int | None = None
    for found in _MARK.finditer(text):
        kept = text[done : found.start()]
        sign = found.group()
        literal = sign[1:] if sign.startswith("\\") else ""
        plain += (kept, literal)
        length += len(kept) + len(literal)
        done = found.end()
        if literal:
            continue
        if (sign == "[[") == (start is not None) or start == length:
            return text, None
        if start is None:
            start = length
        else:
            marks.append((start, length))
            start = None
    plain.append(text[done:])
    return "".join(plain), None if start is not None else tuple(marks)
