"""Read the categories and lists of one file, whose language is known."""

import re
from collections.abc import Iterator
from typing import Final, Literal

from ruletag.limits import LIMITS
from ruletag.problems import ProblemLog, cropped, nearest, quoted
from ruletag.rules.keywords import Forms, KeywordReader
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
from ruletag.rules.values import CATEGORY, LONG_FORM, TESTS, ValueReader
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

_CATEGORY_ID: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_LIST_NAME: Final = re.compile(r"[a-z0-9_]+")
_FORMS: Final[tuple[FormsKind, ...]] = ("none", "plural", "verb")
_IN_BRACKETS: Final = "list its words: `[smuggle~, smuggler]`"
_LABEL: Final = "what people read goes into `label`"
_A_LINE_EACH: Final = "write one sentence a line, each after `- `"


class DefinitionReader:
    """Gives what one file defines; what is wrong goes to the log.

    ``knows_all_lists`` is false once a list was left out for a problem.
    """

    def __init__(self, language: str, log: ProblemLog) -> None:
        self.knows_all_lists = True
        self._log = log
        self._values = ValueReader(log)
        self._keywords = KeywordReader(language, log)

    def lists(self, node: Node | None) -> Iterator[WordList]:
        """Read the mapping ``lists``."""
        for key, value in self._definitions(node, "lists"):
            entries = self._list_entries(key, value)
            if _LIST_NAME.fullmatch(key.value):
                yield WordList(key.value, key.location, entries)
            else:
                detail = f"{quoted(key.value)}: a list name has small letters, digits and _"
                better = _plain_name(key.value).replace(".", "_")
                hint = f"write `{better}`" if better else "write it in Latin letters"
                self._log.add("E207", key.location, detail, hint=hint)
                self.knows_all_lists = False

    def categories(self, node: Node | None) -> Iterator[Category]:
        """Read the mapping ``categories``."""
        for key, value in self._definitions(node, "categories"):
            category = self._category(key, value)
            if not _CATEGORY_ID.fullmatch(key.value):
                detail = f"{quoted(key.value)}: a category id has small letters, digits, _ and dots"
                better = _plain_name(key.value)
                hint = f"write {f'`{better}`' if better else 'it in Latin letters'}; {_LABEL}"
                self._log.add("E207", key.location, detail, hint=hint)
            elif len(key.value) > LIMITS.category_id:
                detail = f"{quoted(key.value)}: {len(key.value):,} characters in a category id"
                hint = f"at most {LIMITS.category_id}; {_LABEL}"
                self._log.add("E207", key.location, detail, hint=hint)
            else:
                yield category

    def _definitions(self, node: Node | None, name: str) -> tuple[tuple[Scalar, Node], ...]:
        if node is None:
            return ()
        if isinstance(node, Mapping) and (node.pairs or not node.is_whole):
            self.knows_all_lists = self.knows_all_lists and node.is_whole
            return node.pairs
        self.knows_all_lists = self.knows_all_lists and name != "lists"
        example = "as in `smuggling: [smuggle~, smuggler]`, indented by two spaces"
        if isinstance(node, Sequence):
            detail = f"`{name}` is a mapping from names to words, not a list"
            hint = "delete the dashes: `smuggling:`, not `- smuggling:`"
            self._values.shape_problem(node, detail, hint)
        elif isinstance(node, Mapping):
            self._log.add("E204", node.location, f"`{name}` is empty", hint=example)
        elif self._values.scalar(node, f"`{name}`", example) is not None:
            detail = f"`{name}` is a mapping from names to words, not text"
            self._values.shape_problem(node, detail, example)
        return ()

    # ------------------------------------------------------------- definitions

    def _list_entries(self, key: Scalar, value: Node) -> tuple[Entry, ...]:
        owner = f"list {cropped(key.value)}"
        if not isinstance(value, Mapping):
            return self._entries(value, owner)
        if any(inner.value in {"file", "column"} for inner, _ in value.pairs):
            detail = "lists from files are not yet supported"
            hint = "write the words here, in brackets"
            self._log.add("E202", value.location, detail, hint=hint)
        elif not self._values.is_words_in_braces(value):
            self._values.shape_problem(value, f"{owner} needs a list, not a mapping", _IN_BRACKETS)
        return ()

    def _category(self, key: Scalar, node: Node) -> Category:
        owner = f"category {cropped(key.value)}"
        if not isinstance(node, Mapping):
            return Category(key.value, key.location, self._entries(node, owner))
        values = self._values
        if values.is_words_in_braces(node):
            return Category(key.value, key.location, ())
        keys, is_complete = values.keys(node, CATEGORY, owner)
        if "match" not in keys and is_complete:
            hint = "add the words to find: `match: [smuggle~, smuggler]`"
            self._log.add("E205", key.location, f"`match` is missing in {owner}", hint=hint)
        severity = values.choice(keys.get("severity"), "severity", SEVERITIES)
        return Category(
            id=key.value,
            location=key.location,
            entries=self._entries(keys["match"], "`match`") if "match" in keys else (),
            excepts=self._except(keys.get("except")),
            examples=tuple(self._examples(keys.get("tests"))),
            label=values.text(keys.get("label"), "label"),
            description=values.text(keys.get("description"), "description"),
            severity=next((s for s in SEVERITIES if s == severity), None),
            threshold=values.threshold(keys.get("threshold")),
        )

    # ----------------------------------------------------------------- entries

    def _entries(self, node: Node, owner: str) -> tuple[Entry, ...]:
        read = map(self._entry, self._values.items(node, owner, _IN_BRACKETS))
        return tuple(entry for entry in read if entry is not None)

    def _entry(self, node: Node) -> Entry | None:
        if not isinstance(node, Mapping):
            keyword = self._keyword(node)
            return Entry(keyword) if keyword else None
        if self._values.is_words_in_braces(node) or not self._is_long_form(node):
            return None
        values = self._values
        keys, is_complete = values.keys(node, LONG_FORM, LONG_FORM.of)
        if "word" not in keys:
            if is_complete:
                hint = "as in `{word: lead, case: exact}`"
                self._log.add("E205", node.location, "`word` is missing", hint=hint)
            return None
        exact_case = values.choice(keys.get("case"), "case", ("exact", "any")) == "exact"
        forms = self._forms(keys.get("forms"))
        keyword = self._keyword(keys["word"], exact_case=exact_case, forms=forms)
        weight = values.number(keys.get("weight"), "weight")
        excepts = self._except(keys.get("except"))
        identity = values.text(keys.get("id"), "id")
        if keyword is None:
            return None
        self._refuse_without_effect(keyword, keys)
        return Entry(keyword, weight, excepts, (identity,) if identity else ())

    def _refuse_without_effect(self, keyword: Keyword, keys: dict[str, Node]) -> None:
        """Refuse what would say how a whole list is found."""
        for key in ("case", "forms"):
            if key in keys and all(isinstance(part, ListReference) for part in keyword.parts):
                detail = f"`{key}` says nothing about a list"
                hint = "give it to the words in the list"
                self._log.add("E206", keys[key].location, detail, hint=hint)

    def _is_long_form(self, node: Mapping) -> bool:
        """Tell a long form from a line that only became a mapping through its colon."""
        if len(node.pairs) != 1:
            return True
        key = node.pairs[0][0].value
        if key in LONG_FORM.known or key in LONG_FORM.later or key in LONG_FORM.guesses:
            return True
        if key.islower() and nearest(key, LONG_FORM.known):
            return True
        self._values.scalar(node, "a keyword")
        return False

    def _keyword(
        self, node: Node, *, exact_case: bool = False, forms: Forms = "default"
    ) -> Keyword | None:
        text = self._values.scalar(node, "a keyword")
        if text is None or not isinstance(node, Scalar):
            return None
        if node.over_lines and not node.quoted:
            hint = "begin each keyword with `- `, all indented alike; or end the line with a comma"
            detail = f"{quoted(text)} stands on more than one line"
            self._log.add("E310", node.location, detail, hint=hint)
            return None
        return self._keywords.read(text, node.location, exact_case=exact_case, forms=forms)

    def _forms(self, node: Node | None) -> Forms:
        if not isinstance(node, Sequence):
            chosen = self._values.choice(node, "forms", _FORMS)
            return next((known for known in _FORMS if known == chosen), "default")
        forms = []
        for item in self._values.items(node, "`forms`", "leave it out, or write `none`"):
            text = self._values.scalar(item, "a form")
            form = self._keywords.read_form(text, item.location) if text is not None else None
            forms += [form] if form is not None else []
        return tuple(forms)

    def _except(self, node: Node | None) -> tuple[Keyword, ...]:
        if node is None:
            return ()
        read = map(self._keyword, self._values.items(node, "`except`", _IN_BRACKETS))
        return tuple(keyword for keyword in read if keyword is not None)

    # ---------------------------------------------------------------- examples

    def _examples(self, node: Node | None) -> Iterator[Example]:
        if node is None:
            return
        if not isinstance(node, Mapping):
            hint = "put the sentences under `tag:` or `skip:`"
            detail = "`tests` is a mapping with `tag` and `skip`"
            self._values.shape_problem(node, detail, hint)
            return
        keys, _ = self._values.keys(node, TESTS, "`tests`")
        kinds: tuple[Literal["tag", "skip"], ...] = ("tag", "skip")
        for kind in kinds:
            if kind in keys:
                for item in self._values.items(keys[kind], f"`{kind}`", _A_LINE_EACH):
                    example = self._example(kind, item)
                    yield from (example,) if example is not None else ()

    def _example(self, kind: Literal["tag", "skip"], node: Node) -> Example | None:
        text = self._values.scalar(node, "a test sentence")
        if text is None:
            return None
        try:
            plain, marks = _split_marks(text)
        except _MarksError as error:
            place = node.location.piece(text, *error.at)
            self._log.add("E307", place, str(error), hint=error.hint)
            return None
        if kind == "skip" and marks:
            detail = "a sentence under `skip` has no evidence to mark"
            hint = "take `[[` and `]]` out, or move the sentence to `tag:`"
            self._log.add("E307", node.location, detail, hint=hint)
            return None
        return Example(kind, plain, marks or None, node.location)


