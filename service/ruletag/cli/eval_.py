"""``ruletag eval``: precision, recall and F1 on labelled documents, and the errors behind them."""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

import click
import msgspec

from ruletag.cli.common import (
    FINDINGS,
    UNREADABLE,
    InputError,
    Outcome,
    RuleFolder,
    counted,
    read_folder,
    rule_folder,
    rules_option,
    tell,
    usable_rules,
)
from ruletag.cli.evaluations import Comparison, Named, Report, as_text, number
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import columns, is_terminal, visible_json, wants_colour
from ruletag.corpus.evaluate import Error, Evaluation, error, evaluate, judged_names
from ruletag.corpus.gold import MOST_LINE, Fault, Gold, read_gold
from ruletag.corpus.scores import difference, table
from ruletag.http.wire import encode
from ruletag.matching.compiler import CompiledRules

_MOST_FAULTS: Final = 20  # told
_Key = tuple[int, str]


class _Options(TypedDict):
    rules: Path | None
    compare: Path | None
    category: tuple[str, ...]
    form: Literal["text", "json"]
    errors: int
    least: float | None


@click.command(
    "eval",
    epilog="""\b
Examples:
  ruletag eval gold.jsonl
  ruletag eval gold.jsonl --category smuggling --errors 20
  cp -r rules before; edit rules; ruletag eval gold.jsonl --compare before
  ruletag eval gold.jsonl --min-f1 .9 --errors 0
""",
)
@click.argument("gold", metavar="GOLD.jsonl", type=click.Path(readable=False))
@rules_option
@click.option(
    "--category",
    multiple=True,
    metavar="PATTERN",
    help="Judge this category; `economy.*` is it and all below. Repeatable. Default: all labels.",
)
@click.option(
    "--compare",
    type=RuleFolder(),
    metavar="DIR",
    help="Say what is better and what is worse than with the rules in DIR.",
)
@click.option(
    "--min-f1",
    "least",
    type=click.FloatRange(0, 1),
    metavar="F1",
    help="Fail where micro F1, without borderline pairs, is lower.",
)
@click.option(
    "--errors",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    metavar="N",
    help="Show so many wrong and missing tags of each category.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Tables and errors for people, or one JSON object.",
)
@click.pass_context
def eval_(ctx: click.Context, gold: str, **options: Unpack[_Options]) -> None:
    """Measure rules on labelled documents, and show their errors.

    Each line of GOLD.jsonl is a document with `text` and `labels`, and perhaps
    `id`, `title`, `borderline` and `evidence`; `-` is standard input. A wrong tag
    is shown with its evidence, a missing one with the quote it should rest on
    and the reason. Intervals hold 95 % of a thousand bootstrap rounds. Exit 1
    if --min-f1 is not reached, 2 if a line cannot be used.
    """
    outcome = read_folder(rule_folder(options["rules"]))
    rules = usable_rules(outcome)
    compared = read_folder(options["compare"]) if options["compare"] else None
    before = usable_rules(compared) if compared else None
    only = selected_categories(options["category"], rules.ids, outcome.folder)
    golds = _golds(gold)
    judged = _judged(rules, golds, only)
    report = _report(rules, golds, judged, (before, options["errors"]))
    if options["form"] == "json":
        guard: Callable[[bytes], bytes] = visible_json if is_terminal(sys.stdout) else bytes
        click.echo(guard(encode(report)))
    else:
        _show(report, golds, outcome, compared)
    ctx.exit(0 if _is_enough(report, options["least"]) else FINDINGS)


# ------------------------------------------------------------------- reading


def _golds(path: str) -> list[Gold]:
    """Read all documents; tell what is wrong with lines, and end there."""
    name = "standard input" if path == "-" else path
    golds: list[Gold] = []
    faults: list[Fault] = []
    for item in read_gold(_lines(path)):
        if isinstance(item, Fault):
            faults.append(item)
        else:
            golds.append(item)
    for fault in faults[:_MOST_FAULTS]:
        tell(f"{name}:{fault.line}: {fault.reason}")
    if faults:
        raise InputError(
            f"{counted(len(faults), 'line')} of {name} cannot be used; nothing was measured"
        )
    if not golds:
        raise InputError(f"{name}: there is no document to judge")
    return golds


def _lines(path: str) -> Iterator[bytes]:
    """Give the lines of a file, too long ones cut off where they are too long."""
    if path == "-" and sys.stdin is None:  # where the shell closed it
        raise InputError("standard input: it is closed")
    if path != "-" and Path(path).is_dir():
        raise InputError(f"{path}: this is a folder; name a file of labelled documents")
    try:
        with sys.stdin.buffer if path == "-" else Path(path).open("rb") as file:
            while line := file.readline(MOST_LINE + 1):
                yield line
                while len(line) > MOST_LINE and not line.endswith(b"\n"):
                    line = file.readline(MOST_LINE + 1)
    except OSError as fault:
        reason = (fault.strerror or str(fault)).lower()
        raise InputError(f"{path}: {reason}") from None


