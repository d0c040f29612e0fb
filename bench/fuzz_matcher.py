"""Compare the matcher with the oracle on many random rules and texts.

    python bench/fuzz_matcher.py --cases 100000 --seed 1

Prints the first disagreements, then cases, disagreements and seconds. Shapes differ
in what their keywords and texts are made of; each rule set meets several texts.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import oracle
from oracle import Verdict
from ruletag.language.cues import CONTEXTS
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.problems import RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import RuleSet

TEXTS_PER_RULE_SET: Final = 20
WINDOWS: Final = (
    "phrase", "0 words", "1 words", "3 words", "8 words", "sentence", "2 sentences",
    "3 sentences", "paragraph", "document",
)  # fmt: skip

Written = dict[str, Any]


class Shape(NamedTuple):
    """What keywords and texts are made of; each a string of pieces, split at ``¦``."""

    words: str  # of keywords and of texts
    seen: str  # what texts hold besides
    between: str  # what stands between the words of a text
    marks: str  # of a word of a keyword


SHAPES: Final = {
    "letters": Shape(
        words="a¦b¦ab¦ba¦aab¦ss¦ß¦abß¦é¦fi¦aba¦bab¦1¦10¦a1",
        seen="e\u0301¦ﬁ¦İ¦A¦B¦AB¦SS¦ẞ¦𠮷¦a\u00adb¦a\u200bb¦¹¦½¦①¦™¦ａ¦a-\nb¦as¦abs¦_¦1,0¦e¦ſ",
        between=" ¦ ¦ ¦¦-¦ - ¦\n¦\r\n¦\n\n¦’¦'¦/¦,¦, ¦. ¦–¦ – ¦—¦  ¦\u00a0¦(¦“¦”¦:",
        marks="¦¦¦¦~",
    ),
    "english": Shape(
        words="copper¦smuggle¦border¦closure¦lose¦the¦labor¦organize¦wire¦U.S.¦AT&T¦N. Korea¦C++"
        "¦10,000¦tons¦WPK¦city¦ship¦party",
        seen="Coppers¦smuggling¦smuggled¦borders¦lost¦labour¦organised¦US¦us¦U.S¦u.s.¦N Korea"
        "¦n korea¦KOREA¦wires¦cities¦WPKs¦wpk¦of¦a¦and¦workers'¦workers’¦copper's¦ships"
        "¦smug-\ngling¦border-\nclosure¦10¦000¦copperplate¦U.¦S.¦at&t¦ST¦St",
        between=' ¦ ¦ ¦ ¦ ¦ ¦ ¦\n¦ - ¦ – ¦–¦—¦--¦, ¦. ¦; ¦: ¦ (¦) ¦ “¦” ¦ "¦" ¦/¦\n\n¦\r\n¦ \n¦! ¦'
        "¦’¦ ‘¦-\n¦-",
        marks="¦¦¦~¦*",
    ),
    "east": Shape(
        words="밀수¦국경¦봉쇄¦금¦동¦銅¦鉱山¦ガス¦タンク¦のガス¦K팝¦10톤¦팝¦밀수하다¦銅 鉱山"
        "¦국경 봉쇄¦ガス タンク¦a",
        seen="밀수국경을¦국가밀수¦비밀수사¦국경을¦금을¦금값¦金¦ｶﾞｽ¦ガスー¦스¦를¦은¦의¦반¦10¦톤¦kg¦K¦수출¦비¦각"
        "¦\u1100\u1161\u11a8¦밀\u200b수¦a¦A",
        between="¦¦¦¦ ¦ ¦-¦\n¦, ¦。¦. ¦・¦「¦」¦/¦\n\n¦’",
        marks="",
    ),
    "mixed": Shape(
        words="copper¦bib¦Straße¦ﬁne¦café¦İzmir¦ｗｉｒｅ¦밀수¦銅¦ガス¦медь¦ทอง¦a_b¦x/y¦o'clock¦3.5¦$5¦#tag"
        "¦co2¦kg¦²x¦𝐚𝐛",
        seen="STRASSE¦fine¦cafe\u0301¦izmir¦wire¦copper¹¦copper™¦½copper¦МЕДЬ¦ทองคำ¦㎏¦CO₂¦ﷺ¦㍿¦ab"
        "¦cop\u00ad\nper¦cop-\r\n  per¦cop-\n-per¦1-\n0¦👩\u200d🚒¦copper\ufe0f"
        "¦q\u0301¦\u0301¦ｶﾞｽ¦O’Clock",
        between=" ¦ ¦ ¦ ¦¦\t¦\u00a0¦\u3000¦\u2028¦\x85¦\r¦\n\n¦-¦--¦―¦−¦‑¦⁄"
        "¦、¦，¦；¦：¦（¦）¦«¦»¦‚¦‘¦…¦? ¦¡¦\x00",
        marks="¦¦¦~",
    ),
    "conditions": Shape(
        words="a¦b¦c¦d¦ab¦a b¦b c¦c d e¦=A¦no¦a-b",
        seen="k¦k¦k k¦k k k¦A¦B¦C¦no¦not¦denied¦if¦but¦former¦never¦1,0¦ab",
        between=" ¦ ¦ ¦ ¦ ¦ ¦ ¦. K¦. ¦. A ¦\n\n¦\n\n¦\r\n¦\r\n\r\n¦\n¦, ¦; ¦: ¦ — ¦ (¦) ¦ “¦” ¦-¦? The ",
        marks="",
    ),
    "crowded": Shape(
        words="a¦b¦c¦a b¦b a¦a a", seen="k¦no¦c", between=" ¦ ¦ ¦ ¦ ¦. K ¦\n\n¦, ", marks=""
    ),
}  # fmt: skip


class Writer:
    """Writes rules and texts of one shape at random."""

    def __init__(self, random: Random, shape: Shape) -> None:
        self._random = random
        self._words, self._seen, self._between, self._marks = (part.split("¦") for part in shape)
        self._lists: list[str] = []
        self._categories: list[str] = []

    def rules(self) -> Written:
        """Write one rule file."""
        self._lists = []
        self._categories = []
        lists = {}
        for name in ("metals", "places", "more")[: self._any(0, 0, 1, 2, 3)]:
            lists[name] = [self._list_line() for _ in range(self._any(1, 2, 3))]
            self._lists.append(name)
        categories = {}
        for name in self._random.sample(("a", "a.b", "a.b.c", "x.y", "x"), self._any(1, 2, 3, 4)):
            categories[name] = self._category()
            self._categories.append(name)
        rules = {"categories": categories} | ({"lists": lists} if lists else {})
        return rules | ({"cues": self._cues()} if self._once_in(10) else {})

    def text(self, rules: Written) -> str:
        """Write one text; now and then it holds a keyword of the rules."""
        pieces = []
        for _ in range(self._random.randint(1, self._any(6, 14, 24))):
            word = self._random.choice(self._any(self._words, self._words, self._seen))
            pieces.append(word.upper() if self._once_in(10) else word.lstrip("="))
            pieces.append(self._random.choice(self._between))
        if self._once_in(3):
            written = self._any(*rules["categories"].values())["match"][0]
            if isinstance(written, str):
                pieces.insert(self._random.randrange(len(pieces)), written.replace(" ... ", " "))
        return "".join(pieces)

    def title(self, rules: Written) -> str:
        """Write a title, or none."""
        return self.text(rules)[:40] if self._once_in(4) else ""

    # -------------------------------------------------------------- categories

    def _category(self) -> Written:
        category: Written = {"match": [self._entry() for _ in range(self._any(1, 2, 3, 4))]}
        if self._once_in(3):
            category["except"] = [self._word() for _ in range(self._any(1, 2))]
        if self._once_in(3):
            category["threshold"] = self._any("0.5", "1.5", "2")
        if self._once_in(8):
            category["unless"] = [self._entry()]
        if self._once_in(4):
            category["ignore"] = self._random.sample(CONTEXTS, self._any(1, 2))
        if self._once_in(4):
            category["status"] = self._any("draft", "draft", "off", "deprecated")
        return category

    def _cues(self) -> Written:
        context = {
            self._any("before", "after", "never"): [self._any(*self._words).lstrip("=")],
            "reach": self._any("0", "1", "8"),
        }
        return {self._any("negated", "hypothetical"): context}

    # ----------------------------------------------------------------- entries

    def _entry(self) -> object:
        if self._once_in(3):
            return self._word()
        entry = self._any(self._long, self._long, self._counted, self._all)()
        if self._once_in(2):
            entry["weight"] = self._any("0.5", "2", "-1", "0.25", "1")
        if self._once_in(4):
            entry["except"] = [self._word()]
        self._add_conditions(entry)
        return entry

    def _add_conditions(self, entry: Written) -> None:
        for key in ("with", "none"):
            if self._once_in(3):
                entry[key] = self._group()
        if self._once_in(8):
            entry["in"] = "title"
        if self._once_in(6):
            entry["across"] = "clauses"
        if self._once_in(2) and not {"with", "none", "all", "times", "at_least"}.isdisjoint(entry):
            entry["within"] = self._any(*WINDOWS)

    def _long(self) -> Written:
        word = self._word()
        long: Written = {"word": word}
        if not word.startswith("$") and self._once_in(6):
            long["case"] = "exact"
        if not word.startswith("$") and self._once_in(6) and "~" not in word:
            long["forms"] = self._any("none", "plural", "verb", [self._any(*self._words)])
        if self._once_in(6):
            long["times"] = self._any(2, 3)
        return long

    def _counted(self) -> Written:
        entry: Written = {"any": self._group()}
        if self._once_in(2):
            entry[self._any("at_least", "times")] = self._any(2, 2, 3)
        return entry

    def _all(self) -> Written:
        groups = [self._group() for _ in range(self._any(2, 2, 2, 3, 3, 4))]
        return {"all": groups} | ({"order": "as_written"} if self._once_in(4) else {})

    def _group(self) -> list[object]:
        return [self._item() for _ in range(self._any(1, 1, 2, 3))]

    def _item(self) -> object:
        word = self._word()
        return {"word": word, "except": [self._phrase()]} if self._once_in(8) else word

    def _list_line(self) -> object:
        line = self._word() if self._once_in(4) else self._phrase()
        if not self._once_in(4):
            return line
        return {"word": line} | self._any({"weight": "0.5"}, {"except": [self._phrase()]})

    # ---------------------------------------------------------------- keywords

    def _word(self) -> str:
        """Write a keyword, or the name of a list or a category."""
        names = [*self._lists, *self._categories]
        return f"${self._any(*names)}" if names and self._once_in(5) else self._keyword()

    def _keyword(self) -> str:
        parts = [self._phrase()]
        names = [*self._lists, *self._categories]
        while self._once_in(4):
            parts.append(f"${self._any(*names)}" if names and self._once_in(3) else self._phrase())
        return " ... ".join(parts)

    def _phrase(self) -> str:
        joint = self._any(" ", " ", " ", "-", "/", "' ")
        exact = self._once_in(10)
        written = ""
        for _ in range(self._any(1, 1, 1, 2, 2, 3) if len(self._marks) > 1 else 1):
            mark = "" if exact else self._any(*self._marks)
            written += self._any(*self._words).lstrip("=") + mark + (" " if mark else joint)
        return "=" * exact + written.rstrip(" '-/")

    def _once_in(self, number: int) -> bool:
        return self._random.randrange(number) == 0

    def _any(self, *values: Any) -> Any:  # noqa: ANN401 - gives back what it was given
        return self._random.choice(values)


class Case(NamedTuple):
    """A rule file as written, as parsed and as compiled, and a text."""

    written: Written
    parsed: RuleSet
    compiled: CompiledRules
    text: str
    title: str


def cases(random: Random, count: int, shapes: list[str]) -> Iterator[Case]:
    """Give so many cases; rules that the language refuses are left out."""
    done = 0
    while done < count:
        writer = Writer(random, SHAPES[random.choice(shapes)])
        written = writer.rules()
        try:
            parsed = parse_rules({"a.yaml": json.dumps(written, ensure_ascii=False).encode()})
        except RuleSetError:
            continue
        compiled = compile_rules(parsed)
        for _ in range(min(TEXTS_PER_RULE_SET, count - done)):
            yield Case(written, parsed, compiled, writer.text(written), writer.title(written))
            done += 1


def report(case: Case, expected: Mapping[str, Verdict], got: Mapping[str, Verdict]) -> None:
    """Print one disagreement: what differs between both answers."""
    print(json.dumps(case.written, ensure_ascii=False))
    print(f"  title {case.title!r} text {case.text!r}")
    for name in sorted(expected.keys() | got.keys()):
        ours, theirs = expected.get(name, NOTHING), got.get(name, NOTHING)
        if ours == theirs:
            continue
        print(f"  {name}: oracle {ours.score}, engine {theirs.score}")
        for whose, found in (
            ("oracle", set(ours.evidence) - set(theirs.evidence)),
            ("engine", set(theirs.evidence) - set(ours.evidence)),
        ):
            for one in sorted(found):
                stretch = (case.title if one.in_title else case.text)[one.start : one.end]
                print(f"    only {whose}: {stretch!r} {one}")


NOTHING: Final = Verdict(None, (), frozenset())


def main() -> None:
    """Run the comparison and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--show", type=int, default=10, help="disagreements to print")
    options = parser.parse_args()
    random = Random(options.seed)  # noqa: S311 - no secret hangs on it
    shapes = [options.shape] if options.shape else list(SHAPES)
    began = time.perf_counter()
    wrong = tagged = undetermined = 0
    for case in cases(random, options.cases, shapes):
        got = oracle.verdicts(tag(case.compiled, case.text, case.title))
        try:
            expected = oracle.tag(case.parsed, case.text, case.title, got)
        except oracle.UndeterminedError:
            undetermined += 1
            continue
        tagged += bool(expected)
        wrong += expected != got
        if expected != got and wrong <= options.show:
            report(case, expected, got)
    seconds = time.perf_counter() - began
    print(
        f"{options.cases:,} cases ({tagged:,} tag), {undetermined:,} left open by the page, "
        f"{wrong:,} disagreements, {seconds:.0f} s"
    )
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
