"""Turn text into categories with evidence: the main path of the whole program.

`tag` is a pure function: text and rules in, result out, nothing kept. It finds
every keyword in one pass over the folded text, judges the categories by what
was found, and orders what they are given. HTTP, command line, rule tests and
notebooks all call exactly this.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from ruletag.deadline import NEVER, Deadline, DeadlineError
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledCategory, CompiledRules
from ruletag.matching.entries import WEIGHT_UNIT
from ruletag.matching.evidence import Match
from ruletag.matching.judging import Judge, Verdict
from ruletag.matching.references import parents
from ruletag.matching.scanning import find_hits
from ruletag.matching.tagging import DEADLINE, Evidence, Tag, Tagging

_CUTS: Final = ("hits", "conditions", "contexts", "matches", DEADLINE)  # as an answer names them
_LONG: Final = 1_000  # characters of evidence that count as one more piece
_TITLE_END: Final = "\n\n"  # a title is judged as a paragraph before the text


def tag(
    rules: CompiledRules,
    text: str,
    title: str = "",
    only: AbstractSet[str] | None = None,
    deadline: Deadline = NEVER,
) -> Tagging:
    """Tag a text.

    ``title`` is judged as a paragraph before the text. ``only`` names the
    categories to judge; None means all. Any string is a text; nothing is raised:
    when the ``deadline`` passes, what was found until then is the result.
    """
    whole, body_start = whole_text(text, title)
    hits, truncated = find_hits(rules, whole, deadline)
    if truncated == (DEADLINE,):
        deadline.extend()
    judge = Judge(rules, whole, body_start, hits, deadline)
    tagged: list[Verdict] = []
    try:
        # What is added before the time is up stays.
        tagged += (v for v in judge.verdicts(_needed(rules, only)) if v.is_tagged)
    except DeadlineError:
        truncated = (*truncated, DEADLINE)
        deadline.extend()
    reporter = _Reporter(judge, only)
    tags = reporter.given([v for v in tagged if v.category.status != "draft"])
    drafts = reporter.given([v for v in tagged if v.category.status == "draft"])
    cuts = {*truncated, *judge.cut_short_by, *reporter.cut_short_by}
    return Tagging(tuple(tags), tuple(drafts), tuple(filter(cuts.__contains__, _CUTS)))


def whole_text(text: str, title: str) -> tuple[str, int]:
    """Give what is judged, the title before the text, and where the text begins in it."""
    return (f"{title}{_TITLE_END}{text}", len(title) + len(_TITLE_END)) if title else (text, 0)


def _needed(rules: CompiledRules, only: AbstractSet[str] | None) -> AbstractSet[int] | None:
    """Give the numbers of the categories that must be judged to answer about some."""
    if only is None:
        return None
    return {number for id_ in only for number in rules.needed.get(id_, ())}


class _Reporter:
    """Makes tags of verdicts, with no more evidence in all than an answer may have.

    Long evidence counts as several pieces: what lies between two words of a condition
    may be the whole text, and many conditions may have the same two.
    """

    def __init__(self, judge: Judge, only: AbstractSet[str] | None) -> None:
        self._judge = judge
        self._only = only
        self._left = LIMITS.matches
        self._is_late = False

    @property
    def cut_short_by(self) -> tuple[str, ...]:
        """The limits for which evidence was left out."""
        if self._is_late:
            return (DEADLINE,)
        return ("matches",) if self._left < 0 else ()

    def given(self, verdicts: Iterable[Verdict]) -> list[Tag]:
        """Give the tags of verdicts, implied ones too, by score and then by id."""
        ordered = sorted(verdicts, key=lambda v: (-v.score, v.category.id))
        tags = [self._tag(verdict) for verdict in ordered]
        tags += _implied(tags)
        return sorted((given for given in tags if self._is_wanted(given.category)), key=_by_score)

    def _is_wanted(self, category: str) -> bool:
        return self._only is None or category in self._only

    def _tag(self, verdict: Verdict) -> Tag:
        category = verdict.category
        reported = verdict.matches if self._is_wanted(category.id) else ()
        return Tag(
            category.id,
            category.about.label,
            category.about.severity,
            in_units(verdict.score),
            in_units(category.threshold),
            tuple(self._described(category, reported)),
            (),
            category.status == "deprecated",
        )

    def _described(self, category: CompiledCategory, matches: Iterable[Match]) -> list[Evidence]:
        describe = self._judge.describer.evidence
        described: list[Evidence] = []
        try:
            for match in () if self._is_late else matches:
                self._left -= 1 + (match.end - match.start) // _LONG
                if self._left < 0:
                    break
                described.append(describe(category, match))
        except DeadlineError:
            self._is_late = True
        return described


def in_units(thousandths: int) -> int | float:
    """Give a weight or score as a number: whole where it is whole."""
    whole, rest = divmod(thousandths, WEIGHT_UNIT)
    return whole if not rest else thousandths / WEIGHT_UNIT


def _implied(tags: Sequence[Tag]) -> Iterator[Tag]:
    """Tag the parents, defined or not, of tagged categories that are not tagged themselves."""
    tagged = {given.category for given in tags}
    children: dict[str, list[str]] = defaultdict(list)
    for category in sorted(tagged):
        for parent in parents(category):
            children[parent].append(category)
    for parent, below in children.items():
        if parent not in tagged:
            yield Tag(parent, "", None, None, None, (), tuple(below))


def _by_score(given: Tag) -> tuple[float, str]:
    return -(given.score if given.score is not None else 0), given.category
