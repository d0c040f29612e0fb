"""``ruletag explain``: why a text is given a category, and why not."""

import os
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypedDict, Unpack

import click
import msgspec

from ruletag.cli.common import (
    UNREADABLE,
    InputError,
    Outcome,
    counted,
    read_folder,
    rule_folder,
    rules_option,
    tell,
    usable_rules,
)
from ruletag.cli.documents import Fault, Named, Source, find_sources, read_documents
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import BOLD, DIM, is_terminal, one_line, paint, visible_json, wants_colour
from ruletag.http.wire import Document, encode
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.explainer import explain as explain_text
from ruletag.matching.explainer import explainable
from ruletag.matching.reasons import EntryReport, Explanation, Place, Reason

_GREEN: Final = "1;32"
_YELLOW: Final = "1;33"
_FOUND: Final = "1;36"
_AROUND: Final = 32  # characters shown on each side of a place
_MOST_SHOWN: Final = 60  # characters of a place
_MOST_PLACES: Final = 3  # quoted for one reason


class _Options(TypedDict):
    rules: Path | None
    title: str
    form: str | None


class DocumentExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer about one document, as a line of JSON."""

    rules: str
    categories: tuple[Explanation, ...]
    id: str | int | None = None


@click.command(
    epilog="""\b
Examples:
  ruletag explain smuggling article.txt
  ruletag explain 'smuggling,commodities.*' article.txt --title 'Copper seized'
  echo 'They smuggled copper.' | ruletag explain smuggling --json | jq .categories
