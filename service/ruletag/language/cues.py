"""The words by which a text says that a thing is not so, only possible, or long past.

A *cue* is a keyword of the rule language. It stands ``before`` or ``after`` the words
it concerns, with at most ``reach`` words between; ``never`` phrases look like a cue
and are none; at ``ends`` words the reach of every cue ends. Rule files may add cues
of the same shape. `ruletag.matching.contexts` says which cues reach a match.

The tables prefer silence to a wrong answer, since a match in a context may be told
not to count. Left out on purpose:

- *allegedly*, *reportedly*, *suspected*, *accused of*: most news is said so, and is news.
- *tried to*, *attempted to*: an attempt to smuggle is smuggling.
- *will*: the future of news is announced, not imagined.
- *once*, *used to*, *until*: more often *once arrested* and *a boat used to smuggle*
  than a word about the past.
- *escape*, *was denied*: *escaped prisoners*, *was denied bail*.

Tables are own work, from reading news text.
"""

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, get_args

ContextName = Literal["negated", "hypothetical", "historical", "quoted", "capitals"]
CONTEXTS: Final[tuple[ContextName, ...]] = get_args(ContextName)
CuedContext = Literal["", "negated", "hypothetical", "historical"]
Role = Literal["before", "after", "never", "ends"]
DEFAULT_REACH: Final = 8  # words, where a rule file says nothing


class Cue(NamedTuple):
    """A keyword, and what it says about the words near it.

    ``context`` is empty for the role ``ends``, which concerns all of them.
    """

    keyword: str
    context: CuedContext
    role: Role
    reach: int
    language: str


# Reach in words; then keywords, one a line or parted by commas.
_Table = tuple[tuple[int, str], ...]

_NEGATED_BEFORE: Final[_Table] = (
    (
        6,
        """
        no, not, never, nobody, no one, none, nothing, neither, nor, cannot
        can't, couldn't, didn't, doesn't, don't, hadn't, hasn't, haven't, isn't, aren't
        wasn't, weren't, won't, wouldn't, shouldn't, mustn't, needn't
        deny~ that, deny~ any, deny~ all, deny~ claims, deny~ reports, deny~ allegations
        deny~ accusations, deny~ charges, deny~ rumors, deny~ having, deny~ being
        no evidence of, no evidence that, no sign of, no signs of, no proof of, no trace of
        no report of, no reports of, no record of, no indication of, no indication that
        """,
    ),
    (
        4,
        """
        deny~, denial of, denials of, refute~, disprove~
        dismiss~ claims, dismiss~ reports, dismiss~ allegations, dismiss~ rumors
        dismiss~ accusations, dismiss~ suggestions
        reject~ claims, reject~ reports, reject~ allegations, reject~ accusations
        reject~ charges, reject~ suggestions
        false claims of, false claims that, false reports of, false reports that
        false rumors of, false rumors that, unfounded rumors of, unfounded rumors that
        acquit~ of, cleared of, exonerate~ of, absolve~ of, innocent of
        """,
    ),
    (3, "rule~ out, instead of, rather than, as opposed to, nothing to do with"),
    (2, "without, yet to, lack of, absence of, stop~ short of"),
    (1, "refrain~ from, abstain~ from, avoid~, free of, free from"),
    # Directly before the verb only: not *declined to comment on*, *failed to stop*.
    (0, "fail~ to, failure to, refuse~ to, refusal to, decline~ to, unable to, evade~, elude~"),
)
_NEGATED_AFTER: Final[_Table] = (
    (
        4,
        """
        was ruled out, were ruled out, is ruled out, are ruled out, been ruled out, be ruled out
        was denied by, were denied by, been denied by
        did not happen, didn't happen, did not occur, didn't occur, did not take place
        didn't take place, never happened, never occurred, never took place
        was unfounded, were unfounded, is unfounded, are unfounded
        was baseless, were baseless, is baseless, are baseless
        was untrue, were untrue, is untrue, are untrue, was not true, were not true
        is not true, are not true, isn't true, aren't true, wasn't true, weren't true
        prove~ false, proved to be false, turned out to be false, was fabricated, were fabricated
        was not found, were not found, was not reported, were not reported, are not reported
        was averted, were averted, been averted
        """,
    ),
)
_NEGATED_NEVER: Final = """
    not only, not just, not merely, not simply, not solely, not alone, not least, not to mention
    isn't just, wasn't just, aren't just, weren't just, isn't only, wasn't only
    not until, not long after, not long before, not far from, not unlike
    not uncommon, not unusual, not surprising, not surprisingly, not unheard of
    not a few, not the first, not the only, not the last, not for the first time, not for profit
    whether or not, or not, if not, why not, not without, never before, never again
    not deny~, not denied, not rule~ out, not ruled out, not dispute~, never deny~, never denied
    didn't deny, doesn't deny, don't deny, didn't rule out, doesn't rule out, hasn't ruled out
    cannot be denied, can't be denied, cannot deny, can't deny, cannot be ruled out
    cannot rule out, can't rule out, can't be ruled out, could not rule out, couldn't rule out
    could not help, couldn't help, could not avoid, couldn't avoid, cannot avoid, can't avoid
    no doubt, no wonder, no sooner, no matter, no fewer than, no less than, no less, no more than
    no later than, no other than, none other than, no stranger to, no strangers to, no secret
    no exception, no choice but, no option but, no question, no end, no coincidence, no surprise
    no small, no time, no fly, no go, no show, no confidence, no nonsense, no man's land, no entry
    with or without, without doubt, without a doubt, without exception, without fail
    without question, without bail, without parole, without trial, without charge
    without warning, without permission, without explanation
    nothing but, nothing short of, nothing less than, nothing new
    never fail~ to, not fail~ to, didn't fail to, won't fail to, nor the first, nor the last
    deny~ bail, deny~ parole, deny~ entry, deny~ access, deny~ visas, deny~ a visa, deny~ asylum
    deny~ permission, deny~ medical, deny~ food, deny~ the right, deny~ him, deny~ her, deny~ them
    deny~ us, deny~ people, deny~ a request, deny~ the request, deny~ requests, deny~ an appeal
    deny~ the appeal, deny~ service, deny~ treatment, deny~ protection, deny~ consular
"""

