"""What tagging a text comes to: categories, each with its evidence."""

from typing import Final

import msgspec

from ruletag.matching.entries import CompiledEntry
from ruletag.matching.gaps import Span
from ruletag.rules.model import Severity

DEADLINE: Final = "deadline"  # among what cut an answer short: the time was up


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a gap or a condition: where it stands in the text as sent, and what stands there.

    A condition may find some of its words in the title (``in_title``).
    """

    start: int
    end: int
    text: str
    in_title: bool = False


class Evidence(msgspec.Struct, frozen=True):
    """A match reported for a category.

    ``text[start:end]`` of the text as sent (of the title, where ``in_title``) is
    ``text``; positions are code points. ``keyword`` is what was found, as its
    author wrote it; for a condition its words, joined by `` + ``. ``sentence`` is
    the span of the sentence it begins in. ``parts`` are the parts of a gap or a
    condition, else empty. It ``counts`` unless the category ignores one of its
    ``contexts``.
    """

    start: int
    end: int
    text: str
    keyword: str
    entry: CompiledEntry
    ids: tuple[str, ...]
    sentence: Span
    contexts: tuple[str, ...]
    counts: bool
    parts: tuple[Part, ...]
    in_title: bool

    @property
    def source(self) -> str:
        """Where the keyword or entry stands: file, line and column."""
        return self.entry.source

    @property
    def name(self) -> str:
        """The name that its author gave the entry, or nothing."""
        return self.entry.name


class Tag(msgspec.Struct, frozen=True):
    """A category given to a text.

    ``score`` and ``threshold`` are None for a parent that has no evidence of its
    own: ``implied_by`` then names the tagged categories below it.
    """

    category: str
    label: str
    severity: Severity | None
    score: int | float | None
    threshold: int | float | None
    evidence: tuple[Evidence, ...]
    implied_by: tuple[str, ...]
    is_deprecated: bool = False


class Tagging(msgspec.Struct, frozen=True):
    """The categories of one text, by score and then by id.

    ``drafts`` are what categories with the status ``draft`` would have given.
    ``truncated`` names the limits that cut the answer short; it is empty where
    the answer is complete.
    """

    tags: tuple[Tag, ...]
    drafts: tuple[Tag, ...]
    truncated: tuple[str, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """The ids of the categories given, in order."""
        return tuple(tag.category for tag in self.tags)

    @property
    def complete(self) -> bool:
        """Say whether no limit cut the answer short."""
        return not self.truncated
