"""Comments of rule and list files: what ``# allow: name`` silences, and words taken for one."""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import yaml

from ruletag.linting.names import CODE_OF, NAMES
from ruletag.problems import Location, Problem, nearest, quoted
from ruletag.rules.patches import Source, yaml_lines

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAY_MATTER: Final = re.compile(r"(?:^|[ \t])#(?:[0-9a-z]|[ \t]*allow\b)", re.MULTILINE)
_SIGN: Final = re.compile(r"(?:^|(?<=[ \t]))#", re.MULTILINE)
_ALLOW: Final = re.compile(r"#[ \t]*allow[ \t]*:(.*)")
_MOST_COMMENTS: Final = 20  # lines of them between an `allow` and what it is about
_NAME: Final = re.compile(r"[^\s,]+")
_NAMES: Final = re.compile(r"\s*[^\s,]+[^,]*(?:,|$)")
# What is left of a word that YAML cut in two: `C #1`, `smuggl #ing`.
_CUT_OFF: Final = re.compile(r"#(?:[0-9]+|ing|ed|er|ers|es|s|ion|ions)\b[^#]*$")
_ENDS_A_WORD: Final = re.compile(r"[\w.]$")


class Comment(NamedTuple):
    """A comment: where it begins, and what stands before it in its line."""

    location: Location
    text: str
    before: str

    @property
    def is_alone(self) -> bool:
        """Say whether nothing stands before it."""
        return not self.before.strip()


def comments(source: Source) -> Iterator[Comment]:
    """Give the comments of a rule file or ``.txt`` list, where there may be one that matters."""
    if not _MAY_MATTER.search(source.text):
        return
    is_rules = source.file.lower().endswith((".yaml", ".yml"))
    scalars = list(_scalars(source)) if is_rules else []
    lines = yaml_lines(source.text)
    last = next_scalar = 0
    for found in _SIGN.finditer(source.text):
        index = found.start()
        while next_scalar < len(scalars) and scalars[next_scalar][1] <= index:
            next_scalar += 1
        is_inside = next_scalar < len(scalars) and scalars[next_scalar][0] <= index
        number = source.line(index)
        if is_inside or number == last:
            continue
        last = number
        begin = source.index(number, 1)
        text = lines[number - 1][index - begin :]
        place = Location(source.file, number, index - begin + 1, len(text))
        yield Comment(place, text, source.text[begin:index])


def _scalars(source: Source) -> Iterator[tuple[int, int]]:
    """Give where each scalar begins and ends."""
    for token in yaml.scan(source.text, Loader=_LOADER):
        if isinstance(token, yaml.ScalarToken):
            start, end = token.start_mark, token.end_mark
            yield (
                source.index(start.line + 1, start.column + 1),
                source.index(end.line + 1, end.column + 1),
            )


# ------------------------------------------------------------------ words cut off


def cut_off(found: Iterable[Comment]) -> Iterator[Problem]:
    """Report comments that look like the rest of a word."""
    for comment in found:
        before = comment.before.rstrip()
        rest = _CUT_OFF.match(comment.text)
        if rest is None or not _ENDS_A_WORD.search(before):
            continue
        word = re.split(r"^\s*- +|[\[,:] +", before)[-1].strip()
        detail = f"{quoted(comment.text)} is a comment: only {quoted(word)} is sought"
        hint = f"write {quoted(f'{chr(34)}{word} {comment.text}{chr(34)}')} to seek it all"
        yield Problem(comment.location, "W519", detail, f"{hint}, or put a space behind `#`")


# ------------------------------------------------------------------------- allow


class Allow(NamedTuple):
    """One name after ``# allow:``, and the lines in which it silences its warning."""

    name: str
    location: Location
    first: int
    last: int


class Allows:
    """What comments of one file silence."""

    def __init__(self, allows: Iterable[Allow]) -> None:
        self._at: dict[tuple[str, int], list[Allow]] = {}
        self._idle: dict[Allow, None] = {}
        for allow in allows:
            self._idle[allow] = None
            code = CODE_OF.get(allow.name, "")
            for line in range(allow.first, allow.last + 1) if code else ():
                self._at.setdefault((code, line), []).append(allow)

    def silences(self, problem: Problem) -> bool:
        """Say whether a warning is silenced; what silences it is not idle."""
        found = self._at.get((problem.code, problem.location.line), ())
        for allow in found:
            self._idle.pop(allow, None)
        return bool(found)

    def problems(self) -> Iterator[Problem]:
        """Report names that are unknown or silence nothing."""
        for allow in self._idle:
            if allow.name in CODE_OF:
                detail = f"`allow: {allow.name}` silences nothing here"
                yield Problem(allow.location, "W528", detail, "delete it")
            else:
                detail = f"there is no warning named {quoted(allow.name)}"
                known = NAMES.get(allow.name.upper(), "")
                hint = f"write `{known}`" if known else nearest(allow.name, CODE_OF)
                yield Problem(allow.location, "W527", detail, hint)


def allows(source: Source, found: Iterable[Comment], keys: AbstractSet[int]) -> Allows:
    """Give what comments silence; ``keys`` are the lines where categories and lists begin."""
    lines = yaml_lines(source.text)
    return Allows(allow for comment in found for allow in _allows(comment, lines, keys))


def _allows(comment: Comment, lines: list[str], keys: AbstractSet[int]) -> Iterator[Allow]:
    match = _ALLOW.match(comment.text)
    if match is None:
        return
    first, last = _reach(comment, lines, keys)
    for found in _NAMES.finditer(match[1]):
        name = _NAME.search(found.group())
        if name is not None:
            column = comment.location.column + match.start(1) + found.start() + name.start()
            place = comment.location._replace(column=column, length=len(name.group()))
            yield Allow(name.group(), place, first, last)


def _reach(comment: Comment, lines: list[str], keys: AbstractSet[int]) -> tuple[int, int]:
    """Give the lines that a comment speaks of: its own or the next, with what is below a key."""
    number = comment.location.line
    code = comment.before
    if comment.is_alone:
        last = min(len(lines), number + _MOST_COMMENTS)
        below = (i for i in range(number, last) if not lines[i].lstrip().startswith("#"))
        number = next(below, number) + 1
        code = lines[number - 1] if number <= len(lines) else ""
    if number not in keys and not code.rstrip().endswith(":"):
        return number, number
    return number, _last_below(lines, number)


def without_name(source: Source, name: Location) -> tuple[int, int]:
    """Give what to delete for one name after ``# allow:``: the comment, if it is the only one."""
    start, end = source.span(name)
    begin = source.index(name.line, 1)
    line = yaml_lines(source.text[begin:end] + source.text[end:].split("\n", 1)[0])[0]
    rest = line[end - begin :]
    following = re.match(r"[^,]*,[ \t]*(?=\S)", rest)
    before = re.search(r",[ \t]*$", line[: start - begin])
    if following:
        return start, end + following.end()
    if before:
        return begin + before.start(), begin + len(line)
    comment = begin + line.rindex("#", 0, start - begin)
    if source.text[begin:comment].strip():
        return begin + len(source.text[begin:comment].rstrip()), begin + len(line)
    return begin, min(len(source.text), begin + len(line) + 1)


def _last_below(lines: list[str], number: int) -> int:
    """Give the last line that belongs to the key in a line."""
    indent = _indent(lines[number - 1])
    last = number
    for i in range(number, len(lines)):
        line = lines[i]
        if not line.strip():
            continue
        is_item = _indent(line) == indent and line.lstrip().startswith("- ")
        if _indent(line) <= indent and not is_item and line.lstrip()[0] not in "]}":
            break
        last = i + 1
    return last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
