"""Read the categories and lists of one file, whose language is known."""

import re
from collections.abc import Iterator
from collections.abc import Sequence as SequenceType
from typing import Final, Literal

from ruletag.language.cues import CONTEXTS, DEFAULT_REACH, ContextName, CuedContext, Role
from ruletag.limits import LIMITS
from ruletag.problems import ProblemLog, cropped, quoted
from ruletag.rules.entries import IN_BRACKETS, EntryReader
from ruletag.rules.model import (
    SEVERITIES,
    STATUSES,
    About,
    Category,
    CueLine,
    Example,
    Keyword,
    Line,
    Reference,
    WordList,
)
from ruletag.rules.values import CATEGORY, CUE, CUES, LIST, TESTS, Keys, ValueReader
from ruletag.rules.wordlists import ListFileReader, ListOptions, ReadList
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence

_CATEGORY_ID: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")
_LIST_NAME: Final = re.compile(r"[a-z0-9_]+")
_OF_A_FILE: Final = frozenset({"file", "column", "id", "case", "forms"})
_CUE_ROLES: Final[tuple[Role, ...]] = ("before", "after", "never")
_CUED: Final[tuple[CuedContext, ...]] = ("negated", "hypothetical", "historical")
_LONGEST_REACH: Final = 100  # words
_LABEL: Final = "what people read goes into `label`"
_A_LINE_EACH: Final = "write one sentence a line, each after `- `"


