"""Explain why a text is given a category, and why not.

The text is scanned and judged as `ruletag.matching.tagger.tag` does it, by the same
parts of the program; then every entry of the categories asked for is accounted
for. Of a large category only the entries that are nearest to counting are
reported in detail, so that the time stays linear in text and rules.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from ruletag.deadline import NEVER, Deadline
from ruletag.lazy import lazy
from ruletag.matching.accounts import Account, Judged, names
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.judging import Judge
from ruletag.matching.nearmisses import NearMisses
from ruletag.matching.obstacles import Index, Scene
from ruletag.matching.reasons import Explanation, Outcome
from ruletag.matching.references import parents
from ruletag.matching.scanning import find_hits
from ruletag.matching.tagger import whole_text
from ruletag.rules.model import Status


def explain(
    rules: CompiledRules,
    text: str,
    title: str = "",
    categories: Iterable[str] = (),
    deadline: Deadline = NEVER,
) -> tuple[Explanation, ...]:
    """Explain for each category asked for why the text is given it, or why not.

    ``categories`` are ids of `explainable`. Raises `KeyError` for any other, and
    `DeadlineError`: half an explanation would say that what was not looked at is not
    there.
    """
    asked = tuple(dict.fromkeys(categories))
    known = explainable(rules)
    for id_ in asked:
        if id_ not in known:
            raise KeyError(id_)
    explainer = _Explainer(rules, whole_text(text, title), asked, deadline)
    return tuple(map(explainer.explain, asked))


def explainable(rules: CompiledRules) -> frozenset[str]:
    """Give the ids that can be asked for: all that are defined, and the ones above them."""
    ids = (category.id for category in rules.rule_set.categories)
    return frozenset(name for id_ in ids for name in (id_, *parents(id_)))


class _Explainer:
    """Explains one text."""

    def __init__(
        self,
        rules: CompiledRules,
        whole: tuple[str, int],
        asked: Sequence[str],
        deadline: Deadline,
    ) -> None:
        self._rules = rules
        self._whole, self._body_start = whole
        self._deadline = deadline
        self._hits, self._truncated = find_hits(rules, self._whole, deadline)
        self._numbers = {category.id: i for i, category in enumerate(rules.categories)}
        self._defined = {category.id: category for category in rules.rule_set.categories}
        asked_for = [self._numbers[id_] for id_ in asked if id_ in self._numbers]
        self._index = Index(rules, asked_for)
        needed = {number for id_ in asked for number in rules.needed.get(id_, ())}
        drafts = {n for n in needed if rules.categories[n].status == "draft"}
        # A draft is seen by drafts only: what it found may not be there for the others.
        self._judged = self._judge(needed - drafts)
        self._drafts = self._judge(needed) if drafts.intersection(asked_for) else self._judged
        self._near = NearMisses(self._judged.scene)

    def _judge(self, numbers: AbstractSet[int]) -> Judged:
        judge = Judge(self._rules, self._whole, self._body_start, self._hits, self._deadline)
        numbered = {v.category.id: v for v in judge.verdicts(numbers)}
        verdicts = {self._numbers[id_]: verdict for id_, verdict in numbered.items()}
        return Judged(
            Scene(self._index, self._whole, self._body_start, self._hits, judge), verdicts
        )

    @lazy
    def _tagged(self) -> list[str]:
        """The categories that the text is given by their own evidence."""
        verdicts = self._judged.verdicts.values()
        return sorted(verdict.category.id for verdict in verdicts if verdict.is_tagged)

    def explain(self, id_: str) -> Explanation:
        """Explain one category."""
        self._deadline.check()
        implied = tuple(other for other in self._tagged if other.startswith(f"{id_}."))
        number = self._numbers.get(id_)
        if number is None:
            return self._unjudged(id_, implied)
        category = self._rules.categories[number]
        judged = self._drafts if category.status == "draft" else self._judged
        account = Account(judged, number, self._defined[id_], self._near)
        return account.explanation(implied, self._truncated)

    def _unjudged(self, id_: str, implied: tuple[str, ...]) -> Explanation:
        """Explain a category that is off, or that only stands above others."""
        is_off = id_ in self._defined
        below = sorted(other for other in self._defined if other.startswith(f"{id_}."))
        detail = "is off, and so is never judged"
        if implied:
            detail = f"tagged, implied by {names(implied)}"
        elif not is_off:
            detail = (
                f"not tagged: it has no entries of its own, and none below it is ({names(below)})"
            )
        outcome: Outcome = "implied" if implied else "off" if is_off else "nothing_counts"
        status: Status = "off" if is_off else "on"
        return Explanation(
            id_,
            bool(implied),
            outcome,
            detail,
            status=status,
            implied_by=implied,
            truncated=self._truncated,
        )
