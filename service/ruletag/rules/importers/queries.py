"""Read search queries of news archives (Nexis, Factiva and kin) into trees.

Connectors bind as in Nexis: ``or`` first, then those of nearness, ``and``, and
``and not`` last. A query with a word that only Factiva knows is read as there:
nearness, ``not``, ``and``, and ``or`` last. Where that makes a difference, the
query carries a note.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

Kind = Literal["or", "near", "and", "not"]
Unit = Literal["words", "adjacent", "sentences", "paragraph", ""]
Span = tuple[int, int]

_MOST_NESTED: Final = 30
_TOKEN: Final = re.compile(
    r"""(?P<open>[(\[]) | (?P<close>[)\]]) | (?P<quoted>"[^"]*"|“[^“”"]*”)
    | (?P<word>(?:[^\s()\[\]"“”,;]|(?<=\d),(?=\d))+) | (?P<stray>\S)""",
    re.VERBOSE,
)
_LINE: Final = re.compile(
    r"(?P<query>(?:[^\n\r#]|(?<=\S)#)*)(?P<comment>#[^\n\r]*)?(?:\r\n|[\n\r]|$)"
)
_NAMED: Final = re.compile(r"[^\S\n]*([^\W_][\w.-]*)[^\S\n]*:(?=\s|$)")
_DATE: Final = re.compile(
    r"(?:date|load-date|wc|length)[ ]*(?:(?:aft|bef|after|before|geq|leq|gt|lt|is)\b|[<>]=?|=)"
    r"[ ]*[^\s()\[\]]+",
    re.IGNORECASE,
)
_FIELD: Final = re.compile(r"([A-Za-z][\w-]{1,14})=(.*)", re.DOTALL)
_CALL: Final = re.compile(r"[A-Za-z][\w-]*")
_COUNTED: Final = re.compile(r"atleast(\d{1,3})", re.IGNORECASE)

TITLES: Final = frozenset("headline hd title ti".split())
CASES: Final = frozenset("allcaps caps nocaps singular".split())
# Fields of a document that are not its words.
FILTERS: Final = frozenset(
    """date dt da load-date la language ln lang sc sn source pub publication rst rs wc length
    length-wc fmt pt publication-type geographic re ns in co fds cr by byline""".split()
)
_PLAIN: Final[dict[str, tuple[Kind, Unit, bool]]] = {
    "and": ("and", "", False),
    "or": ("or", "", False),
    "not": ("not", "", False),
    "andnot": ("not", "", False),
    "adj": ("near", "adjacent", True),
    **dict.fromkeys("w/s w/sent w/sentence /s".split(), ("near", "sentences", False)),
    **dict.fromkeys("w/p w/para w/paragraph /p same".split(), ("near", "paragraph", False)),
    "+s": ("near", "sentences", True),
    "+p": ("near", "paragraph", True),
}
# Whether the words must come in order, and how many of the number do not stand
# between: Factiva's `adj5` and `near5` count up to the second word.
_NUMBERED: Final = (
    (re.compile(r"(?:w|within|near|n)?/(\d{1,3})", re.IGNORECASE), False, 0),
    (re.compile(r"(?:pre|p|onear|adj)/(\d{1,3})|\+(\d{1,3})", re.IGNORECASE), True, 0),
    (re.compile(r"near(\d{1,3})|/n(\d{1,3})/", re.IGNORECASE), False, 1),
    (re.compile(r"adj(\d{1,3})", re.IGNORECASE), True, 1),
)
_LIKE_A_CONNECTOR: Final = re.compile(
    r"(?:w|within|near|pre|onear|not|notw)/.*|/\w+/?|near|%", re.IGNORECASE
)


class Connector(NamedTuple):
    """What joins two operands, with so many ``words`` between."""

    kind: Kind
    unit: Unit
    in_order: bool
    words: int
    span: Span


class Term(NamedTuple):
    """Words that stand side by side, as written, without quotation marks."""

    words: tuple[str, ...]
    span: Span


class Join(NamedTuple):
    """Operands with the connectors between them: all ``or``, ``and``, ``not``, or of nearness."""

    kind: Kind
    items: tuple["Tree", ...]
    connectors: tuple[Connector, ...]
    span: Span
    in_brackets: bool = False


class Marked(NamedTuple):
    """An operand with a name before it: ``HEADLINE(…)``, ``ATLEAST5(…)``, ``la=en``."""

    name: str
    item: "Tree | None"
    span: Span
    least: int = 0


Tree = Term | Join | Marked


class Query(NamedTuple):
    """One query of a file; ``name`` is the category its author gave it, or empty."""

    name: str
    text: str
    start: int
    tokens: tuple["Token", ...]


class Token(NamedTuple):
    """A piece of a query: a bracket, words, or a connector."""

    kind: str
    text: str
    span: Span
    connector: Connector | None = None


class QueryError(Exception):
    """Why a query cannot be read, and where."""

    def __init__(self, why: str, span: Span) -> None:
        super().__init__(why)
        self.span = span


# ------------------------------------------------------------ a file of queries


def queries(text: str) -> Iterator[Query]:
    """Give the queries of a file, which has a query a line.

    One goes on over a line break where a bracket is open, or a connector stands on
    either side. A blank line ends it, ``#`` begins a comment, and ``name:`` before
    queries names them.
    """
    name = ""
    held: list[Token] = []
    for line in _LINE.finditer(text):
        start, end = line.span("query")
        named = _NAMED.match(text, start, end)
        tokens = _tokens(text, named.end() if named else start, end)
        is_comment = not tokens and line["comment"] is not None
        if held and not is_comment and (named or not _goes_on(held, tokens)):
            yield _query(name, text, held)
            held = []
        name = named[1] if named else name
        held += tokens  # the last line is an empty one, which ends what is held


def _query(name: str, text: str, tokens: Sequence[Token]) -> Query:
    start, end = tokens[0].span[0], tokens[-1].span[1]
    return Query(name, text[start:end], start, tuple(tokens))


def _goes_on(held: Sequence[Token], tokens: Sequence[Token]) -> bool:
    if not tokens:
        return False
    kinds = [token.kind for token in held]
    is_open = kinds.count("open") > kinds.count("close")
    return is_open or held[-1].connector is not None or _can_only_go_on(tokens[0])


def _can_only_go_on(token: Token) -> bool:
    return token.connector is not None or token.kind == "close"


def _tokens(text: str, start: int, end: int) -> list[Token]:
    found: list[Token] = []
    while (match := _TOKEN.search(text, start, end)) is not None:
        kind = match.lastgroup or ""
        # The extent of a date would read as words.
        date = _DATE.match(text, match.start(), end) if kind == "word" else None
        if date is not None:
            match, kind = date, "date"
        found.append(_token(kind, match))
        start = match.end()
    return found


def _token(kind: str, match: re.Match[str]) -> Token:
    written = match.group()
    connector = _connector(written, match.span()) if kind == "word" else None
    if connector is not None:
        return Token("connector", written, match.span(), connector)
    return Token(kind, written[1:-1] if kind == "quoted" else written, match.span())


def _connector(written: str, span: Span) -> Connector | None:
    plain = _PLAIN.get(written.lower())
    if plain is not None:
        return Connector(*plain, 0, span)
    for pattern, in_order, counted_in in _NUMBERED:
        found = pattern.fullmatch(written)
        if found:
            count = int(next(filter(None, found.groups()))) - counted_in
            return Connector("near", "words" if count else "adjacent", in_order, count, span)
    return None


# ------------------------------------------------------------------- one query


def read_query(query: Query) -> tuple[Tree, tuple[tuple[str, Span], ...]]:
    """Give the tree of a query, and what should be known about how it was read.

    Raises `QueryError` for what makes no sense.
    """
    reader = _Reader(query.tokens)
    return reader.whole(), tuple(reader.notes)


_NO_PART: Final = "this sign is no part of a query"


class _Dialect(NamedTuple):
    """How connectors bind, the loosest first."""

    name: str
    order: tuple[Kind, ...]


_NEXIS: Final = _Dialect("Nexis", ("not", "and", "near", "or"))
_FACTIVA: Final = _Dialect("Factiva", ("or", "and", "not", "near"))
# Connectors and fields that only Factiva writes so.
_OF_FACTIVA: Final = re.compile(
    r"adj\d*|near\d+|same|/n\d+/|[a-z]{2,4}=.*", re.IGNORECASE | re.DOTALL
)


def _dialect(tokens: Sequence[Token]) -> _Dialect:
    kinds = {"connector", "word"}
    is_factiva = any(t.kind in kinds and _OF_FACTIVA.fullmatch(t.text) for t in tokens)
    return _FACTIVA if is_factiva else _NEXIS


class _Reader:
    """Reads the tokens of one query from left to right."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.notes: list[tuple[str, Span]] = []
        self._tokens = tokens
        self._dialect = _dialect(tokens)
        self._at = 0
        self._depth = 0
        self._end = Token("end", "", (tokens[-1].span[1] - 1, tokens[-1].span[1]))

    def whole(self) -> Tree:
        """Read everything there is."""
        tree = self._join()
        self._expect("end", "this bracket closes nothing")
        return tree

    # ---------------------------------------------------------------- tokens

    def _next(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else self._end

    def _take(self) -> Token:
        token = self._next()
        self._at += 1
        return token

    def _expect(self, kind: str, otherwise: str) -> None:
        token = self._take()
        if token.kind in {"open", "word", "quoted", "date"}:
            raise QueryError("no connector stands before this", token.span)
        if token.kind == "stray":
            raise QueryError(_NO_PART, token.span)
        if token.kind != kind:
            raise QueryError(otherwise, token.span)

    def _span_from(self, began: int) -> Span:
        return self._tokens[began].span[0], self._tokens[self._at - 1].span[1]

    # ----------------------------------------------------------------- joins

    def _join(self, level: int = 0) -> Tree:
        """Read operands joined by connectors of one kind, or of those that bind tighter."""
        if level == len(self._dialect.order):
            return self._unit()
        kind = self._dialect.order[level]
        began = self._at
        items = [self._join(level + 1)]
        connectors: list[Connector] = []
        while (connector := self._connector_of(kind)) is not None:
            connectors.append(connector)
            items.append(self._join(level + 1))
        if not connectors:
            return items[0]
        self._note_order(kind, items)
        return Join(kind, tuple(items), tuple(connectors), self._span_from(began))

    def _connector_of(self, kind: Kind) -> Connector | None:
        connector = self._next().connector
        if connector is None:
            return None
        after = self._next(1).connector
        is_and_not = connector.kind == "and" and after is not None and after.kind == "not"
        if ("not" if is_and_not else connector.kind) != kind:
            return None
        self._at += 2 if is_and_not else 1
        return connector

    def _note_order(self, kind: Kind, items: Sequence[Tree]) -> None:
        """Note what other archives would read otherwise."""
        for i, item in enumerate(items):
            if not isinstance(item, Join) or item.in_brackets:
                continue
            others_after = i < len(items) - 1
            ambiguous = {
                "or": item.kind in {"and", "not"},
                "and": item.kind == "or" or (item.kind == "not" and others_after),
                "not": item.kind == "or" or (item.kind == "and" and i > 0),
                "near": item.kind == "or",
            }
            if ambiguous[kind]:
                why = f"no brackets: this was read first, as in {self._dialect.name}"
                self.notes.append((why, item.span))

    # ----------------------------------------------------------------- units

    def _unit(self) -> Tree:
        token = self._take()
        if token.kind in {"word", "quoted"}:
            return self._named(token) or self._term(token)
        if token.kind == "open":
            return self._in_brackets(token)
        if token.kind == "date":
            return Marked("date", None, token.span)
        raise QueryError(self._misplaced(token), token.span)

    def _misplaced(self, token: Token) -> str:
        if token.connector is not None:
            before = self._next(-2).connector if self._at > 1 else None
            if before is not None and before.kind == "not":
                return "`not` before it has no counterpart"
            return "nothing stands before it"
        if token.kind == "end":
            return "something is missing at the end"
        if token.kind == "close":
            return "nothing stands before it"
        return _NO_PART

    def _in_brackets(self, opening: Token) -> Tree:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            why = f"more than {_MOST_NESTED} brackets inside one another"
            raise QueryError(why, opening.span)
        tree = self._join()
        if self._next().kind == "end":
            raise QueryError("this bracket is never closed", opening.span)
        self._expect("close", "a bracket should close here")
        self._depth -= 1
        return tree._replace(in_brackets=True) if isinstance(tree, Join) else tree

    def _named(self, token: Token) -> Tree | None:
        """Read a unit that begins with a name: ``HEADLINE(…)``, ``atleast5 copper``, ``la=en``."""
        if token.kind == "quoted":
            return None
        began = self._at - 1
        is_call = self._next().kind == "open" and self._next().span[0] == token.span[1]
        counted = _COUNTED.fullmatch(token.text)
        field = _FIELD.fullmatch(token.text)
        if field:
            return self._field(field, token, began)
        if counted or (is_call and _CALL.fullmatch(token.text)):
            item = self._unit()
            name = "atleast" if counted else token.text.lower()
            return Marked(name, item, self._span_from(began), int(counted[1]) if counted else 0)
        return None

    def _field(self, field: re.Match[str], token: Token, began: int) -> Tree:
        if not field[2]:
            return Marked(field[1].lower(), self._unit(), self._span_from(began))
        start = token.span[0] + field.start(2)
        rest = token._replace(text=field[2], span=(start, token.span[1]))
        item = self._term(rest)
        return Marked(field[1].lower(), item, self._span_from(began))

    def _term(self, token: Token) -> Term:
        """Read words side by side, up to what is no word."""
        began = self._at - 1
        texts = [token.text]
        while self._next().kind in {"word", "quoted"} and not self._begins_a_unit():
            texts.append(self._take().text)
        for taken in self._tokens[began : self._at]:
            if taken.kind == "word" and _LIKE_A_CONNECTOR.fullmatch(taken.text):
                raise QueryError("this connector has no counterpart", taken.span)
        words = tuple(word for text in texts for word in text.split())
        return Term(words, (token.span[0], self._tokens[self._at - 1].span[1]))

    def _begins_a_unit(self) -> bool:
        token, after = self._next(), self._next(1)
        if token.kind == "quoted":
            return False
        is_call = after.kind == "open" and after.span[0] == token.span[1]
        return is_call or bool(_COUNTED.fullmatch(token.text) or _FIELD.fullmatch(token.text))
