"""What an explanation says: a category, its entries, and for each why it counts or does not."""

from typing import Final, Literal

import msgspec

from ruletag.problems import cropped
from ruletag.rules.model import Status

MOST_PLACES: Final = 20  # of one reason; how many there are in all stands beside them

Outcome = Literal["tagged", "implied", "not_enough", "nothing_counts", "vetoed", "draft", "off"]
Code = Literal[
    # It counts.
    "counted",
    # It stands in the text, and is no match.
    "cancelled",
    "hidden",
    "vetoed",
    "negated",
    "hypothetical",
    "historical",
    "quoted",
    "capitals",
    # A condition does not hold.
    "not_in_title",
    "group_missing",
    "not_together",
    "wrong_order",
    "overlapping",
    "no_company",
    "disturbed",
    "too_few",
    # A gap does not hold.
    "part_missing",
    "gap_too_wide",
    "gap_ended",
    "gap_order",
    "gap_in_pieces",
    # Nothing of it stands in the text, but something like it does.
    "case",
    "sign_between",
    "other_form",
    "inside_word",
    "longer_word",
    "spelling",
    "apart",
]


class Place(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A stretch of the text as sent (of the title, where ``in_title``), in code points."""

    start: int
    end: int
    text: str
    in_title: bool = False


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why matches of an entry count, or why they do not.

    ``code`` is stable, ``detail`` a sentence for people. ``places`` are where to
    look, in the order in which the sentence names them; of many the first, and
    ``count`` is how many such matches there are. ``write`` is what to write in
    place of the keyword so that it is found.
    """

    code: Code
    detail: str
    places: tuple[Place, ...] = ()
    count: int = 1
    write: str = ""


class EntryReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one entry, or of one line of a list that stands as an entry.

    ``entry`` is its keyword as written, or its words in short; ``path`` is where it
    stands in its category, ``source`` the file, line and column. ``added`` is what
    it added to the score, 0 where nothing of it counts.
    """

    entry: str
    path: str
    source: str
    weight: int | float
    added: int | float
    reasons: tuple[Reason, ...]
    name: str = ""

    @property
    def counts(self) -> bool:
        """Say whether a match of it counts."""
        return any(reason.code == "counted" for reason in self.reasons)


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a text is given a category, or why not.

    It ``is_tagged`` exactly when tagging gives the category; ``outcome`` and the
    sentence ``detail`` say how that came. ``score`` and ``threshold`` are None
    where no entries are judged. ``places`` are those of the veto. ``entries`` stand
    in this order: what counts, what was found and does not count, near misses;
    ``left_out`` more of these are not reported, and of ``not_found`` nothing
    stands in the text. ``truncated`` names limits that cut the answer short.
    """

    category: str
    is_tagged: bool
    outcome: Outcome
    detail: str
    status: Status = "on"
    score: int | float | None = None
    threshold: int | float | None = None
    implied_by: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    entries: tuple[EntryReport, ...] = ()
    left_out: int = 0
    not_found: int = 0
    truncated: tuple[str, ...] = ()


def short(explanation: Explanation) -> str:
    """Say in one or two sentences what most likely decided."""
    said = f"{explanation.category}: {explanation.detail}"
    if explanation.is_tagged:
        reports = [r for r in explanation.entries if r.counts]
    elif explanation.outcome in {"vetoed", "off"}:
        reports = []
    else:
        reports = [r for r in explanation.entries if not r.counts]
    if not reports:
        return f"{said}."
    report = reports[0]
    return f"{said}. `{cropped(report.entry)}`: {report.reasons[0].detail}."