_HYPOTHETICAL_BEFORE: Final[_Table] = (
    (8, "if, unless, whether, in case of, in the event of, in the event that, lest, what if"),
    (
        4,
        """
        would, could, might, =may, should, ought to
        couldn't, wouldn't, shouldn't
        threaten~ to, threat of, threats of, threaten~ with, risk of, risks of, risk~ being
        fear of, fears of, fear that, fears that, feared that, fearing, afraid of, worried that
        warn~ of, warn~ that, warning of, warnings of
        possibility of, possibility that, prospect of, likelihood of, danger of, chance of
        call~ for, proposal to, proposals to, proposal for, proposals for, propose~
        urge~, plan~ to, plans for, intend~ to, intention to, hope~ to, want~ to
        to prevent, to avoid, to avert, in order to prevent, prevention of
        prepare~ to, considering, weighing, contemplating, ready to, about to
        """,
    ),
    (2, "likely to, unlikely to, expected to, possible, potential, hypothetical, feared"),
)
_HYPOTHETICAL_AFTER: Final[_Table] = (
    (
        3,
        """
        is possible, are possible, is likely, are likely, is unlikely, are unlikely
        was unlikely, were unlikely, remains possible, is planned, are planned
        is being considered, are being considered, was being considered
        was not confirmed, were not confirmed, not been confirmed, could not be confirmed
        could not be verified, not been verified, wasn't confirmed, weren't confirmed
        """,
    ),
)
_HYPOTHETICAL_NEVER: Final = """
    as if, military might, might of, could not, couldn't, could no longer, could only
    as soon as possible, if not, even if, if only, would like to thank
    as many as possible, as much as possible, where possible, possible thanks to, made it possible
"""

_HISTORICAL_BEFORE: Final[_Table] = (
    (
        8,
        """
        in the past, historically, decades ago, years ago, centuries ago, a decade ago
        a century ago, last century, back then, in the olden days, during the Cold War
        in the 1950s, in the 1960s, in the 1970s, in the 1980s, in the 1990s
        in the nineties, in the eighties, in the 19th century, in the 20th century
        during the Arduous March
        """,
    ),
    (4, "previously, formerly, in former times, no longer"),
    (3, "he used to, she used to, they used to, we used to, I used to, people used to"),
    (3, "who used to, history of"),
    # Directly before the word only: in *a former officer was arrested* the arrest is new.
    (0, "former, ex, then"),
)
_HISTORICAL_AFTER: Final[_Table] = (
    (
        6,
        """
        in the past, decades ago, years ago, centuries ago, a decade ago, a century ago
        last century, back then, during the Cold War
        in the 1950s, in the 1960s, in the 1970s, in the 1980s, in the 1990s
        in the nineties, in the eighties, in the 19th century, in the 20th century
        during the Arduous March
        """,
    ),
)
_HISTORICAL_NEVER: Final = """
    in the past week, in the past weeks, in the past month, in the past months, in the past year
    in the past few, in the past several, in the past two, in the past three, in the past 24 hours
    in the past day, in the past days, in the past hours
    since then, by then, until then, and then, but then, if then, then again, even then
"""