class DefinitionReader:
    """Gives what one file defines; what is wrong goes to the log.

    ``knows_all_lists`` is false once a list was left out for a problem.
    """

    def __init__(self, language: str, log: ProblemLog, read_list: ReadList) -> None:
        self.knows_all_lists = True
        self._log = log
        self._values = ValueReader(log)
        self._language = language
        self._entries = EntryReader(language, log)
        self._read_list = read_list

    def lists(self, node: Node | None) -> Iterator[WordList]:
        """Read the mapping ``lists``."""
        for key, value in self._definitions(node, "lists"):
            word_list = self._list(key, value)
            if _LIST_NAME.fullmatch(key.value):
                yield word_list
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

    def cues(self, node: Node | None) -> Iterator[CueLine]:
        """Read the mapping ``cues``."""
        found = self._mapping(node, CUES, "`cues`")
        for keyword in self._cue_keywords(found.get("ends")):
            yield CueLine(keyword, "", "ends", 0)
        for context in _CUED:
            keys = self._mapping(found.get(context), CUE, f"`{context}`")
            reach = self._values.whole(keys.get("reach"), "reach", 0, _LONGEST_REACH)
            for role in _CUE_ROLES:
                for keyword in self._cue_keywords(keys.get(role)):
                    far = DEFAULT_REACH if reach is None else reach
                    yield CueLine(keyword, context, role, far)

    def _cue_keywords(self, node: Node | None) -> Iterator[Keyword]:
        for line in self._entries.exceptions(node):
            keyword = line.keyword
            if len(keyword.parts) > 1 or isinstance(keyword.parts[0], Reference):
                detail = f"{quoted(keyword.written)}: a cue is words side by side"
                hint = "write them out, without `...` and `$`"
                self._log.add("E206", keyword.location, detail, hint=hint)
            else:
                yield keyword

    def _mapping(self, node: Node | None, keys: Keys, owner: str) -> dict[str, Node]:
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            hint = f"below it stand {', '.join(f'`{key}:`' for key in keys.known)}"
            self._values.shape_problem(node, f"{owner} is a mapping", hint)
            return {}
        return self._values.keys(node, keys, owner)[0]

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

    def _in(self, node: Node | None) -> EntryReader:
        """Give the reader of entries for the language that a definition names."""
        language = self._values.language(node, self._language)
        return self._entries if language == self._language else EntryReader(language, self._log)

    # ------------------------------------------------------------------- lists

    def _list(self, key: Scalar, value: Node) -> WordList:
        owner = f"list {cropped(key.value)}"
        if isinstance(value, Mapping):
            return WordList(key.value, key.location, *self._list_mapping(value, owner))
        return WordList(key.value, key.location, self._entries.lines(value, owner))

    def _list_mapping(self, value: Mapping, owner: str) -> tuple[SequenceType[Line], str]:
        """Read the lines of a list that is more than its words, and the name of their file."""
        if self._values.is_words_in_braces(value):
            return (), ""
        if not any(key.value in LIST.known or key.value in LIST.guesses for key, _ in value.pairs):
            self._values.shape_problem(value, f"{owner} needs a list, not a mapping", IN_BRACKETS)
            return (), ""
        keys, is_complete = self._values.keys(value, LIST, owner)
        reader = self._in(keys.get("language"))
        self._refuse_without_effect(value, "words" if "words" in keys else "file")
        if "words" in keys:
            return reader.lines(keys["words"], owner), ""
        if "file" in keys and is_complete:
            return self._list_file(keys, reader)
        self.knows_all_lists = False
        if is_complete:
            hint = "as in `{file: lists/metals.txt}`; or " + IN_BRACKETS
            self._log.add("E205", value.location, f"{owner} has no words and no file", hint=hint)
        return (), ""

    def _refuse_without_effect(self, value: Mapping, subject: str) -> None:
        """Refuse keys that say nothing beside ``words``, or beside ``file``."""
        for key, node in value.pairs:
            if subject == "words" and key.value in _OF_A_FILE:
                hint = "give it to the words: `{word: lead, forms: none}`"
                if key.value in {"file", "column"}:
                    hint = "a list has its words here or in a file"
                self._log.add(
                    "E311", key.location, f"`{key.value}` has no effect on `words`", hint=hint
                )
            if subject == "file" and key.value == "forms" and isinstance(node, Sequence):
                hint = "write them into the file, or a column `forms` with `none` or `verb`"
                detail = "the words of a file cannot all have the same further forms"
                self._log.add("E311", key.location, detail, hint=hint)

    def _list_file(
        self, keys: dict[str, Node], reader: EntryReader
    ) -> tuple[SequenceType[Line], str]:
        """Read the lines of a list that stands in a file of its own."""
        node = keys["file"]
        path = self._values.text(node, "file")
        file = self._read_list(node, path) if path else None
        if file is None:
            self.knows_all_lists = False
            return (), ""
        name, content = file
        forms = reader.forms(keys.get("forms"))
        options = ListOptions(
            self._values.text(keys.get("column"), "column"),
            self._values.text(keys.get("id"), "id"),
            reader.exact_case(keys.get("case")),
            forms if isinstance(forms, str) else "default",
        )
        return ListFileReader(name, reader, self._log, options).read(content, node), name

    # -------------------------------------------------------------- categories

    def _category(self, key: Scalar, node: Node) -> Category:
        owner = f"category {cropped(key.value)}"
        if not isinstance(node, Mapping):
            return Category(key.value, key.location, self._entries.entries(node, owner))
        values = self._values
        if values.is_words_in_braces(node):
            return Category(key.value, key.location, ())
        keys, is_complete = values.keys(node, CATEGORY, owner)
        if "match" not in keys and is_complete:
            hint = "add the words to find: `match: [smuggle~, smuggler]`"
            self._log.add("E205", key.location, f"`match` is missing in {owner}", hint=hint)
        reader = self._in(keys.get("language"))
        status = values.choice(keys.get("status"), "status", STATUSES)
        return Category(
            id=key.value,
            location=key.location,
            entries=reader.entries(keys["match"], "`match`") if "match" in keys else (),
            excepts=reader.exceptions(keys.get("except")),
            unless=reader.entries(keys["unless"], "`unless`") if "unless" in keys else (),
            ignore=self._ignored(keys.get("ignore")),
            status=next((known for known in STATUSES if known == status), "on"),
            threshold=values.threshold(keys.get("threshold")),
            examples=tuple(self._examples(keys.get("tests"))),
            about=self._about(keys),
        )

    def _about(self, keys: dict[str, Node]) -> About:
        values = self._values
        severity = values.choice(keys.get("severity"), "severity", SEVERITIES)
        return About(
            label=values.text(keys.get("label"), "label"),
            description=values.text(keys.get("description"), "description"),
            severity=next((known for known in SEVERITIES if known == severity), None),
            owner=values.text(keys.get("owner"), "owner"),
            links=self._texts(keys.get("links"), "links"),
            meta=values.pairs(keys.get("meta"), "meta"),
            review_by=values.date(keys.get("review_by"), "review_by"),
        )

    def _texts(self, node: Node | None, key: str) -> tuple[str, ...]:
        if node is None:
            return ()
        items = self._values.items(node, f"`{key}`", f"as in `{key}: [https://example.org/rule]`")
        return tuple(filter(None, (self._values.text(item, key) for item in items)))

    def _ignored(self, node: Node | None) -> frozenset[ContextName]:
        if node is None:
            return frozenset()
        items = self._values.items(node, "`ignore`", f"list contexts: `[{CONTEXTS[0]}]`")
        chosen = {self._values.choice(item, "ignore", CONTEXTS) for item in items}
        return frozenset(context for context in CONTEXTS if context in chosen)

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
        kinds: tuple[Literal["tag", "skip", "todo"], ...] = ("tag", "skip", "todo")
        for kind in kinds:
            if kind in keys:
                for item in self._values.items(keys[kind], f"`{kind}`", _A_LINE_EACH):
                    example = self._example(kind, item)
                    yield from (example,) if example is not None else ()

    def _example(self, kind: Literal["tag", "skip", "todo"], node: Node) -> Example | None:
        text = self._values.scalar(node, "a test sentence")
        if text is None:
            return None
        try:
            plain, marks = split_marks(text)
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


def split_marks(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
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
