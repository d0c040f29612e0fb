"""Tag text with categories by editable keyword rules, with the exact evidence.

>>> import ruletag
>>> rules = ruletag.load_rules("rules")
>>> tagging = rules.tag("They tried to smuggle copper abroad.")
>>> tagging.categories
('commodities.metals', 'smuggling', 'commodities')
>>> [evidence.text for evidence in tagging.tags[1].evidence]
['smuggle']
"""

from collections.abc import Collection
from os import PathLike
from pathlib import Path

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Evidence, Part, Tag, Tagging
from ruletag.problems import Location, Problem, RuleSetError
from ruletag.rules.loader import read_rules
from ruletag.settings import SHIPPED_RULES
from ruletag.version import VERSION

__all__ = [
    "Evidence",
    "Location",
    "Part",
    "Problem",
    "RuleSetError",
    "Rules",
    "Tag",
    "Tagging",
    "load_rules",
]
__version__ = VERSION


class Rules:
    """A compiled rule set. Immutable: share it between threads."""

    def __init__(self, compiled: CompiledRules) -> None:
        self._compiled = compiled

    @property
    def digest(self) -> str:
        """The ``sha256:…`` of everything that can change an answer."""
        return self._compiled.digest

    @property
    def categories(self) -> tuple[str, ...]:
        """The ids of the categories defined, in order."""
        return tuple(sorted(category.id for category in self._compiled.categories))

    def tag(
        self, text: str, *, title: str = "", categories: Collection[str] | None = None
    ) -> Tagging:
        """Give the categories of a text, each with its evidence.

        ``title`` is judged as a paragraph before the text; ``categories`` are the
        ids to judge (all, if None). Positions are code points of the string given.
        Raises `TypeError` for a text that is no ``str``.
        """
        if not isinstance(text, str):
            raise TypeError(f"a text is a str, not {type(text).__name__}; decode bytes first")
        only = None if categories is None else frozenset(categories)
        return tag(self._compiled, text, title, only)


def load_rules(path: str | PathLike[str] | None = None) -> Rules:
    """Read and compile the rule folder at ``path``; without one, the rules that ship with ruletag.

    Raises `RuleSetError`, whose ``problems`` are all that is wrong with the
    files. The tests inside the rules are not run: ``ruletag test`` does that.
    """
    folder = Path(path) if path is not None else SHIPPED_RULES
    return Rules(compile_rules(read_rules(folder)))