# Where a new clause begins, and verbs behind which the matter is taken as given:
# *did not say who was arrested*, *could not stop the smuggling*, *nobody knows how*.
_ENDS: Final = """
    but, however, although, though, while, whereas, except, apart from, aside from, other than
    because, since, until, till, after, before, when, whenever, where, why, how, what
    who, whom, whose, which, if, unless, whether, despite, in spite of, during, amid, amidst
    say~, comment~, specify~, elaborate~, disclose~, reveal~, identify~, respond~ to
    know~, explain~, clear, aware of
    guilty over, guilty in, on charges, on suspicion, in connection with
    stop~, prevent~, halt~, curb~, deter~, hinder~, combat~, tackle~, end~, forgive~, condone~
    tolerate~, excuse~, justify~, deterred by
"""

_KOREAN_NEGATED_AFTER: Final[_Table] = (
    (2, "않았, 않은, 않는, 않고, 않으, 않아, 않다, 않기, 않던, 않지, 않도록, 못했, 못하, 못한"),
    (1, "아니다, 아니었, 아닌, 아닙니다, 없다, 없었, 없는, 없어, 없고, 없으, 없습니다, 없이"),
    (1, "적이 없, 적은 없, 적도 없, 사실이 없, 사실은 없, 사람은 없, 사람이 없, 일이 없, 일은 없"),
    (2, "부인했, 부인하, 부인해, 부인한, 사실무근, 사실이 아니, 사실이 아닌, 전면 부인"),
)
_KOREAN_NEGATED_NEVER: Final = """
    않을 수 없, 수밖에 없, 예외 없이, 문제가 없, 문제 없, 아닌가, 의심할 여지가 없
    다름이 없, 다름 아닌, 다름아닌
"""
_KOREAN_HYPOTHETICAL_BEFORE: Final[_Table] = ((6, "만약, 만일"),)
_KOREAN_HYPOTHETICAL_AFTER: Final[_Table] = ((1, "가능성이, 가능성도, 가능성을, 우려가, 우려도"),)
_KOREAN_HISTORICAL_BEFORE: Final[_Table] = ((4, "과거에, 과거에는, 예전에, 예전에는, 옛날에"),)
_KOREAN_ENDS: Final = "하지만, 그러나, 그렇지만, 반면"

# Words that tell whether a comma or an *and* begins a clause or goes on with a list.
# Of the first kind none stands in an item of a list: subjects, and verbs that follow them.
CLAUSE_WORDS: Final = tuple(
    """
    he she it they we i you who which that there then
    was were is are has have had will would could might may can did does do said says
    police officer officers official officials authorities prosecutor prosecutors investigator
    investigators soldier soldiers troops agent agents source sources court courts judge judges
    guard guards
    """.split()
)
CONJUNCTIONS: Final = ("and", "or", "nor")
# Before what the text takes as given: *the smugglers*, *his arrest*.
DETERMINERS: Final = tuple("the this these those my your his her its our their".split())


def _keywords(lines: str) -> Iterator[str]:
    for line in lines.strip().splitlines():
        yield from (word.strip() for word in line.split(","))


def _cues(table: _Table, context: CuedContext, role: Role, language: str) -> Iterator[Cue]:
    for reach, lines in table:
        for keyword in _keywords(lines):
            yield Cue(keyword, context, role, reach, language)


def _all_cues() -> Iterator[Cue]:
    yield from _cues(_NEGATED_BEFORE, "negated", "before", "en")
    yield from _cues(_NEGATED_AFTER, "negated", "after", "en")
    yield from _cues(((0, _NEGATED_NEVER),), "negated", "never", "en")
    yield from _cues(_HYPOTHETICAL_BEFORE, "hypothetical", "before", "en")
    yield from _cues(_HYPOTHETICAL_AFTER, "hypothetical", "after", "en")
    yield from _cues(((0, _HYPOTHETICAL_NEVER),), "hypothetical", "never", "en")
    yield from _cues(_HISTORICAL_BEFORE, "historical", "before", "en")
    yield from _cues(_HISTORICAL_AFTER, "historical", "after", "en")
    yield from _cues(((0, _HISTORICAL_NEVER),), "historical", "never", "en")
    yield from _cues(((0, _ENDS),), "", "ends", "en")
    yield from _cues(_KOREAN_NEGATED_AFTER, "negated", "after", "ko")
    yield from _cues(((0, _KOREAN_NEGATED_NEVER),), "negated", "never", "ko")
    yield from _cues(_KOREAN_HYPOTHETICAL_BEFORE, "hypothetical", "before", "ko")
    yield from _cues(_KOREAN_HYPOTHETICAL_AFTER, "hypothetical", "after", "ko")
    yield from _cues(_KOREAN_HISTORICAL_BEFORE, "historical", "before", "ko")
    yield from _cues(((0, _KOREAN_ENDS),), "", "ends", "ko")


CUES: Final[tuple[Cue, ...]] = tuple(_all_cues())
