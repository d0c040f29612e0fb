"""Read match patterns of spaCy and Prodigy: JSON lines with ``label`` and ``pattern``.

A pattern is a text, or a list of tokens. Each token gives the words that may stand
in its place; every combination becomes a keyword, as long as they are few.
"""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any, Final, NamedTuple

from ruletag.language.forms import plural_forms, verb_forms
from ruletag.rules.importers.rulefile import (
    Category,
    Entry,
    Imported,
    Line,
    Names,
    Remark,
    Source,
    UnreadableError,
    Word,
    decode,
    label_of,
    literal,
    why_not,
)

_HEAD: Final = (
    "Imported from the spaCy patterns {name}.",
    "LOWER is any case, ORTH and whole texts are the case as written, LEMMA is `~`;",
    "no other forms are found.",
)
_MOST_COMBINATIONS: Final = 32
_MOST_REPEATED: Final = 4
_REPEATS: Final = re.compile(r"\{([0-9]{1,2})?(,)?([0-9]{1,2})?\}")
_KEYS: Final = frozenset({"label", "pattern", "id"})
_WORD_KEYS: Final = {"LOWER": "LOWER", "ORTH": "ORTH", "TEXT": "ORTH", "LEMMA": "LEMMA"}
_JOINED: Final = re.compile(r" ?(-) ?| (?=['’])")


class _PatternError(Exception):
    """Why a pattern cannot be said in a rule."""


class _Choice(NamedTuple):
    """A word that may stand for a token; ``cased`` if its case matters, None if it has none."""

    text: str
    cased: bool | None = None
    is_lemma: bool = False


class _Read(NamedTuple):
    label: str
    lines: tuple[Line, ...]


def read(source: Source) -> Imported:
    """Give a category for every label."""
    by_label: dict[str, list[Line]] = {}
    for number, line in enumerate(decode(source.content).split("\n"), 1):
        if line.strip():
            found = _line(line, number)
            by_label.setdefault(found.label, []).extend(found.lines)
    if not by_label:
        raise UnreadableError([(0, 0, "there is no pattern in it")])
    names = Names(source.category)
    categories = tuple(_category(label, lines, names) for label, lines in by_label.items())
    return Imported(tuple(line.format(name=source.shown) for line in _HEAD), categories)


def _category(label: str, lines: list[Line], names: Names) -> Category:
    identity = names.id(label)
    return Category(identity, tuple(lines), label=label_of(label, identity))


def _line(line: str, number: int) -> _Read:
    value = _json(line, number)
    label, pattern = value.get("label"), value.get("pattern")
    if not isinstance(label, str) or not label.strip() or not isinstance(pattern, str | list):
        why = "a pattern is an object with `label` (a text) and `pattern` (a text or a list)"
        raise UnreadableError([(number, 1, why)])
    label = label.strip()
    shown = pattern if isinstance(pattern, str) else json.dumps(pattern, ensure_ascii=False)
    column = line.find('"pattern"') + 1 or 1
    try:
        _refuse_unknown(value.keys() - _KEYS, "of a pattern")
        words = list(_words(pattern, _identity(value.get("id"))))
    except _PatternError as error:
        return _Read(label, (Remark(number, column, shown, str(error)),))
    return _Read(label, tuple(Entry(((word,),)) for word in words))


def _json(line: str, number: int) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        reason = error.msg.lower().removesuffix(" at").removesuffix(" starting")
        raise UnreadableError([(number, error.colno, f"not JSON: {reason}")]) from None
    except (RecursionError, ValueError):
        why = "not JSON that can be read: nested too deeply, or a number too long"
        raise UnreadableError([(number, 1, why)]) from None
    if not isinstance(value, dict):
        raise UnreadableError([(number, 1, 'each line is an object: `{"label": …}`')])
    return value


def _identity(value: object) -> str:
    if value is None or isinstance(value, str | int):
        return "" if value is None else str(value).strip()
    raise _PatternError("`id` is no text")


def _refuse_unknown(names: set[str], of: str) -> None:
    if names:
        raise _PatternError(f"`{min(names)}` {of} has no counterpart")


