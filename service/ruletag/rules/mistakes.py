"""Say in plain words what the YAML parser stumbled over, and guess at what was meant.

The parser speaks of tokens and nodes, and of the place where it gave up. The
author of a rule file thinks of lines, quotes and brackets.
"""

import re
from collections.abc import Callable
from typing import Final

_IN_QUOTES: Final = re.compile(r"^\s*(?:- +)*(?:[\w.]+: +)?(['\"])")
_MARKED: Final = re.compile(r"(?:^\s*|- +|: +)\[\[")
_STAR: Final = re.compile(r"\*([^\s,\]}*]*)")
_NO_SPACE: Final = re.compile(r"^\s*(?:- +)?([\w.]+):(?=[^\s:/])")

# What is wrong, and what to do about it.
Advice = tuple[str, str]

QUOTE_IT: Final = "put quotes around the whole text"
COLON: Final = "a text with a colon and a space in it needs quotes around the whole"
STAR: Final = "a star belongs at the end of a word: write `{0}*`, not `*{0}`"


def explain(complaint: str, line: str, column: int) -> Advice:
    """Give advice on what the parser says of a source line, at a column from 1."""
    before, rest = line[: column - 1], line[column - 1 :]
    if "\t" in before[: len(before) - len(before.lstrip())] or rest.startswith("\t"):
        return "a tab at the beginning of the line", "indent with spaces, not with tabs"
    advise = _ADVICE.get(complaint)
    return advise(before, rest) if advise else (complaint, "")


def in_quotes(text: str) -> str:
    """Give the text the way it must be written to be taken as it is."""
    return '"' + text.replace("\\", "\\\\") + '"' if "'" in text else f"'{text}'"


def _misfit(before: str, rest: str) -> Advice:
    """Something stands where the list or mapping above should go on."""
    if before.strip() in {"", "-"}:
        if rest.startswith(("%", "---")):
            return "a line cannot begin so", QUOTE_IT
        return (
            "this line does not belong to what stands above it",
            "indent it by as many spaces as the lines it belongs to",
        )
    if _MARKED.search(before):
        return "text behind a list in brackets", f"{QUOTE_IT}: '[[…]] …'"
    quote = _IN_QUOTES.match(before)
    if quote is None:
        return f"`{rest[:1]}` does not belong here", QUOTE_IT
    if quote.group(1) == "'" and before.endswith("'") and rest[:1].isalpha():
        hint = "inside single quotes an apostrophe is written twice; or use double quotes"
        return "the apostrophe ends the quoted text", hint
    return "text behind the closing quotation mark", QUOTE_IT


def _second_colon(before: str, rest: str) -> Advice:  # noqa: ARG001 - of the shape all have
    glued = _NO_SPACE.match(before)
    if glued:
        return f"no space behind the colon of `{glued.group(1)}:`", "write a space after the colon"
    if re.search(r":\s", before):
        return "a second colon in one line", COLON
    hint = "is there no space after a colon or a dash, or no quotation mark, in the line above?"
    return "a key cannot stand here", hint


def _bad_start(before: str, rest: str) -> Advice:  # noqa: ARG001
    return f"a text cannot begin with `{rest[:1]}`", QUOTE_IT


def _star_or_ampersand(before: str, rest: str) -> Advice:
    sign = before.lstrip(" -")[-1:] or "*"
    star = _STAR.search(before)
    if star:
        word = star.group(1)
        hint = STAR.format(word) if word else "a star belongs at the end of a word"
        return "a text cannot begin with `*`", hint
    return f"a text cannot begin with `{rest[:1] if sign == ' ' else sign}`", QUOTE_IT


def _nothing_before(before: str, rest: str) -> Advice:  # noqa: ARG001
    sign = rest[:1]
    if sign == ",":
        return "nothing stands before this comma", "delete it, or put quotes around the whole text"
    return f"`{sign}` closes nothing", "delete it, or put quotes around the whole text"


def _not_separated(before: str, rest: str) -> Advice:  # noqa: ARG001
    return "something is missing before this", "put a comma between the words in brackets"


def _unclosed_quote(before: str, rest: str) -> Advice:
    sign = (rest or before[-1:] or '"')[0]
    return f"`{sign}` is never closed", f"add `{sign}` where the text ends"


def _escape(before: str, rest: str) -> Advice:  # noqa: ARG001
    hint = "write the backslash twice, or use single quotes, which take it as it is"
    return f"`{rest[:2]}` means nothing in double quotes", hint


def _fixed(detail: str, hint: str) -> Callable[[str, str], Advice]:
    return lambda _before, _rest: (detail, hint)


_ADVICE: Final[dict[str, Callable[[str, str], Advice]]] = {
    "did not find expected '-' indicator": _misfit,
    "did not find expected key": _misfit,
    "mapping values are not allowed in this context": _second_colon,
    "found character that cannot start any token": _bad_start,
    "did not find expected alphabetic or numeric character": _star_or_ampersand,
    "did not find expected node content": _nothing_before,
    "did not find expected ',' or ']'": _not_separated,
    "did not find expected ',' or '}'": _not_separated,
    "found unexpected end of stream": _unclosed_quote,
    "found unexpected document indicator": _unclosed_quote,
    "found unknown escape character": _escape,
    "could not find expected ':'": _fixed(
        "a line that is neither `key: value` nor `- word`",
        "begin it with `- ` in a list, or put a colon and a space behind the key",
    ),
    "block sequence entries are not allowed in this context": _fixed(
        "a list cannot begin in the middle of a line", "begin a new line with the `-`"
    ),
    "found invalid Unicode character escape code": _fixed(
        "the escape stands for no character", "write the character itself"
    ),
    "did not find expected hexdecimal number": _fixed(
        "the escape is too short", "write the character itself"
    ),
    "did not find expected comment or line break": _fixed(
        "a text cannot begin with `|` or `>`", QUOTE_IT
    ),
    "did not find expected <document start>": _fixed(
        "something follows the end of the document", "delete the line `...` above it"
    ),
    "found undefined tag handle": _fixed("a text cannot begin with `!`", QUOTE_IT),
    "found unknown directive name": _fixed("a line cannot begin with `%`", QUOTE_IT),
    "found incompatible YAML document": _fixed(
        "rule files are YAML 1.1 or 1.2", "delete the line that begins with `%YAML`"
    ),
}
