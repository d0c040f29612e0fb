"""Read a plain word list: one word or phrase a line, ``#`` begins a comment."""

import re
from typing import Final, NamedTuple

from ruletag.limits import LIMITS
from ruletag.rules.importers.rulefile import (
    Category,
    Comment,
    Entry,
    Imported,
    Line,
    Remark,
    Source,
    UnreadableError,
    Word,
    decode,
    literal,
    why_not,
)

_COMMENT: Final = re.compile(r"(?:^|\s)#")
_BREAK: Final = re.compile(r"\r\n|[\n\r]")
_MARKED: Final = re.compile(r"[^\W_]{3}\*$|[^\W_]~$")
_MEANT: Final = {
    "*": "every word that begins so is meant",
    "~": "all forms of the verb are meant",
}
# A longer list is kept as a list file, which the rule file names.
_MOST_IN_A_RULE_FILE: Final = 20_000
_MOST_BYTES: Final = LIMITS.rule_file // 4
_HEAD: Final = (
    "Imported from the word list {name}.",
    "Each word is found in any case and takes its plural; `{{word: …, forms: none}}` stops that.",
)


class _Read(NamedTuple):
    lines: list[Line]
    words: int
    repeated: int


def read(source: Source) -> Imported:
    """Give one category with every word of the list."""
    found = _read(decode(source.content))
    if not found.words and not any(isinstance(line, Remark) for line in found.lines):
        raise UnreadableError([(0, 0, "there is no word in it")])
    head = [line.format(name=source.shown) for line in _HEAD]
    if found.repeated:
        head.append(f"Lines that only repeat another are left out: {found.repeated:,}.")
    category = Category(source.id, tuple(found.lines))
    if found.words <= _MOST_IN_A_RULE_FILE and len(source.content) <= _MOST_BYTES:
        return Imported(tuple(head), (category,))
    return Imported(tuple(head), (category,), (), _list_file(found.lines))


def _read(text: str) -> _Read:
    lines: list[Line] = []
    seen: set[str] = set()
    repeated = 0
    for number, written in enumerate(_BREAK.split(text), 1):
        comment = _COMMENT.search(written)
        word = written[: comment.start()] if comment else written
        if comment:
            lines.append(Comment(written[comment.end() :].strip("# \t")))
        if not word.strip():
            continue
        keyword = literal(word.strip())
        if keyword in seen:
            repeated += 1
            continue
        seen.add(keyword)
        lines += _lines(word, keyword, number)
    words = sum(isinstance(line, Entry) for line in lines)
    return _Read(lines, words, repeated)


def _lines(word: str, keyword: str, number: int) -> list[Line]:
    column = len(word) - len(word.lstrip()) + 1
    word = word.strip()
    why = why_not(keyword)
    if why:
        return [Remark(number, column, word, why)]
    entry = Entry(((Word(keyword),),))
    meant = _MEANT.get(word[-1]) if _MARKED.search(word) else None
    if meant:
        why = f"found as written; delete the backslash if {meant}"
        return [Remark(number, column, word, why, carried=True), entry]
    return [entry]


def _list_file(lines: list[Line]) -> str:
    """Write the words for a list file, where marks work as in a rule file."""
    return "".join(
        f"{line.groups[0][0].text}\n"
        if isinstance(line, Entry)
        else f"# {_said(line)}".rstrip() + "\n"
        for line in lines
    )


def _said(line: Remark | Comment) -> str:
    return line.text if isinstance(line, Comment) else str(line)
