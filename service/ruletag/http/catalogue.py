"""Every name that goes over the wire about rules: those in force, edits, and readiness."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Literal

import msgspec

from ruletag.http.refusals import ProblemDetails, RequestError, printable
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledCategory
from ruletag.matching.entries import WEIGHT_UNIT
from ruletag.matching.tagger import in_units
from ruletag.problems import Problem
from ruletag.rules.describe import describe
from ruletag.rules.model import Category
from ruletag.serving.store import Active, Refusal


class Diagnostic(msgspec.Struct, frozen=True):
    """Something wrong with a rule file; line and column count from 1."""

    code: str
    title: str
    severity: Literal["error", "warning"]
    detail: str
    hint: str
    file: str
    line: int
    column: int


class RefusalAnswer(msgspec.Struct, frozen=True):
    """The last edit of the rules, which was not put in force, and why."""

    refused_at: str
    problems: tuple[Diagnostic, ...]


class FileAnswer(msgspec.Struct, frozen=True):
    """A rule file in force; its size is in bytes."""

    name: str
    size: int
    sha256: str


class CategorySummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """A category of the rules in force."""

    id: str
    threshold: int | float
    entries: int
    label: str = ""
    description: str = ""
    severity: Literal["low", "medium", "high", "critical"] | None = None
    status: Literal["on", "draft", "off", "deprecated"] = "on"
    owner: str = ""
    links: tuple[str, ...] = ()
    meta: dict[str, str] = {}
    review_by: str = ""


class Counts(msgspec.Struct, frozen=True):
    """How large the rules in force are; ``forms`` is what the matcher seeks."""

    files: int
    categories: int
    entries: int
    forms: int


class RulesAnswer(msgspec.Struct, frozen=True):
    """The rules in force. ``refused`` is null when the folder holds just these."""

    digest: str
    generation: int
    loaded_at: str
    files: tuple[FileAnswer, ...]
    categories: tuple[str, ...]
    counts: Counts
    limits: dict[str, int]
    refused: RefusalAnswer | None


class CategoriesAnswer(msgspec.Struct, frozen=True):
    """The catalogue of the rules in force, by id."""

    rules: str
    categories: tuple[CategorySummary, ...]


class DescriptionPoint(msgspec.Struct, frozen=True):
    """One point of a description; ``keywords`` are those that it tells of, as written."""

    about: str
    text: str
    keywords: tuple[str, ...]


class CategoryDescription(CategorySummary, frozen=True, omit_defaults=True):
    """A category, and its rule in plain English."""

    rules: str = ""
    summary: str = ""
    points: tuple[DescriptionPoint, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """One thing that readiness depends on, or that an operator should know."""

    name: str
    status: Literal["pass", "warn", "fail"]
    detail: str
    problems: tuple[Diagnostic, ...] = ()


class HealthAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the process is alive or ready, and with ``?verbose`` why."""

    status: Literal["alive", "ready", "not ready", "draining"]
    checks: tuple[Check, ...] | None = None


def rules_answer(active: Active, refusal: Refusal | None) -> RulesAnswer:
    """Describe the rules in force."""
    rules = active.rules
    return RulesAnswer(
        rules.digest,
        active.generation,
        _instant(active.loaded_at),
        tuple(FileAnswer(f.name, f.size, f.sha256) for f in rules.source.files),
        rules.source.ids,
        Counts(
            len(rules.source.files),
            len(rules.categories),
            sum(len(category.entries) for category in rules.categories),
            len(rules.keys),
        ),
        asdict(LIMITS),
        RefusalAnswer(_instant(refusal.refused_at), diagnostics(refusal.problems))
        if refusal
        else None,
    )


def categories_answer(active: Active) -> CategoriesAnswer:
    """List the categories of the rules in force, those that are off included."""
    compiled = {category.id: category for category in active.rules.categories}
    return CategoriesAnswer(
        active.rules.digest,
        tuple(_summary(category, compiled) for category in active.rules.rule_set.categories),
    )


def category_description(active: Active, id_: str) -> CategoryDescription | None:
    """Describe one category of the rules in force; None where there is none of this id."""
    rule_set = active.rules.rule_set
    category = next((known for known in rule_set.categories if known.id == id_), None)
    if category is None:
        return None
    compiled = {known.id: known for known in active.rules.categories}
    told = describe(category, rule_set)
    return CategoryDescription(
        **msgspec.structs.asdict(_summary(category, compiled)),
        rules=active.rules.digest,
        summary=told.summary,
        points=tuple(DescriptionPoint(p.about, p.text, tuple(p.keywords)) for p in told.points),
    )


def _summary(category: Category, compiled: Mapping[str, CompiledCategory]) -> CategorySummary:
    about = category.about
    entries = compiled[category.id].entries if category.id in compiled else category.entries
    return CategorySummary(
        category.id,
        in_units(int(category.threshold * WEIGHT_UNIT)),
        len(entries),
        about.label,
        about.description,
        about.severity,
        category.status,
        about.owner,
        about.links,
        dict(about.meta),
        about.review_by.isoformat() if about.review_by is not None else "",
    )


def checks(active: Active | None, refusal: Refusal | None) -> tuple[Check, ...]:
    """Say what is well and what is not."""
    if active is not None:
        detail = f"{active.rules.digest}, generation {active.generation}"
        in_force = Check("rules", "pass", detail)
    else:
        in_force = Check("rules", "fail", "no rules are in force")
    if refusal is None:
        return in_force, Check("last edit", "pass", "in force")
    detail = f"refused at {_instant(refusal.refused_at)}"
    return in_force, Check("last edit", "warn", detail, diagnostics(refusal.problems))


def without_details(checks: Iterable[Check]) -> tuple[Check, ...]:
    """Return checks as anybody may see them: digests, file names and keywords are for callers."""
    return tuple(Check(check.name, check.status, "") for check in checks)


def diagnostics(problems: Iterable[Problem]) -> tuple[Diagnostic, ...]:
    """Describe what is wrong with rule files."""
    return tuple(
        Diagnostic(
            problem.code,
            problem.title,
            "error" if problem.is_error else "warning",
            printable(problem.detail),
            printable(problem.hint),
            printable(problem.location.file),
            problem.location.line,
            problem.location.column,
        )
        for problem in problems
    )


# ---------------------------------------------------------------- edits of rules


class CheckAnswer(msgspec.Struct, frozen=True):
    """What `ruletag check` would say about a rule file; nothing where all is well."""

    problems: tuple[Diagnostic, ...]


class EditAnswer(msgspec.Struct, frozen=True):
    """A file that was written; ``rules`` is the digest that will be in force."""

    file: str
    sha256: str
    rules: str


class EditRefusal(ProblemDetails, frozen=True):
    """The refusal of an edit after which the rules could not be used, and why."""

    problems: tuple[Diagnostic, ...] = ()


class EditError(RequestError):
    """An edit is refused for what would then be wrong with the rules."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        detail = "the rules could not be used after this edit; nothing was changed"
        super().__init__(422, "invalid_rules", detail)
        self.problems = tuple(problems)

    def details(self, instance: str) -> EditRefusal:
        """Give the refusal as it goes over the wire; ``instance`` is the path asked for."""
        plain = msgspec.structs.asdict(super().details(instance))
        return EditRefusal(**plain, problems=diagnostics(self.problems))


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
