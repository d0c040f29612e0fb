"""Nothing that is sent makes work go on for ever: it ends in time, with what was found."""

import time
from collections.abc import Callable
from datetime import date
from typing import Final

import pytest

from contract.rules import store_with
from ruletag.deadline import Deadline, DeadlineError
from ruletag.limits import LIMITS
from ruletag.linting.runner import lint
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.explainer import explain
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import RuleSet

SHORT: Final = 0.05  # seconds
GENEROUS: Final = 1.0  # seconds in which it has ended, on however slow a machine
PLAIN: Final = "categories: {a: [x, x ... y, {all: [[x], [y]]}]}"
SLOW_CUES: Final = """\
cues: {negated: {reach: 50, before: [b], after: [a]}, historical: {reach: 50, before: [d]}}
categories: {a: {match: [w], ignore: [negated]}}
"""
CUES_ALL_AROUND: Final = "a " * 10 + "w w w" + " b" * 10 + " "


def compiled(text: str) -> CompiledRules:
    active = store_with({"a.yaml": text}).current
    assert active is not None
    return active.rules


def many(category: str, count: int = 1_000) -> str:
    """Give rules of as many categories alike."""
    return "categories: {" + ", ".join(f"c{i}: {category}" for i in range(count)) + "}"


def spent(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


# name, rules, text
SLOW: Final = [
    ("a million bytes of letters of syllables", PLAIN, "\u1100" * 333_333),
    ("a million bytes of CR LF", PLAIN, "\r\n" * 500_000),
    ("a million bytes of broken words", PLAIN, "x-\n" * 333_333),
    ("a million bytes of accents apart from their letters", PLAIN, "a\u0300 " * 250_000),
    ("a million bytes of sentences", PLAIN, "x. X " * 200_000),
    ("a million bytes of quotations", PLAIN, '"x y z w" ' * 100_000),
    ("contexts with cues all around", SLOW_CUES, CUES_ALL_AROUND * 20_000),
    ("many categories that ignore contexts", many("{match: [x], ignore: [negated]}"), "x " * 9_000),
    ("many categories with exceptions", many("{match: [x], except: [y]}"), "x y " * 20_000),
    ("many conditions", many("[{all: [[x], [y]], within: 9 words}]"), "x y z " * 20_000),
    ("many gaps", many("[x ... y ... z]"), "x y z " * 20_000),
    ("one word in many entries", "categories: {a: [" + "x, " * 1_000 + "]}", "x " * 100_000),
    ("long words in gaps", PLAIN, "x " * 100 + "a" * 900_000 + " y" * 100),
    ("a chain of categories", "categories: {c0: [x], " + ", ".join(
        f"c{i}: [$c{i - 1}]" for i in range(1, 500)) + "}", "x " * 9_000),
    ("lines in capitals", "categories: {a: {match: [=X], ignore: [capitals]}}", "X X\nX\n" * 9_999),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "text"), [pytest.param(*case, id=name) for name, *case in SLOW])
def test_a_slow_text_is_cut(rules: str, text: str) -> None:
    judging = compiled(rules)
    deadline = Deadline(SHORT)

    started = time.thread_time()
    tagging = tag(judging, text, deadline=deadline)

    assert "deadline" in tagging.truncated
    assert time.thread_time() - started < GENEROUS


@pytest.mark.parametrize("seconds", [0, 0.005, 0.02, 0.1])
def test_what_is_answered_then_is_right(seconds: float) -> None:
    rules = compiled(many("[x, y]", 300))
    text = "x y z " * 1_000
    whole = {given.category: given.score for given in tag(rules, text).tags}

    tagging = tag(rules, text, deadline=Deadline(seconds))

    found = {given.category: given.score for given in tagging.tags}
    assert found.items() <= whole.items()
    assert len(found) < len(whole) or "deadline" not in tagging.truncated or seconds > 0


