"""Run the tests that authors write beside their rules.

They run with ``ruletag test`` and before a rule set is served: rules whose own
tests fail are not activated.
"""

from collections.abc import Iterator

from ruletag.matching.compiler import CompiledRules
from ruletag.matching.tagger import Tag, tag
from ruletag.problems import Problem, RuleSetError
from ruletag.rules.model import Category, Example


def failures(rules: CompiledRules) -> Iterator[Problem]:
    """Yield a problem for each test that fails, in the order of the rule files."""
    for category in rules.rule_set.categories:
        for example in category.examples:
            given = next(
                (t for t in tag(rules, example.text).tags if t.category == category.id), None
            )
            detail = _complaint(category, example, given)
            if detail:
                yield Problem(example.location, "E405", detail, _hint(example, given))


def check_examples(rules: CompiledRules) -> None:
    """Raise `RuleSetError` with every test that fails."""
    problems = tuple(failures(rules))
    if problems:
        raise RuleSetError(problems)


def count_examples(rules: CompiledRules) -> int:
    """Count the tests of all categories."""
    return sum(len(category.examples) for category in rules.rule_set.categories)


def _complaint(category: Category, example: Example, given: Tag | None) -> str:
    """Say what is wrong, or nothing."""
    if example.kind == "skip":
        return f"{category.id} is tagged, by {_evidence(given)}" if given else ""
    if given is None:
        return f"{category.id} is not tagged"
    found = tuple(sorted({(e.start, e.end) for e in given.evidence if e.counts and not e.in_title}))
    if example.marks is None or example.marks == found:
        return ""
    missed = [span for span in example.marks if span not in found]
    surplus = [span for span in found if span not in example.marks]
    complaints = []
    if missed:
        complaints.append(f"marked but not found: {_stretches(example.text, missed)}")
    if surplus:
        complaints.append(f"found but not marked: {_stretches(example.text, surplus)}")
    return f"{category.id}: {'; '.join(complaints)}"


def _hint(example: Example, given: Tag | None) -> str:
    """Say so where marks cannot do what their author wants of them."""
    inside = any(
        start <= e.start and e.end <= end and (e.start, e.end) != (start, end)
        for start, end in example.marks or ()
        for e in (given.evidence if given else ())
    )
    return "evidence within evidence cannot be marked: leave the marks out" if inside else ""


def _evidence(given: Tag) -> str:
    pieces = [f"`{e.text}` ({e.keyword}, {e.source})" for e in given.evidence]
    return ", ".join(pieces) or f"its children {', '.join(given.implied_by)}"


def _stretches(text: str, spans: list[tuple[int, int]]) -> str:
    return ", ".join(f"`{text[start:end]}`" for start, end in spans)