""",
)
@click.argument("category", metavar="CATEGORY[,...]")
@click.argument("file", metavar="[FILE | -]", default="", type=click.Path(readable=False))
@click.option("--title", default="", metavar="TEXT", help="The title of the text.")
@rules_option
@click.option("--json", "form", flag_value="json", help="One JSON object.")
@click.option("--text", "form", flag_value="text", help="A report, which is the default.")
@click.pass_context
def explain(ctx: click.Context, category: str, file: str, **options: Unpack[_Options]) -> None:
    """Say why a text is given a category, and why not.

    For each CATEGORY (`economy.*` is it and all below) the report begins with
    the verdict. Then it shows what each entry added to the score, and of what
    stands in the text and does not count the reason, with the place; then near
    misses, such as a word in another form.
    """
    source = _source(file)
    outcome = read_folder(rule_folder(options["rules"]))
    rules = usable_rules(outcome)
    chosen = _chosen(category, rules, outcome.folder)
    item = _document(source, options["title"])
    if isinstance(item, Fault):
        tell(str(item))
        ctx.exit(UNREADABLE)
    document = item.document
    explanations = explain_text(rules, document.text, document.title, chosen)
    if options["form"] == "json":
        answer = DocumentExplanation(rules.digest, explanations, document.id)
        guard: Callable[[bytes], bytes] = visible_json if is_terminal(sys.stdout) else bytes
        click.echo(guard(encode(answer)))
        return
    colour = wants_colour(sys.stdout, os.environ)
    report = _Report(document, outcome, colour=colour)
    for line in report.lines(explanations):
        click.echo(line, color=colour)


def _source(file: str) -> Source | Fault:
    if not file and is_terminal(sys.stdin):
        raise click.UsageError("give a FILE, or `-` for standard input")
    sources = list(find_sources([file or "-"], jsonl=False))
    if len(sources) > 1:
        raise click.UsageError("explain one FILE at a time")
    return sources[0]


def _document(source: Source | Fault, title: str) -> Named | Fault:
    """Read the one text; a file of many documents is refused."""
    if isinstance(source, Fault):
        return source
    if source.is_jsonl:
        line = f"`sed -n 1p {source.name} | jq -r .text | ruletag explain CATEGORY -`"
        raise InputError(f"{source.name} holds many documents; take one out of it, as in {line}")
    return next(read_documents(source, title))


def _chosen(patterns: str, rules: CompiledRules, folder: Path) -> list[str]:
    """Give the ids that a comma list of patterns names, in alphabetical order."""
    given = [pattern.strip() for pattern in patterns.split(",") if pattern.strip()]
    if not given:
        raise click.UsageError("CATEGORY is empty")
    return sorted(selected_categories(given, explainable(rules), folder) or ())


# ----------------------------------------------------------------------- the report


class _Report:
    """Writes explanations of one document for people."""

    def __init__(self, document: Document, outcome: Outcome, *, colour: bool) -> None:
        self._document = document
        self._outcome = outcome
        self._colour = colour
        self._line_starts = [0]
        for number, character in enumerate(document.text, 1):
            if character == "\n":
                self._line_starts.append(number)

    def lines(self, explanations: Sequence[Explanation]) -> Iterator[str]:
        """Give all lines, with an empty one between categories."""
        for number, explanation in enumerate(explanations):
            if number:
                yield ""
            yield from self._of_category(explanation)

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style) if self._colour else text

    def _of_category(self, explanation: Explanation) -> Iterator[str]:
        style = _GREEN if explanation.is_tagged else BOLD
        verdict = one_line(f"{explanation.category}: {explanation.detail}")
        yield self._paint(verdict, style)
        yield from self._quotes(explanation.places)
        for report in explanation.entries:
            yield ""
            yield from self._of_entry(report)
        rest = _rest(explanation)
        if rest:
            yield ""
            yield self._paint(rest, DIM)
        if explanation.truncated:
            limits = " and ".join(explanation.truncated)
            yield self._paint(f"not complete: the limit of {limits} was reached", BOLD)

    def _of_entry(self, report: EntryReport) -> Iterator[str]:
        added = f" {report.added:+g}" if report.counts else ""
        name = f" ({one_line(report.name)})" if report.name else ""
        place = one_line(self._outcome.place(report.source))
        style = _GREEN if report.counts else _YELLOW
        head = self._paint(f"{one_line(report.entry)}{name}{added}", style)
        yield f"  {head}  {self._paint(place, DIM)}"
        for reason in report.reasons:
            yield from self._of_reason(reason)

    def _of_reason(self, reason: Reason) -> Iterator[str]:
        yield f"    {one_line(reason.detail)}"
        yield from self._quotes(reason.places[:_MOST_PLACES])

    # ------------------------------------------------------------------- quoting

    def _quotes(self, places: Sequence[Place]) -> Iterator[str]:
        """Quote places with a few words around each; line and column come first."""
        for place in sorted(set(places), key=lambda p: (not p.in_title, p.start, p.end)):
            yield f"      {self._paint(self._where(place), DIM)}  {self._quote(place)}"

    def _where(self, place: Place) -> str:
        if place.in_title:
            return f"title:{place.start + 1}"
        line = bisect_right(self._line_starts, place.start)
        return f"{line}:{place.start - self._line_starts[line - 1] + 1}"

    def _quote(self, place: Place) -> str:
        text = self._document.title if place.in_title else self._document.text
        before = _cut_front(text[max(0, place.start - _AROUND) : place.start], place.start)
        behind = text[place.end : place.end + _AROUND]
        after = _cut_back(behind, len(text) - place.end)
        found = one_line(text[place.start : min(place.end, place.start + _MOST_SHOWN)])
        if place.end - place.start > _MOST_SHOWN:
            found += "…"
        shown = paint(found, _FOUND) if self._colour else f"[[{found}]]"
        return f"{one_line(before)}{shown}{one_line(after)}"


def _cut_front(before: str, length: int) -> str:
    """Begin with a whole word, where the text was cut."""
    if length <= len(before):
        return before.lstrip()
    words = before.partition(" ")[2] if " " in before.strip() else before
    return f"… {words.lstrip()}" if words.strip() else f"…{before}"


def _cut_back(after: str, length: int) -> str:
    """End with a whole word, where the text was cut."""
    if length <= len(after):
        return after.rstrip()
    words = after.rpartition(" ")[0] if " " in after.strip() else after
    return f"{words.rstrip()} …"


def _rest(explanation: Explanation) -> str:
    """Say how many entries are not shown."""
    pieces = []
    if explanation.left_out:
        entries = counted(explanation.left_out, "entry", "entries")
        pieces.append(f"{entries} more of which something stands in the text")
    if explanation.not_found:
        more = " more" if explanation.entries or explanation.left_out else ""
        entries = counted(explanation.not_found, "entry", "entries")
        pieces.append(f"{entries}{more} of which nothing stands in the text")
    return ("and " if explanation.entries else "") + "; ".join(pieces) if pieces else ""