def _judged(
    rules: CompiledRules, golds: Sequence[Gold], only: frozenset[str] | None
) -> tuple[str, ...]:
    """Give the categories to judge, and say what is not judged, or by nobody's labels."""
    names = judged_names(rules, golds)
    if only is not None:
        for id_ in sorted(only - {*names.judged}):
            tell(f"no label names {id_}: each of its tags counts as wrong", "note")
        return tuple(sorted(only))
    for id_, documents in names.unknown.items():
        labelled = counted(documents, "document")
        tell(f"the rules do not know the label {id_} ({labelled}): it is not judged", "note")
    if not names.judged:
        raise InputError("no label is a category of the rules; name one with --category")
    return names.judged


# ------------------------------------------------------------------- judging


def _report(
    rules: CompiledRules,
    golds: Sequence[Gold],
    judged: tuple[str, ...],
    asked: tuple[CompiledRules | None, int],
) -> Report:
    before, most = asked
    ours = evaluate(rules, golds, judged)
    report = Report(
        rules=rules.digest,
        documents=len(golds),
        borderline_pairs=sum(gold.is_borderline(id_) for gold in golds for id_ in judged),
        cut_short=ours.cut_short,
        unknown_labels=dict(judged_names(rules, golds).unknown),
        without_borderline=table(ours.documents, judged, with_borderline=False),
        with_borderline=table(ours.documents, judged, with_borderline=True),
        evidence=dict(ours.overlaps),
        errors=_particulars(rules, golds, (ours, ours.errors()), most),
    )
    if before is None:
        return report
    return msgspec.structs.replace(
        report, compared=_compared((rules, before), golds, (ours, judged), most)
    )


def _compared(
    rules: tuple[CompiledRules, CompiledRules],
    golds: Sequence[Gold],
    judged: tuple[Evaluation, tuple[str, ...]],
    most: int,
) -> Comparison:
    """Say by how much we are better than the rules before, and where."""
    now, before = rules
    ours, categories = judged
    theirs = evaluate(before, golds, categories)
    was_wrong, is_wrong = {*theirs.errors()}, {*ours.errors()}
    better, worse = sorted(was_wrong - is_wrong), sorted(is_wrong - was_wrong)
    return Comparison(
        rules=before.digest,
        without_borderline=difference(
            ours.documents, theirs.documents, categories, with_borderline=False
        ),
        with_borderline=difference(
            ours.documents, theirs.documents, categories, with_borderline=True
        ),
        now_right=len(better),
        now_wrong=len(worse),
        better=_particulars(before, golds, (theirs, better), most),
        worse=_particulars(now, golds, (ours, worse), most),
    )


def _particulars(
    rules: CompiledRules,
    golds: Sequence[Gold],
    found: tuple[Evaluation, Sequence[_Key]],
    most: int,
) -> tuple[Error, ...]:
    """Give the first of each category and kind, firm pairs before borderline ones."""
    evaluation, keys = found
    shown: Counter[tuple[str, str]] = Counter()
    errors = []
    outcomes = [(evaluation.outcomes[key], key[0]) for key in keys]
    for outcome, i in sorted(outcomes, key=lambda one: (one[0].category, one[0][1:])):
        shown[outcome.category, outcome.kind] += 1
        if shown[outcome.category, outcome.kind] <= most:
            errors.append(error(rules, golds[i], outcome))
    return tuple(errors)


# ------------------------------------------------------------------- telling


def _show(
    report: Report, golds: Sequence[Gold], outcome: Outcome, compared: Outcome | None
) -> None:
    colour = wants_colour(sys.stdout, os.environ)
    by_line = {gold.line: gold for gold in golds}
    screen = columns(sys.stdout)
    ours = Named(str(outcome.folder), outcome.place)
    theirs = Named(str(compared.folder), compared.place) if compared else None
    for line in as_text(report, by_line, (ours, theirs), (screen, colour)):
        click.echo(line, color=colour)


def _is_enough(report: Report, least: float | None) -> bool:
    """Say whether micro F1 is as high as asked for; where it is not, tell."""
    if least is None:
        return True
    value = report.without_borderline.micro.f1.value
    if value is None:
        tell("micro F1 cannot be given: no label and no tag is left to judge")
        sys.exit(UNREADABLE)
    if value < least:
        tell(f"micro F1 is {number(value)} without borderline pairs, below --min-f1 {least:g}")
    return value >= least
