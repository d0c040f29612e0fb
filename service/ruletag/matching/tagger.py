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

import msgspec

from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.entries import WEIGHT_UNIT
from ruletag.matching.judging import Judge, Verdict
from ruletag.matching.references import parents
from ruletag.matching.scanning import find_hits
from ruletag.matching.tagging import Tag, Tagging

_TITLE_END: Final = "\n\n"  # a title is judged as a paragraph before the text


def tag(
    rules: CompiledRules, text: str, title: str = "", only: AbstractSet[str] | None = None
) -> Tagging:
    """Tag a text.

    ``title`` is judged as a paragraph before the text. ``only`` names the
    categories to judge; None means all. Any string is a text; nothing is raised.
    """
    whole, body_start = whole_text(text, title)
    hits, truncated = find_hits(rules, whole)
    judge = Judge(rules, whole, body_start, hits)
    tagged = [v for v in judge.verdicts(_needed(rules, only)) if v.is_tagged]
    tags = _given(judge, (v for v in tagged if v.category.status != "draft"), only)
    drafts = _given(judge, (v for v in tagged if v.category.status == "draft"), only)
    if judge.was_cut_short:
        truncated = (*truncated, "conditions")
    if (
        sum(len(v.matches) for v in tagged if only is None or v.category.id in only)
        > LIMITS.matches
    ):
        tags, drafts = _cut(tags, drafts, LIMITS.matches)
        truncated = (*truncated, "matches")
    return Tagging(tuple(tags), tuple(drafts), truncated)


def whole_text(text: str, title: str) -> tuple[str, int]:
    """Give what is judged, the title before the text, and where the text begins in it."""
    return (f"{title}{_TITLE_END}{text}", len(title) + len(_TITLE_END)) if title else (text, 0)


def _needed(rules: CompiledRules, only: AbstractSet[str] | None) -> AbstractSet[int] | None:
    """Give the numbers of the categories that must be judged to answer about some."""
    if only is None:
        return None
    return {number for id_ in only for number in rules.needed.get(id_, ())}


def _given(judge: Judge, verdicts: Iterable[Verdict], only: AbstractSet[str] | None) -> list[Tag]:
    """Give the tags of verdicts, implied ones too, by score and then by id."""
    tags = [_tag(judge, verdict) for verdict in verdicts]
    tags += _implied(tags)
    if only is not None:
        tags = [given for given in tags if given.category in only]
    return sorted(tags, key=_by_score)


def _tag(judge: Judge, verdict: Verdict) -> Tag:
    category = verdict.category
    # More than that is cut away in any case.
    reported = verdict.matches[: LIMITS.matches]
    return Tag(
        category.id,
        category.about.label,
        category.about.severity,
        in_units(verdict.score),
        in_units(category.threshold),
        tuple([judge.describer.evidence(category, match) for match in reported]),
        (),
        category.status == "deprecated",
    )


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


def _cut(tags: list[Tag], drafts: list[Tag], most: int) -> tuple[list[Tag], list[Tag]]:
    """Keep the first ``most`` pieces of evidence of all tags together, drafts last."""
    cut = []
    for given in (*tags, *drafts):
        kept = given.evidence[:most]
        most -= len(kept)
        cut.append(msgspec.structs.replace(given, evidence=kept))
    return cut[: len(tags)], cut[len(tags) :]


def _by_score(given: Tag) -> tuple[float, str]:
    return -(given.score if given.score is not None else 0), given.category
