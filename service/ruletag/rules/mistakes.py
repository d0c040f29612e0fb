"""Say in plain words what the YAML parser stumbled over, and guess at what was meant.

The parser speaks of tokens and nodes, and of the place where it gave up. The
author of a rule file thinks of lines, quotes and brackets.
"""

import re
from collections.abc import Callable
from typing import Final

_IN_QUOTES: Final = re.compile(r"^\s*(?:- +)*(?:[\w.]+: +)?(['\"])")
_MARKED: Final = re.compile(r"(?:^\s*|- +|: +)\[\[")
_STAR: Final = re.compile(r"\*([^\s,\]}*]{0,30})")
_NO_SPACE: Final = re.compile(r"^\s*(?:- +)?[\w.]+:(?=[^\s:/])")

_INDICATORS: Final = frozenset("!&*|>%@`?")
_ABOUT_THE_BEGINNING: Final = frozenset(
    {
        "could not find expected ':'",
        "found unexpected end of stream",
        "found unexpected document indicator",
        "did not find expected alphabetic or numeric character",
        "did not find expected comment or line break",
        "found unknown directive name",
    }
)

# What is wrong, and what to do about it.
Advice = tuple[str, str]

QUOTE_IT: Final = "put quotes around the whole text"
COLON: Final = "a text with a colon and a space in it needs quotes"
STAR: Final = "a star belongs at the end of a word: write `{0}*`, not `*{0}`"


def explain(complaint: str, line: str, column: int) -> Advice:
    """Give advice on what the parser says of a source line, at a column from 1."""
    before, rest = line[: column - 1], line[column - 1 :]
    if "\t" in before[: len(before) - len(before.lstrip())] or rest.startswith("\t"):
        return _TAB
    advise = _ADVICE.get(complaint)
    if advise is None:
        return _bad_start(before, rest) if rest[:1] in _INDICATORS else (complaint, "")
    return advise(before, rest)


def is_about_the_beginning(complaint: str) -> bool:
    """Say whether it matters where something began, and not where the parser gave it up."""
    return complaint in _ABOUT_THE_BEGINNING or complaint not in _ADVICE


def in_quotes(text: str) -> str:
    """Give the text the way it must be written to be taken as it is."""
    return '"' + text.replace("\\", "\\\\") + '"' if "'" in text else f"'{text}'"


def _misfit(before: str, rest: str) -> Advice:
    """Something stands where the list or mapping above should go on."""
    if before.strip() in {"", "-"}:
        if rest.startswith(":"):
            return "nothing stands before the colon", "write a name before it"
        return (
            "this line does not belong to what stands above it",
            "indent it by as many spaces as the lines it belongs to",
        )
    if _MARKED.search(before):
        return "a text cannot begin with `[[`", f"{QUOTE_IT}: '[[…]] …'"
    quote = _IN_QUOTES.match(before)
    if quote is None:
        return f"`{rest[:1]}` does not belong here", f"delete it, or {QUOTE_IT}"
    return _behind_quotes(before, rest, quote.group(1))


def _behind_quotes(before: str, rest: str, sign: str) -> Advice:
    if before.lstrip(" -") == sign:
        return "this quotation mark ends a text that began above", f"end that one with `{sign}`"
    if sign == "'" and "'" in rest:
        hint = "inside single quotes an apostrophe is written twice; or use double quotes"
        return "the apostrophe ends the quoted text", hint
    return "text behind the closing quotation mark", QUOTE_IT


def glued_colon(line: str) -> int:
    """Give the column of a colon that has no space behind it, or 0."""
    found = _NO_SPACE.match(line)
    return found.end() if found else 0


def _second_colon(before: str, rest: str) -> Advice:
    if glued_colon(before + rest) == len(before) + 1:
        return "no space stands behind this colon", "write a space after it"
    if re.search(r":\s", before):
        return "a second colon in one line", COLON
    hint = "is there no space after a colon or a dash, or no quotation mark, in the line above?"
    return "a key cannot stand here", hint


def _bad_start(before: str, rest: str) -> Advice:  # noqa: ARG001
    sign = "a backquote" if rest[:1] == "`" else f"`{rest[:1]}`"
    return f"a text cannot begin with {sign}", QUOTE_IT


def _star_or_ampersand(before: str, rest: str) -> Advice:
    star = _STAR.match(rest)
    if star is None:
        return _bad_start(before, rest)
    hint = STAR.format(star.group(1)) if star.group(1) else "a star belongs at the end of a word"
    return "a text cannot begin with `*`", hint


def _nothing_before(before: str, rest: str) -> Advice:  # noqa: ARG001
    sign = rest[:1]
    if sign == "-":
        return "a list with dashes cannot stand inside brackets", "close the bracket first"
    detail = "nothing stands before this comma" if sign == "," else f"`{sign}` closes nothing"
    return detail, f"delete it, or {QUOTE_IT}"


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


_TAB: Final = ("a tab at the beginning of the line", "indent with spaces, not with tabs")
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
    "mapping keys are not allowed in this context": _bad_start,
    "found unexpected ':'": _fixed("a colon at the end of a word", QUOTE_IT),
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
    "did not find expected comment or line break": _bad_start,
    "did not find expected <document start>": _fixed(
        "nothing can follow here", "is there a line `...`, or a quotation mark too many, above?"
    ),
    "found a tab character where an indentation space is expected": _fixed(*_TAB),
    "found a tab character that violates indentation": _fixed(*_TAB),
    "found undefined tag handle": _fixed("a text cannot begin with `!`", QUOTE_IT),
    "found unknown directive name": _bad_start,
    "found incompatible YAML document": _fixed(
        "rule files are YAML 1.1 or 1.2", "delete the line that begins with `%YAML`"
    ),
}