def test_what_was_found_before_is_described() -> None:
    rules = compiled("categories: {a: [smuggle], b: [" + "x, " * 1_000 + "]}")

    tagging = tag(rules, "smuggle " + "x " * 100_000, deadline=Deadline(0.5))

    assert tagging.truncated == ("deadline",)
    assert [e.text for given in tagging.tags for e in given.evidence] == ["smuggle"]


def test_an_ordinary_text_is_not_cut() -> None:
    rules = compiled(PLAIN)

    assert tag(rules, "x and y", deadline=Deadline(60)) == tag(rules, "x and y")


def test_so_many_cues_are_looked_at() -> None:
    """What stands beyond counts: nearly all matches stand in no context."""
    rules = compiled(SLOW_CUES)
    text = "d\n\n" + CUES_ALL_AROUND * 5_000  # with one that leaves something to look for

    within, beyond = tag(rules, text[:99]), tag(rules, text)

    assert (within.categories, within.truncated) == ((), ())
    assert beyond.categories == ("a",)
    assert "contexts" in beyond.truncated
    first, last = beyond.tags[0].evidence[0], beyond.tags[0].evidence[9_999]
    assert (first.contexts, first.counts) == (("negated",), False)
    assert (last.contexts, last.counts) == ((), True)


def test_long_evidence_counts_as_many_pieces() -> None:
    rules = compiled(many("[{all: [[x], [y]], within: document}]", 50))

    tagging = tag(rules, "x " + "z " * 490_000 + "y")

    assert len(tagging.tags) == 50
    assert tagging.truncated == ("matches",)
    told = sum(len(e.text) for given in tagging.tags for e in given.evidence)
    assert 9 * 980_000 < told < 1_000 * LIMITS.matches


# name, what raises once the time is up
RAISING: Final[list[tuple[str, Callable[[Deadline], object]]]] = [
    ("compiling", lambda deadline: compile_rules(rule_set(), deadline=deadline)),
    ("checking", lambda deadline: lint(words(), {}, date(2020, 1, 1), deadline)),
    ("explaining", lambda deadline: explain(words(), "x", "", ["a"], deadline)),
]


def rule_set() -> RuleSet:
    return parse_rules({"a.yaml": b"categories: {a: [" + b"x, " * 1_000 + b"]}"})


def words() -> CompiledRules:
    return compile_rules(rule_set())


@pytest.mark.parametrize("work", [pytest.param(work, id=name) for name, work in RAISING])
def test_other_work_ends_without_a_result(work: Callable[[Deadline], object]) -> None:
    with pytest.raises(DeadlineError):
        work(Deadline(0))

    work(Deadline(60))


@pytest.mark.parametrize(("rules", "text"), [pytest.param(*case, id=name) for name, *case in SLOW])
def test_a_slow_explanation_ends(rules: str, text: str) -> None:
    judging = compiled(rules)
    deadline = Deadline(SHORT)
    asked = [category.id for category in judging.rule_set.categories]

    started = time.thread_time()
    with pytest.raises(DeadlineError):
        explain(judging, text, "", asked, deadline)

    assert time.thread_time() - started < GENEROUS


# --------------------------------------------------------------------- the deadline itself


def test_the_time_is_that_of_the_processor() -> None:
    deadline = Deadline(0.05)

    time.sleep(0.1)
    assert not deadline.has_passed

    while spent(lambda: sum(range(1_000))) >= 0 and not deadline.has_passed:
        pass
    with pytest.raises(DeadlineError):
        deadline.check()


def test_the_clock_is_read_once_in_a_thousand_steps() -> None:
    deadline = Deadline(0)

    deadline.spend(999)
    with pytest.raises(DeadlineError):
        deadline.spend(1)
    deadline.spend(999)


def test_it_is_over_once_nobody_waits() -> None:
    gone: list[bool] = []
    deadline = Deadline(60, lambda: bool(gone))
    assert not deadline.has_passed

    gone.append(True)
    deadline.extend()

    assert deadline.has_passed


def test_a_little_more_may_be_allowed() -> None:
    deadline = Deadline(0)
    assert deadline.has_passed

    longer = Deadline(60)
    longer.extend()

    assert not longer.has_passed
