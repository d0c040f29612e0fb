"""``ruletag tag``: give texts their categories, with the evidence."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from ruletag.cli.common import (
    UNREADABLE,
    InputError,
    Outcome,
    read_folder,
    rule_folder,
    rules_option,
    tell,
    usable_rules,
)
from ruletag.cli.documents import (
    Fault,
    Named,
    Source,
    find_sources,
    looks_like_jsonl,
    read_documents,
)
from ruletag.cli.marking import Marker, Palette
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import columns, is_terminal, visible_json, wants_colour
from ruletag.http.wire import Amount, TagOptions, encode, tag_answer
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.tagger import tag as tag_text
from ruletag.matching.tagging import Tagging
from ruletag.text.offsets import Unit

_Show = Callable[[Named, Tagging], None]


class _Options(TypedDict):
    rules: Path | None
    category: tuple[str, ...]
    form: str | None
    offsets: Unit
    evidence: Amount
    title: str
    jsonl: bool


@click.command(
    epilog="""\b
Examples:
  ruletag tag article.txt
  ruletag tag 'news/**/*.txt' --category 'commodities.*'
  ruletag tag corpus.jsonl | jq -r '.id, .categories[].category'
  curl -s https://example.org/article.txt | ruletag tag --text -
""",
)
@click.argument("files", nargs=-1, metavar="[FILE... | -]", type=click.Path(readable=False))
@rules_option
@click.option(
    "--category",
    multiple=True,
    metavar="PATTERN",
    help="Judge this category only; `economy.*` is it and all below. Repeatable.",
)
@click.option("--json", "form", flag_value="json", help="One JSON object a line, as in a pipe.")
@click.option("--text", "form", flag_value="text", help="Marked text, as on a terminal.")
@click.option(
    "--offsets",
    type=click.Choice(["codepoint", "utf16", "utf8"]),
    default="codepoint",
    show_default=True,
    help="What positions count, in JSON.",
)
@click.option(
    "--evidence",
    type=click.Choice(["all", "first", "none"]),
    default="all",
    show_default=True,
    help="How much evidence to give for a category.",
)
@click.option("--title", default="", metavar="TEXT", help="The title of a single text.")
@click.option("--jsonl", is_flag=True, help="Read each line as a document, whatever the ending.")
@click.pass_context
def tag(ctx: click.Context, files: tuple[str, ...], **options: Unpack[_Options]) -> None:
    """Tag texts with categories, and show the evidence.

    A FILE is one text in UTF-8. In a .jsonl file each line is a document, an
    object with `text` and perhaps `title` and `id`. `-` is standard input.

    On a terminal the evidence is marked in the text, in the colour of its
    category; underlined, it belongs to several. In a pipe each document gives
    one line, the answer of the HTTP service.
    """
    sources = list(find_sources(_files(files), jsonl=options["jsonl"]))
    _check_title(options["title"], sources)
    outcome = read_folder(rule_folder(options["rules"]))
    rules = usable_rules(outcome)
    only = selected_categories(options["category"], rules.ids, outcome.folder)
    show = (
        _as_text(outcome, options) if _is_for_people(options["form"]) else _as_json(rules, options)
    )
    good = faulty = 0
    for item in _documents(sources, options["title"]):
        if isinstance(item, Fault):
            tell(str(item))
            faulty += 1
        else:
            show(item, tag_text(rules, item.document.text, item.document.title, only))
            good += 1
    if not good and not faulty:
        raise InputError("there is no document to tag")
    ctx.exit(UNREADABLE if faulty else 0)


def _files(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given and is_terminal(sys.stdin):
        raise click.UsageError("give a FILE, or `-` for standard input")
    if "" in given:
        raise click.UsageError("a FILE has an empty name")
    return given or ("-",)


def _check_title(title: str, sources: Sequence[Source | Fault]) -> None:
    if not title:
        return
    if len(sources) > 1:
        raise click.UsageError("--title goes with a single text")
    if any(isinstance(source, Source) and source.is_jsonl for source in sources):
        raise click.UsageError("--title goes with a text; a .jsonl line has its own `title`")


def _documents(sources: Iterable[Source | Fault], title: str) -> Iterator[Named | Fault]:
    for source in sources:
        if isinstance(source, Fault):
            yield source
            continue
        for item in read_documents(source, title):
            if isinstance(item, Named) and not source.is_jsonl:
                _hint_at_jsonl(item)
            yield item


def _hint_at_jsonl(item: Named) -> None:
    if looks_like_jsonl(item.document.text):
        tell(f"{item.name} looks like JSON lines; --jsonl reads each line as a document")


def _is_for_people(form: str | None) -> bool:
    return form == "text" or (form is None and is_terminal(sys.stdout))


def _as_json(rules: CompiledRules, options: _Options) -> _Show:
    """Give what writes a document's answer as a line of JSON."""
    wire_options = TagOptions(offsets=options["offsets"], evidence=options["evidence"])

    guard = visible_json if is_terminal(sys.stdout) else bytes

    def show(item: Named, tagging: Tagging) -> None:
        answer = tag_answer(item.document, rules.digest, tagging, wire_options)
        click.echo(guard(encode(answer)))

    return show


def _as_text(outcome: Outcome, options: _Options) -> _Show:
    """Give what shows a document to a person."""
    colour = wants_colour(sys.stdout, os.environ)
    marker = Marker(outcome.place, columns(sys.stdout), Palette() if colour else None)
    shown = 0

    def show(item: Named, tagging: Tagging) -> None:
        nonlocal shown
        if shown:
            click.echo("\n")
        shown += 1
        for line in marker.lines(item.name, item.document, _limited(tagging, options["evidence"])):
            click.echo(line, color=colour)

    return show


def _limited(tagging: Tagging, amount: Amount) -> Tagging:
    """Leave out the evidence that was not asked for."""
    if amount == "all":
        return tagging
    most = 1 if amount == "first" else 0
    tags = (msgspec.structs.replace(tag, evidence=tag.evidence[:most]) for tag in tagging.tags)
    return msgspec.structs.replace(tagging, tags=tuple(tags))