def _plain_name(name: str) -> str:
    """Give a name as near to an author's as ids allow, or nothing."""
    plain = re.sub(r"[^a-z0-9_.]+", "_", name[:200].lower())
    parts = (part.strip("_") for part in plain.split("."))
    return ".".join(part for part in parts if part)[: LIMITS.category_id]


# ----------------------------------------------------------------------- marks

_MARK: Final = re.compile(r"\\\[\[|\\\]\]|\[\[|\]\]")
_LITERALLY: Final = "write `\\[[` for the characters themselves"


class _MarksError(Exception):
    """The marks in a test sentence cannot be read; ``at`` says which."""

    def __init__(self, detail: str, hint: str, at: tuple[int, int]) -> None:
        super().__init__(detail)
        self.hint, self.at = hint, at


def _split_marks(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Take ``[[ ]]`` out of a test sentence, and give the spans that they marked."""
    plain = ""
    marks: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    start = done = 0
    for found in _MARK.finditer(text):
        plain += text[done : found.start()]
        done = found.end()
        sign = found.group()
        if sign.startswith("\\"):
            plain += sign[1:]
        elif sign == "[[" and opened is None:
            opened, start = found, len(plain)
        elif sign == "]]" and opened is not None:
            _check_marked(plain[start:], (opened.start(), found.end()))
            marks.append((start, len(plain)))
            opened = None
        else:
            raise _MarksError("`[[` and `]]` do not pair up", _LITERALLY, found.span())
    if opened is not None:
        hint = f"add `]]` where the evidence ends, or {_LITERALLY}"
        raise _MarksError("this `[[` is never closed", hint, opened.span())
    return plain + text[done:], tuple(marks)


def _check_marked(evidence: str, at: tuple[int, int]) -> None:
    if not evidence.strip():
        raise _MarksError("nothing stands between `[[` and `]]`", _LITERALLY, at)
    if evidence != evidence.strip():
        hint = f"write {quoted(f'[[{evidence.strip()}]]')}"
        raise _MarksError("evidence does not begin or end with a space", hint, at)
