"""Run the tests that authors write beside their rules.

They run with ``ruletag test`` and before a rule set is served: rules whose own
tests fail are not activated. Those of a draft only warn.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from ruletag.matching.compiler import CompiledRules
from ruletag.matching.explainer import explain
from ruletag.matching.reasons import short
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Evidence, Tag
from ruletag.problems import Location, Problem, RuleSetError, quoted
from ruletag.rules.model import Category, Entry, Example

Outcome = Literal["passed", "failed", "open", "mended"]
_FAILED: Final = "E405"
_FAILED_OF_DRAFT: Final = "W590"
_MENDED: Final = "W591"
# A word that says enough to stand in an exception.
_WORD_BEFORE: Final = re.compile(r"\b\w{4,} $")
_WORD_AFTER: Final = re.compile(r" \w{4,}\b")
_WORDS: Final = re.compile(r"\w+(?: \w+)*")


class Result(NamedTuple):
    """What came of one test.

    A sentence under ``todo`` is ``open`` until it is tagged, and then ``mended``.
    ``given`` is what the category gave the sentence, or None; where it should have
    been given, ``why`` says what stood in the way.
    """

    category: Category
    example: Example
    given: Tag | None
    complaint: str
    why: str = ""

    @property
    def outcome(self) -> Outcome:
        """Say how the test ended."""
        if self.example.kind == "todo":
            return "open" if self.complaint else "mended"
        return "failed" if self.complaint else "passed"

    @property
    def problem(self) -> Problem | None:
        """Give what is to be reported, or None."""
        if self.outcome == "mended":
            detail = f"{self.category.id} is tagged now"
            hint = "move the sentence to `tag:`"
            return Problem(self.example.location, _MENDED, detail, hint)
        if self.outcome != "failed":
            return None
        code = _FAILED_OF_DRAFT if self.category.status == "draft" else _FAILED
        return Problem(self.example.location, code, self.complaint, _hint(self))

    @property
    def found(self) -> tuple[tuple[int, int], ...]:
        """The spans of the evidence that counts, as marks would show them."""
        evidence = self.given.evidence if self.given is not None else ()
        return tuple(sorted({(e.start, e.end) for e in evidence if e.counts and not e.in_title}))


def results(rules: CompiledRules) -> Iterator[Result]:
    """Run every test, in the order of categories; those of a category that is off are not run."""
    for category in rules.rule_set.categories:
        for example in category.examples if category.status != "off" else ():
            tagging = tag(rules, example.text)
            given = next(
                (t for t in (*tagging.tags, *tagging.drafts) if t.category == category.id), None
            )
            complaint = _complaint(category, example, given)
            why = ""
            if example.kind == "tag" and given is None:
                (explanation,) = explain(rules, example.text, categories=[category.id])
                why = short(explanation) if explanation.entries or explanation.places else ""
            yield Result(category, example, given, complaint, why)


def failures(rules: CompiledRules) -> Iterator[Problem]:
    """Yield a problem for each test that fails, in the order of categories."""
    for result in results(rules):
        if result.outcome == "failed" and result.problem is not None:
            yield result.problem


def check_examples(rules: CompiledRules) -> None:
    """Raise `RuleSetError` with every test that keeps the rules from being served."""
    problems = tuple(problem for problem in failures(rules) if problem.is_error)
    if problems:
        raise RuleSetError(problems)


def count_examples(rules: CompiledRules) -> int:
    """Count the tests that are run."""
    categories = rules.rule_set.categories
    return sum(len(category.examples) for category in categories if category.status != "off")


class Coverage(NamedTuple):
    """How many entries of a category its tests make use of, and where the others stand."""

    category: str
    entries: int
    unused: tuple[Entry, ...]

    @property
    def places(self) -> tuple[Location, ...]:
        """Where the entries stand that no test uses."""
        return tuple(entry.location for entry in self.unused)


def coverage(rules: CompiledRules) -> Iterator[Coverage]:
    """Say which entries some test of their category has counted evidence from."""
    used: dict[str, set[str]] = defaultdict(set)
    for result in results(rules):
        evidence = result.given.evidence if result.given is not None else ()
        used[result.category.id].update(piece.entry.path for piece in evidence if piece.counts)
    for category in rules.rule_set.categories:
        if category.status != "off":
            paths = used[category.id]
            unused = (e for i, e in enumerate(category.entries) if f"match[{i}]" not in paths)
            yield Coverage(category.id, len(category.entries), tuple(unused))


def marked(text: str, marks: tuple[tuple[int, int], ...]) -> str:
    """Give a sentence as a test writes it: with its marks, and with ``[[`` of its own escaped.

    Marks that overlap are left out, all of them, since they cannot be written.
    """
    pieces: list[str] = []
    done = 0
    for start, end in marks:
        if start < done:
            return _escaped(text)
        pieces += (_escaped(text[done:start]), "[[", _escaped(text[start:end]), "]]")
        done = end
    return "".join((*pieces, _escaped(text[done:])))


def _escaped(text: str) -> str:
    return text.replace("[[", "\\[[").replace("]]", "\\]]")


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


def _hint(result: Result) -> str:
    """Say what stood in the way, or that marks cannot do what their author wants of them."""
    if result.example.kind == "skip":
        return _way_out(result)
    if result.why:
        return result.why.removeprefix(f"{result.category.id}: not tagged, ")
    inside = any(
        start <= e.start and e.end <= end and (e.start, e.end) != (start, end)
        for start, end in result.example.marks or ()
        for e in (result.given.evidence if result.given else ())
    )
    return "evidence within evidence cannot be marked: leave the marks out" if inside else ""


def _way_out(result: Result) -> str:
    """Say what to write so that a sentence is not tagged."""
    evidence = result.given.evidence if result.given is not None else ()
    first = next((piece for piece in evidence if piece.counts), None)
    if first is None:
        return ""
    phrase = _longer(result.example.text, first.start, first.end) if not first.parts else ""
    such = f", such as {quoted(phrase)}" if phrase else ""
    none = "under `none` of the entry a word that must not stand near"
    return f"write under `except` a phrase that cancels it{such}; or {none}"


def _longer(text: str, start: int, end: int) -> str:
    """Give some evidence with a word beside it, or nothing."""
    before, after = _WORD_BEFORE.search(text[:start]), _WORD_AFTER.match(text[end:])
    front = before.group() if before else ""
    back = after.group() if after and not before else ""
    phrase = f"{front}{text[start:end]}{back}"
    return phrase if (front or back) and _WORDS.fullmatch(phrase) else ""


def _evidence(given: Tag) -> str:
    pieces = [f"`{e.text}` ({_keyword(e)}{e.source})" for e in given.evidence]
    return ", ".join(pieces) or f"its children {', '.join(given.implied_by)}"


def _keyword(evidence: Evidence) -> str:
    """Name the keyword, where the evidence does not."""
    is_alike = evidence.keyword.casefold() == evidence.text.casefold()
    return "" if is_alike else f"{evidence.keyword}, "


def _stretches(text: str, spans: list[tuple[int, int]]) -> str:
    return ", ".join(f"`{text[start:end]}`" for start, end in spans)
