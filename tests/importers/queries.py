"""Queries and documents for the law that a rule finds what the query finds, and an oracle.

The oracle knows nothing of rules: it looks at words in sentences in paragraphs.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

# As written in a query, and as regular words of a document that it finds.
TERMS = {
    "copper": ("copper", "coppers"),
    "tin": ("tin", "tins"),
    "smuggl!": ("smuggler", "smuggled"),
    "scrap metal": ("scrap metal", "scrap metals"),
    "metal": ("metal", "metals"),
}
_FOUND = sorted({word for forms in TERMS.values() for form in forms for word in form.split()})
_SENTENCES = st.lists(st.sampled_from([*_FOUND, "lorem", "ipsum"]), min_size=1, max_size=6)
_PARAGRAPHS = st.lists(_SENTENCES, min_size=1, max_size=3)
DOCUMENTS = st.lists(_PARAGRAPHS, min_size=1, max_size=3)

Document = list[list[list[str]]]
Place = tuple[int, int, int, int]  # paragraph, sentence, first word, end


@dataclass(frozen=True)
class Asked:
    """A query as a tree: a term, or an operator with what it joins."""

    operator: str
    items: tuple["Asked", ...] = ()

    def __str__(self) -> str:
        if not self.items:
            return self.operator
        if self.operator in {"ATLEAST2", "HEADLINE"}:
            return f"{self.operator}({self.items[0]})"
        return f" {self.operator} ".join(
            f"({item})" if item.items else str(item) for item in self.items
        )


_TERM = st.sampled_from(sorted(TERMS)).map(Asked)
_WORDS = st.lists(_TERM, min_size=1, max_size=3, unique=True).map(
    lambda items: items[0] if len(items) == 1 else Asked("or", tuple(items))
)
_NEAR = st.builds(
    lambda operator, first, second: Asked(operator, (first, second)),
    st.sampled_from(["w/s", "w/p", "w/2", "pre/2"]),
    _WORDS,
    _WORDS,
)
_COUNTED = st.builds(lambda words: Asked("ATLEAST2", (words,)), _WORDS)


def _joined(inner: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    return st.builds(
        lambda operator, items: Asked(operator, tuple(items)),
        st.sampled_from(["and", "or"]),
        st.lists(inner, min_size=2, max_size=3),
    ) | st.one_of(
        st.builds(lambda first, second: Asked("and not", (first, second)), inner, inner),
        st.builds(lambda item: Asked("HEADLINE", (item,)), inner),
    )


QUERIES = st.recursive(_WORDS | _NEAR | _COUNTED, _joined, max_leaves=5)


def as_text(document: Document) -> tuple[str, str]:
    """Give a text and its title, which is the first paragraph."""
    title, *paragraphs = (
        " ".join(" ".join(words).capitalize() + "." for words in paragraph)
        for paragraph in document
    )
    return "\n\n".join(paragraphs), title


def answers(asked: Asked, document: Document) -> bool:
    """Say whether a document answers a query."""
    items = asked.items
    match asked.operator:
        case "or" | "and":
            every = any if asked.operator == "or" else all
            return every(answers(item, document) for item in items)
        case "and not":
            return answers(items[0], document) and not answers(items[1], document)
        case "HEADLINE":
            return answers(items[0], document[:1])
        case "ATLEAST2":
            return len(settled(items[0], document)) >= 2
        case _:
            return stands(asked, document)


def stands(asked: Asked, document: Document) -> bool:
    """Say whether words stand in a document, near each other if that is asked."""
    if not asked.operator.startswith(("w/", "pre/")):
        return any(True for _ in places(asked, document))
    first, second = (list(places(item, document)) for item in asked.items)
    return any(near(asked.operator, a, b) for a in first for b in second)


def places(asked: Asked, document: Document) -> Iterator[Place]:
    """Give where the words of a group stand."""
    if asked.items:
        for item in asked.items:
            yield from places(item, document)
        return
    forms = [form.split() for form in TERMS[asked.operator]]
    for i, paragraph in enumerate(document):
        for j, words in enumerate(paragraph):
            for start in range(len(words)):
                for form in forms:
                    if words[start : start + len(form)] == form:
                        yield i, j, start, start + len(form)


def settled(asked: Asked, document: Document) -> list[Place]:
    """Give the places that do not overlap: of two the longer, which is the first here."""
    kept: list[Place] = []
    for place in sorted(set(places(asked, document)), key=lambda p: (p[2] - p[3], p)):
        if not any(overlap(place, other) for other in kept):
            kept.append(place)
    return kept


def overlap(first: Place, second: Place) -> bool:
    return first[:2] == second[:2] and first[2] < second[3] and second[2] < first[3]


def near(operator: str, first: Place, second: Place) -> bool:
    if overlap(first, second) or first[0] != second[0]:
        return False
    if operator == "w/p":
        return True
    if first[1] != second[1] or operator == "w/s":
        return first[1] == second[1]
    if operator == "pre/2" and first > second:
        return False
    (_, _, _, end), (_, _, start, _) = sorted([first, second])
    return start - end <= 2
