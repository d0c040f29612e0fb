"""Read documents that people labelled, to measure rules by them.

A line is a document: ``labels`` are the categories that apply. Where a second
reader could well differ a category stands in ``borderline``: in both it is a weak
yes, only there a weak no. Labels must be right to be of use, so a faulty line is
never passed over: it is a `Fault`, and nothing is measured.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Final, NamedTuple

import msgspec

from ruletag.limits import LIMITS

MOST_LINE: Final = 6 * LIMITS.text + LIMITS.line  # bytes; JSON may write six for one
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_WHERE: Final = re.compile(r" - at `\$\.?(?P<member>.*)`$")
_TYPES: Final = {
    "`array`": "a list",
    "`object`": "an object",
    "`str`": "a string",
    "`int`": "a whole number",
    "`bool`": "true or false",
    "`null`": "null",
    "`float`": "a number with a fraction",
    "`int | str`": "a string or a whole number",
    "`int | str | null`": "a string or a whole number",
    "`int | null`": "a whole number",
}
_MOST_QUOTED: Final = 40  # characters of a document's own words in a fault

_Id = Annotated[str, msgspec.Meta(min_length=1)]


class Quote(msgspec.Struct, frozen=True):
    """A stretch of a document for which it has a label: ``text[start:end]``, in code points.

    It stands in the title where ``in_title``.
    """

    category: str
    start: int
    end: int
    quote: str
    in_title: bool = False


class Gold(NamedTuple):
    """A labelled document; ``line`` is where it stands in its file."""

    line: int
    id: str | int | None
    text: str
    title: str
    labels: frozenset[str]
    borderline: frozenset[str]
    evidence: tuple[Quote, ...]

    @property
    def named(self) -> frozenset[str]:
        """All categories that it names."""
        return self.labels | self.borderline

    def has(self, category: str) -> bool:
        """Say whether a category applies: by a label of its own, or by one below it."""
        return _names(self.labels, category)

    def is_borderline(self, category: str) -> bool:
        """Say whether a second reader could differ about a category."""
        return not _names(self.labels - self.borderline, category) and _names(
            self.borderline, category
        )

    def quotes(self, category: str) -> tuple[Quote, ...]:
        """Give the evidence for a category and for those below it."""
        return tuple(q for q in self.evidence if is_within(q.category, category))


class Fault(NamedTuple):
    """A line that cannot be used, and why."""

    line: int
    reason: str


def is_within(id_: str, category: str) -> bool:
    """Say whether an id is the category's, or that of one below it."""
    return id_ == category or id_.startswith(f"{category}.")


def _are_akin(one: str, other: str) -> bool:
    """Say whether one id is the other's, or stands above or below it."""
    return is_within(one, other) or is_within(other, one)


def _names(ids: Iterable[str], category: str) -> bool:
    return any(is_within(id_, category) for id_ in ids)


def read_gold(lines: Iterable[bytes]) -> Iterator[Gold | Fault]:
    """Give the documents of a file, or why a line cannot be used; empty lines are passed over."""
    seen: dict[str | int, int] = {}
    for number, line in enumerate(lines, 1):
        content = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if not content.strip():
            continue
        try:
            gold = _gold(number, _read(content))
            _check_id(gold, seen)
        except _LineError as error:
            yield Fault(number, str(error))
        else:
            yield gold


# ----------------------------------------------------------------- reading a line


class _LineError(ValueError):
    """A line cannot be used; the message says why."""


class _Evidence(msgspec.Struct):
    category: _Id
    quote: _Id
    start: int | None = None
    end: int | None = None
    in_title: bool = False


class _Line(msgspec.Struct):
    text: str
    labels: list[_Id]
    title: str | None = None
    id: int | str | None = None
    borderline: list[_Id] | None = None
    evidence: list[_Evidence] | None = None


_DECODER: Final = msgspec.json.Decoder(_Line)


def _read(line: bytes) -> _Line:
    if len(line) > MOST_LINE:
        raise _LineError(f"a line may have {MOST_LINE:,} bytes")
    try:
        return _DECODER.decode(line)
    except msgspec.ValidationError as error:
        raise _LineError(_in_words(str(error))) from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
        raise _LineError(f"not JSON: {_lowered(reason)}") from None
    except UnicodeDecodeError:
        raise _LineError("not UTF-8") from None
    except RecursionError:
        raise _LineError("not JSON that can be read: nested too deeply") from None


def _in_words(message: str) -> str:
    """Say a message of the decoder in the words of the documents."""
    where = _WHERE.search(message)
    member = f"`{where['member'].replace('[...]', '')}`: " if where and where["member"] else ""
    said = _WHERE.sub("", message)
    if "missing required field `labels`" in said:
        return "`labels` is missing; write [] where no category applies"
    if "of length >= 1" in said:
        return f"{member}is empty"
    for name in sorted(_TYPES, key=len, reverse=True):
        said = said.replace(name, _TYPES[name])
    return member + _lowered(said.replace("Object missing required field", "it needs"))


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]


def _check_id(gold: Gold, seen: dict[str | int, int]) -> None:
    """Refuse an id that stood before: a document that counts twice bends every figure."""
    if gold.id is None:
        return
    if gold.id in seen:
        raise _LineError(f"the id {_shown(str(gold.id))} stands already in line {seen[gold.id]}")
    seen[gold.id] = gold.line


def _gold(number: int, line: _Line) -> Gold:
    title = line.title or ""
    longest = max(len(line.text), len(title))
    if longest > LIMITS.text:
        raise _LineError(f"{longest:,} characters; a text may have {LIMITS.text:,}")
    named = {*line.labels, *(line.borderline or ())}
    for piece in line.evidence or ():
        if not any(_are_akin(id_, piece.category) for id_ in named):
            shown = _shown(piece.category)
            raise _LineError(f"evidence for {shown}, which is neither in `labels` nor `borderline`")
    return Gold(
        number,
        line.id,
        line.text,
        title,
        frozenset(line.labels),
        frozenset(line.borderline or ()),
        tuple(_quote(piece, line.text, title) for piece in line.evidence or ()),
    )


def _quote(piece: _Evidence, text: str, title: str) -> Quote:
    """Place a quote; one without positions stands where its words stand first."""
    in_title = piece.in_title
    if piece.start is None:
        in_title = in_title or piece.quote not in text
        start = (title if in_title else text).find(piece.quote)
    else:
        start = piece.start
    end = start + len(piece.quote) if piece.end is None else piece.end
    whole = title if in_title else text
    if start < 0 or whole[start:end] != piece.quote:
        where = "" if piece.start is None else f" at {start} to {end}"
        hint = "; positions are code points from 0" if where else ""
        raise _LineError(f"the quote {_shown(piece.quote)} does not stand in the text{where}{hint}")
    return Quote(piece.category, start, end, piece.quote, in_title)


def _shown(text: str) -> str:
    return f"`{text}`" if len(text) <= _MOST_QUOTED else f"`{text[: _MOST_QUOTED - 1]}…`"
