"""What ``ruletag eval`` says: the JSON object, and its tables and errors for people."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec

from ruletag.cli.common import counted
from ruletag.cli.terminal import BOLD, DIM, Cell, one_line, paint
from ruletag.cli.terminal import Table as ShownTable
from ruletag.corpus.evaluate import Error, Overlap, merged
from ruletag.corpus.gold import Gold
from ruletag.corpus.scores import Difference, Figure, Scores, Table
from ruletag.matching.examples import marked
from ruletag.text.sentences import Sentences

_HEAD: Final = ("category", "support", "wrong", "missing", "precision", "recall", "F1", "95 %")
_MOST_AROUND: Final = 200  # characters shown on each side of what is marked
_MOST_SENTENCES: Final = 5
_NOTHING: Final = "–"

Place = Callable[[str], str]
_Screen = tuple[int | None, bool]


class Named(NamedTuple):
    """A rule folder: what to call it, and how to call a place in it."""

    name: str
    place: Place


class Comparison(msgspec.Struct, frozen=True):
    """How the rules do against others; the errors of ``better`` are those of the others."""

    rules: str
    without_borderline: Difference
    with_borderline: Difference
    now_right: int
    now_wrong: int
    better: tuple[Error, ...]
    worse: tuple[Error, ...]


class Report(msgspec.Struct, frozen=True):
    """All that was measured; as JSON it is what ``--format json`` prints."""

    rules: str
    documents: int
    borderline_pairs: int
    cut_short: int
    unknown_labels: dict[str, int]
    without_borderline: Table
    with_borderline: Table
    evidence: dict[str, Overlap]
    errors: tuple[Error, ...]
    compared: Comparison | None = None


def number(value: float | None) -> str:
    """Give a share with three decimals, rounded down: only what is 1 looks like it."""
    if value is None:
        return _NOTHING
    return f"{int(value * 1000 + 1e-9) / 1000:.3f}"


def as_text(
    report: Report, golds: Mapping[int, Gold], rules: tuple[Named, Named | None], screen: _Screen
) -> Iterator[str]:
    """Give all lines; ``golds`` are by line, ``rules`` those judged and those compared with."""
    ours, theirs = rules
    pairs = counted(report.borderline_pairs, "borderline pair")
    yield f"{counted(report.documents, 'document')}, {pairs}"
    if report.cut_short:
        yield f"not complete: {counted(report.cut_short, 'document')} reached a limit"
    for head, table in (
        ("without borderline pairs", report.without_borderline),
        ("with borderline pairs", report.with_borderline),
    ):
        yield ""
        yield _bold(head, screen)
        yield from _scores(table, screen)
    yield from _overlap(report.evidence)
    if _is_perfect(report.without_borderline) or _is_perfect(report.with_borderline):
        yield ""
        yield "An interval of 1.000–1.000 says only that these documents hold no error."
    if report.compared is not None and theirs is not None:
        yield from _comparison(report.compared, golds, (ours, theirs), screen)
    yield from _errors(report.errors, golds, (ours.place, "errors"), screen)


def _is_perfect(table: Table) -> bool:
    """Say whether nothing can be drawn that is wrong, so that an interval has no width."""
    scores = (table.micro, *table.categories.values())
    return any(one.f1.interval == (1.0, 1.0) for one in scores)


def _bold(text: str, screen: _Screen) -> str:
    return paint(text, BOLD if screen[1] else "")


# -------------------------------------------------------------------- tables


def _scores(table: Table, screen: _Screen) -> Iterator[str]:
    rows = [_row(id_, scores) for id_, scores in table.categories.items()]
    rows += [_row("micro", table.micro), _row("macro", table.macro)]
    yield from ShownTable(_HEAD, rows, shrink=0).lines(screen[0], colour=screen[1])


def _row(name: str, scores: Scores) -> tuple[Cell, ...]:
    counts = (scores.support, scores.wrong, scores.missing)
    figures = (scores.precision, scores.recall, scores.f1)
    return (
        Cell(one_line(name)),
        *(Cell(f"{count:,}") for count in counts),
        *(Cell(number(figure.value)) for figure in figures),
        Cell(_between(scores.f1, number, "–"), DIM),
    )


def _overlap(overlaps: Mapping[str, Overlap]) -> Iterator[str]:
    """Say how many quotes are met by evidence; nothing where the labels have none."""
    quoted = {id_: one for id_, one in overlaps.items() if one.quotes}
    if not quoted:
        return
    found, quotes = (sum(column) for column in zip(*map(_met, quoted.values()), strict=True))
    shares = (f"{one_line(id_)} {number(one.share)}" for id_, one in quoted.items())
    yield ""
    yield f"evidence meets {found:,} of {counted(quotes, 'quote')}: {', '.join(shares)}"


def _met(overlap: Overlap) -> tuple[int, int]:
    return overlap.found, overlap.quotes


def _between(figure: Figure, shown: Callable[[float], str], sign: str = " to ") -> str:
    if figure.interval is None:
        return _NOTHING
    return sign.join(map(shown, figure.interval))


def _comparison(
    compared: Comparison, golds: Mapping[int, Gold], rules: tuple[Named, Named], screen: _Screen
) -> Iterator[str]:
    ours, theirs = rules
    yield ""
    yield _bold(f"F1 against the rules in {one_line(theirs.name)}, by borderline pairs", screen)
    head = ("category", "without", "95 %", "with", "95 %")
    one, two = compared.without_borderline, compared.with_borderline
    figures = [(id_, one.categories[id_], two.categories[id_]) for id_ in one.categories]
    figures += [("micro", one.micro, two.micro), ("macro", one.macro, two.macro)]
    rows = [(Cell(one_line(id_)), *_gain(left), *_gain(right)) for id_, left, right in figures]
    yield from ShownTable(head, rows, shrink=0).lines(screen[0], colour=screen[1])
    yield f"{counted(compared.now_right, 'pair')} better, {compared.now_wrong:,} worse"
    yield from _errors(compared.better, golds, (theirs.place, "better: no longer so"), screen)
    yield from _errors(compared.worse, golds, (ours.place, "worse: newly so"), screen)


def _gain(figure: Figure) -> tuple[Cell, Cell]:
    value = _NOTHING if figure.value is None else f"{figure.value:+.3f}"
    return Cell(value), Cell(_between(figure, "{:+.3f}".format), DIM)


# -------------------------------------------------------------------- errors


def _errors(
    errors: Sequence[Error],
    golds: Mapping[int, Gold],
    names: tuple[Place, str],
    screen: _Screen,
) -> Iterator[str]:
    place, title = names
    for (category, kind), group in groupby(errors, key=lambda one: (one.category, one.kind)):
        yield ""
        yield _bold(f"{title}: {kind} {category}", screen)
        for one in group:
            weak = " (borderline)" if one.is_borderline else ""
            yield f"  {one_line(str(one.document))}, line {one.line}{weak}"
            yield from (f"    {line}" for line in _particulars(one, golds[one.line], place))


def _particulars(one: Error, gold: Gold, place: Place) -> Iterator[str]:
    spans = [(e.start, e.end, e.in_title) for e in one.evidence]
    spans += [(q.start, q.end, q.in_title) for q in one.quotes]
    yield from _sentences(gold, spans)
    if one.kind == "wrong":
        for keyword, source in dict.fromkeys((e.keyword, e.source) for e in one.evidence):
            yield f"found by {one_line(keyword)}, {one_line(place(source))}"
        return
    yield one_line(one.detail)
    for why in one.why:
        where = "in the quote" if why.in_quote else "elsewhere"
        said = f"{where}: {why.entry}, {place(why.source)}: {why.detail}"
        yield one_line(said)


def _sentences(gold: Gold, spans: Sequence[tuple[int, int, bool]]) -> Iterator[str]:
    """Give the sentences of the spans, marked as a test in a rule file is."""
    lines = [
        line
        for in_title, text in ((True, gold.title), (False, gold.text))
        for line in _marked(text, [(start, end) for start, end, it in spans if it == in_title])
    ]
    yield from lines[:_MOST_SENTENCES]
    if len(lines) > _MOST_SENTENCES:
        yield f"and {counted(len(lines) - _MOST_SENTENCES, 'sentence')} more"
    if not spans:
        yield _cut(gold.text, ())


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    if not spans:
        return
    edges = [0, *Sentences(text).boundaries(), len(text)]

    def sentence(span: tuple[int, int]) -> tuple[int, int]:
        """Give where the sentences begin and end that a span lies in."""
        return edges[bisect_right(edges, span[0]) - 1], edges[bisect_left(edges, span[1])]

    for (first, last), group in groupby(merged(spans), key=sentence):
        inner = [(start - first, end - first) for start, end in group]
        yield _cut(text[first:last], inner)


def _cut(text: str, marks: Sequence[tuple[int, int]]) -> str:
    """Mark the text; of a long one give what stands around the marks."""
    start, end = (marks[0][0], max(m[1] for m in marks)) if marks else (0, _MOST_AROUND)
    first, last = max(0, start - _MOST_AROUND), min(len(text), end + _MOST_AROUND)
    inner = tuple((a - first, b - first) for a, b in marks)
    before, after = "… " * (first > 0), " …" * (last < len(text))
    return f"{before}{one_line(marked(text[first:last], inner)).strip()}{after}"
