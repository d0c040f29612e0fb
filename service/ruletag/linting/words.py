"""Keywords that look unlike what their author meant them to find."""

import re
from collections.abc import Iterator
from typing import Final
from unicodedata import category, name

import yaml

from ruletag.language.forms import plural_forms, verb_forms
from ruletag.linting.found import phrases, single_phrase, single_word
from ruletag.linting.vocabulary import (
    COMMON,
    CONFUSABLE,
    HOMOGRAPHS,
    KOREAN,
    NOUNS,
    NOUNS_AT_AN_END,
    PLURALS_ALONE,
    UNITS,
    VERBS,
)
from ruletag.problems import Location, Problem, quoted
from ruletag.rules.model import Keyword, Line, Phrase, Word
from ruletag.rules.patches import COMMA, as_scalar
from ruletag.text.words import HAS_OTHER_EDGES, in_word, is_spaced

Report = Iterator[Problem]

_MOST_WORDS: Final = 8
_FEWEST_SMALL: Final = 6  # words in small letters: a long name has fewer
_SHORT: Final = 2
_SPACES_MEANT: Final = frozenset("\u200c\u200d")  # in scripts that join their letters
_TOKEN: Final = re.compile(r"[^\W_]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_NUMBER: Final = re.compile(r"[0-9]+")
# Words without a mark; beside a `~` the last word takes no plural.
_PLAIN: Final = re.compile(r"[^\\~*=$.…]*[^\\~*=$.… ]")
_NOUN_ENDING: Final = re.compile(r"[a-z]{3,}(?:ist|ment|ncy|[acipu]tion|sion)")
_COMPANY: Final = "add `with:` and words that stand near it, or write a longer phrase"


# ------------------------------------------------------------------ wherever it stands


def doubtful(keyword: Keyword) -> Report:
    """Report what is doubtful about a keyword, wherever it stands."""
    if not keyword.written.isascii():
        yield from _confusable(keyword)
        yield from _invisible(keyword)
    for phrase in phrases(keyword):
        yield from _idle_marks(keyword, phrase)
        if len(phrase.words) > _MOST_WORDS:
            yield from _long(keyword, phrase)


def _confusable(keyword: Keyword) -> Report:
    for token in _TOKEN.finditer(keyword.written):
        word = token.group()
        strange = next((c for c in word if c in CONFUSABLE), "")
        if strange and _LATIN.search(word):
            script = name(strange).split()[0].capitalize()
            detail = f"a {script} letter (U+{ord(strange):04X}) among the Latin ones of this word"
            hint = f"write {quoted(latin(word))}" if is_latin(latin(word)) else "write it anew"
            yield Problem(_piece(keyword, token.span()), "W508", detail, hint)


def latin(word: str) -> str:
    """Give a word with Latin letters in place of those that look like them."""
    return "".join(CONFUSABLE.get(character, character) for character in word)


def is_latin(word: str) -> bool:
    """Say whether all letters of a word are Latin."""
    return all(not c.isalpha() or _LATIN.match(c) for c in word)


def _invisible(keyword: Keyword) -> Report:
    places = [i for i, c in enumerate(keyword.written) if _is_invisible(keyword.written, i, c)]
    if places:
        first = keyword.written[places[0]]
        detail = f"invisible character U+{ord(first):04X} in the keyword"
        hint = "delete it: a search of the file does not find the word"
        where = keyword.location.piece(keyword.written, places[0], places[0] + 1)
        yield Problem(where, "W509", detail, hint)


def _is_invisible(written: str, i: int, character: str) -> bool:
    if character.isascii() or (category(character) != "Cf" and character != "\u3164"):
        return False
    before = written[i - 1] if i else " "
    return character not in _SPACES_MEANT or before.isascii() or _LATIN.match(before) is not None


def without_invisible(written: str) -> str:
    """Give a text without the invisible characters that are reported in it."""
    return "".join(c for i, c in enumerate(written) if not _is_invisible(written, i, c))


def _idle_marks(keyword: Keyword, phrase: Phrase) -> Report:
    for word in phrase.words:
        if not (word.inflected or word.open):
            continue
        mark = "~" if word.inflected else "*"
        why = _why_idle(word, keyword.language)
        if why:
            written = keyword.written.find(word.text + mark)
            place = _piece(keyword, (written + len(word.text), written + len(word.text) + 1))
            detail = f"`{mark}` adds nothing to {quoted(word.text)}: {why}"
            yield Problem(place if written >= 0 else keyword.location, "W520", detail, "delete it")


def _why_idle(word: Word, language: str) -> str:
    if HAS_OTHER_EDGES.search(word.text[-1:]):
        return "words of this script are found whatever follows them"
    if word.open:
        return ""
    if language != "en":
        return f"there are no forms for the language `{language}`"
    if word.text.isascii() and not any(len(verb_forms(p)) > 1 for p in _pieces(word.text)[-1:]):
        return "it is no word of which verb forms are known"
    return ""


def _pieces(text: str) -> list[str]:
    return re.findall(r"[a-z]+$", text.lower())


def _long(keyword: Keyword, phrase: Phrase) -> Report:
    small = sum(word.text.islower() for word in phrase.words)
    if small >= _FEWEST_SMALL:
        detail = f"{len(phrase.words)} words that must all stand side by side"
        hint = "keep the few that matter, and put `...` between those that may stand apart"
        yield Problem(keyword.location, "W521", detail, hint)


def _piece(keyword: Keyword, span: tuple[int, int]) -> Location:
    return keyword.location.piece(keyword.written, *span)


# --------------------------------------------------------- where it alone is enough


def doubtful_alone(line: Line) -> Report:
    """Report a keyword that should not decide alone."""
    keyword = line.keyword
    phrase = single_phrase(keyword)
    if phrase is None or phrase.exact:
        return
    word = single_word(keyword)
    if word is None:
        yield from _decimal(keyword, phrase)
        yield from _plural_end(keyword, phrase) if not line.excepts else ()
        return
    for judge in (_short, _common, _homograph, _inflected, _plural, _number):
        found = judge(keyword, word)
        if found is not None and not (line.excepts and found.code != "W507"):
            yield found
            return


def may_be_doubtful_alone(written: str) -> bool:
    """Say quickly whether a plain word or phrase is worth a closer look."""
    if " " in written:
        return written[0].isdigit() or of_all_forms(written) != ""
    word = written.lower()
    return (
        len(word) <= _SHORT
        or word in COMMON
        or word in HOMOGRAPHS
        or word.isdigit()
        or (word.endswith("ed") and base_verb(word) != "")
        or base_noun(word) != ""
    )


def _short(keyword: Keyword, word: Word) -> Problem | None:
    letters = sum(map(in_word, word.text))
    is_spaced_word = is_spaced(word.text[0]) and is_spaced(word.text[-1])
    if letters > _SHORT or not is_spaced_word or "." in word.text or "&" in word.text:
        return None
    detail = f"{quoted(keyword.written)} is so short that it stands for many things"
    hint = f'write `"={word.text.upper()}"` for this case alone, or a longer phrase'
    return Problem(keyword.location, "W507", detail, hint)


def _common(keyword: Keyword, word: Word) -> Problem | None:
    if keyword.language != "en" or word.open or word.text.lower() not in COMMON:
        return None
    detail = f"{quoted(keyword.written)} is one of the most common words and decides alone here"
    return Problem(keyword.location, "W506", detail, _COMPANY)


def _homograph(keyword: Keyword, word: Word) -> Problem | None:
    other = HOMOGRAPHS.get(word.text.lower(), "") if not word.open else ""
    if keyword.language != "en" or not other:
        return None
    detail = f"{quoted(keyword.written)} decides alone, and is also found in “{other}”"
    return Problem(keyword.location, "W506", detail, _COMPANY)


def _inflected(keyword: Keyword, word: Word) -> Problem | None:
    phrase = single_phrase(keyword)
    text = word.text.lower()
    if not text.endswith("ed") or word.inflected or word.open or keyword.language != "en":
        return None
    verb = base_verb(text)
    if not verb or phrase is None or phrase.forms != "default":
        return None
    detail = f"{quoted(keyword.written)} finds this form only"
    return Problem(keyword.location, "W505", detail, f"write `{verb}~`: it finds every form")


def base_verb(form: str) -> str:
    """Give the verb of which this is the form in -ed, if it is one of the table."""
    stem = form[:-2]
    for verb in (stem, form[:-1], stem[:-1], stem[:-1] + "y"):
        if verb in VERBS and form in verb_forms(verb):
            return verb
    return ""


def _plural(keyword: Keyword, word: Word) -> Problem | None:
    phrase = single_phrase(keyword)
    noun = base_noun(word.text.lower())
    if word.inflected or word.open or keyword.language != "en" or not noun:
        return None
    if phrase is None or phrase.forms != "default":
        return None
    detail = f"{quoted(keyword.written)} does not find `{noun}`"
    return Problem(keyword.location, "W505", detail, f"write `{noun}`: it finds both")


def plural_only(line: Line) -> Report:
    """Report a noun in the plural that stands among words of which one will do.

    A verb in -ed is left in peace: beside other words it is often meant to be passive.
    """
    word = single_word(line.keyword)
    found = _plural(line.keyword, word) if word is not None and not line.excepts else None
    if found is not None:
        yield found


def _plural_end(keyword: Keyword, phrase: Phrase) -> Report:
    """Report a phrase that ends in a plural."""
    better = of_all_forms(keyword.written)
    if better and keyword.language == "en" and phrase.forms == "default":
        detail = f"{quoted(keyword.written)} does not find {quoted(better)}"
        yield Problem(keyword.location, "W505", detail, f"write {quoted(better)}: it finds both")


def base_noun(plural: str) -> str:
    """Give the noun of which this is the plural in -s, if it means no more than several."""
    if not plural.endswith("s") or plural in PLURALS_ALONE:
        return ""
    singulars = (plural[:-1], plural[:-2], plural[:-3] + "y")
    return next((noun for noun in singulars if _is_noun_of(noun, plural)), "")


def _is_noun_of(noun: str, plural: str) -> bool:
    is_noun = noun in NOUNS or _NOUN_ENDING.fullmatch(noun) is not None
    return is_noun and plural in plural_forms(noun)


def of_all_forms(written: str) -> str:
    """Give the keyword that finds all forms of what is written in one of them, or nothing."""
    before, space, last = written.rpartition(" ")
    if space:
        noun = base_noun(last) or next((n for n in NOUNS_AT_AN_END if last == f"{n}s"), "")
        is_counted = before.rpartition(" ")[2].lower() in COMMON  # two soldiers, wave of purges
        return f"{before} {noun}" if noun and not is_counted and _PLAIN.fullmatch(before) else ""
    verb = base_verb(written.lower())
    return f"{verb}~" if verb else base_noun(written.lower())


def _number(keyword: Keyword, word: Word) -> Problem | None:
    if not _NUMBER.fullmatch(word.text):
        return None
    detail = f"{quoted(keyword.written)} is also found in “1.{word.text}” and “{word.text},000”"
    hint = "write it with the word that it counts or that stands before it"
    return Problem(keyword.location, "W522", detail, hint)


def _decimal(keyword: Keyword, phrase: Phrase) -> Report:
    number, unit = phrase.words[0].text, phrase.words[1].text.lower()
    if _NUMBER.fullmatch(number) and unit in UNITS:
        shown = f"{number} {phrase.words[1].text}"
        detail = f"{quoted(keyword.written)} is also found at the end of “2.{shown}”"
        hint = "write the unit alone, with `with:` and words of what is counted"
        yield Problem(keyword.location, "W522", detail, hint)


def korean_beginning(keyword: Keyword, excepted: frozenset[str]) -> Problem | None:
    """Report a Korean keyword that begins a longer word, which is not excepted."""
    longer = KOREAN.get(keyword.written, "")
    if not longer or longer in excepted:
        return None
    detail = f"{quoted(keyword.written)} also begins `{longer}`, which means something else"
    return Problem(keyword.location, "W512", detail, f"add `{longer}` to `except`")


# ------------------------------------------------------------------ as other readers see it


def changed_by_yaml(keyword: Keyword) -> Problem | None:
    """Report a keyword without quotes that other readers of YAML take for something else."""
    written = keyword.written
    if keyword.location.length != len(written):
        return None
    meaning = yaml_meaning(written)
    if not meaning:
        return None
    detail = f"{quoted(written)} is a word here; many other programs read {meaning}"
    return Problem(
        keyword.location, "W513", detail, f"write `{as_scalar(written)}` if they read this file"
    )


def comma_inside(keyword: Keyword) -> Problem | None:
    """Report a comma in a keyword without quotes, where it probably parts two."""
    found = COMMA.search(keyword.written)
    if found is None or keyword.location.length != len(keyword.written):
        return None
    place = keyword.location.piece(keyword.written, *found.span())
    detail = f"the comma is part of the keyword {quoted(keyword.written)}"
    hint = "write two keywords, each on a line of its own; or put it in quotes, if it is one"
    return Problem(place, "W531", detail, hint)


def yaml_meaning(written: str) -> str:
    """Say what YAML 1.1 makes of a word, where it does not keep it; else nothing."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(written[:1], ())
    tag = next((tag for tag, expression in resolvers if expression.match(written)), "")
    kind = tag.rpartition(":")[2]
    if kind in {"bool", "timestamp"}:
        return "it as a truth value" if kind == "bool" else "it as a date"
    if kind in {"int", "float"}:
        loaded = yaml.safe_load(written)
        return "" if str(loaded) == written else f"it as the number {loaded}"
    return ""