# ------------------------------------------------------------------- patterns


def _words(pattern: str | list[Any], identity: str) -> Iterator[Word]:
    if isinstance(pattern, str):
        tokens = [[[_Choice(word, cased=True)]] for word in pattern.split()]
    else:
        tokens = [_token(token) for token in pattern]
    if not tokens:
        raise _PatternError("it is empty")
    if prod(map(len, tokens)) > _MOST_COMBINATIONS:
        raise _PatternError(f"it stands for more than {_MOST_COMBINATIONS} phrases")
    found: dict[Word, None] = {}
    for chosen in product(*tokens):
        choices = [choice for several in chosen for choice in several]
        if choices:
            found[_word(choices, identity)] = None
    yield from found


def _word(choices: list[_Choice], identity: str) -> Word:
    cases = {choice.cased for choice in choices} - {None}
    if len(cases) > 1:
        raise _PatternError("case matters in one token and not in another")
    marked = (literal(c.text) + "~" * c.is_lemma for c in choices)
    text = _JOINED.sub(lambda found: found[1] or "", " ".join(marked))
    why = why_not(text)
    if why:
        raise _PatternError(why)
    has_lemma = any(choice.is_lemma for choice in choices)
    return Word(text, exact=cases == {True}, only=not has_lemma, id=identity)


def _token(token: object) -> list[list[_Choice]]:
    """Give what may stand in a token's place, each a row of words; an empty row is nothing."""
    if not isinstance(token, Mapping):
        raise _PatternError('a token is an object, as in `{"LOWER": "copper"}`')
    keys = {str(key).upper(): value for key, value in token.items()}
    repeats = _repeats(keys.pop("OP", "1"))
    if not keys:
        raise _PatternError("`{}` stands for any word; a gap ` ... ` is near to it")
    _refuse_unknown(keys.keys() - _WORD_KEYS.keys(), "of a token")
    if len(keys) > 1:
        raise _PatternError("a token with several conditions")
    ((key, value),) = keys.items()
    choices = [c for text in _texts(value) for c in _choices(_WORD_KEYS[key], text)]
    if len(choices) ** max(repeats) * len(repeats) > _MOST_COMBINATIONS:
        raise _PatternError(f"it stands for more than {_MOST_COMBINATIONS} phrases")
    return [list(row) for times in repeats for row in product(choices, repeat=times)]


def _repeats(operator: object) -> range:
    if operator == "?":
        return range(2)
    if operator == "1":
        return range(1, 2)
    found = _REPEATS.fullmatch(str(operator))
    if found is None or found[0] == "{}" or not (found[1] or found[3]):
        raise _PatternError(f"`OP: {operator}` has no counterpart")
    least = int(found[1] or 0)
    most = int(found[3] or _MOST_REPEATED + 1) if found[2] else least
    if not least <= most <= _MOST_REPEATED:
        raise _PatternError(f"`OP: {operator}` repeats a token too often for a list of phrases")
    return range(least, most + 1)


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        _refuse_unknown({str(key) for key in value} - {"IN"}, "of a token")
        value = value.get("IN")
    given = value if isinstance(value, list) else [value]
    texts = [text.strip() for text in given if isinstance(text, str)]
    if not texts or len(texts) < len(given) or "" in texts:
        raise _PatternError("a token without a text")
    if any(" " in text for text in texts):
        raise _PatternError("a token holds no space, so spaCy never finds it")
    return texts


def _choices(key: str, text: str) -> Iterator[_Choice]:
    if key == "LOWER" and text != text.lower():
        raise _PatternError("LOWER with a capital letter, which spaCy never finds")
    has_case = text.lower() != text.upper()
    if key != "LEMMA":
        yield _Choice(text, key == "ORTH" if has_case else None)
        return
    yield _Choice(text, cased=False, is_lemma=True)
    # `~` gives the forms of a verb; a noun such as `man` has a plural besides.
    for plural in sorted(set(plural_forms(text)) - {text, *verb_forms(text)}):
        yield _Choice(plural, cased=False)
