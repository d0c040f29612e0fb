"""Give the forms in which an English word may stand in a text.

Forms are made when rules are compiled, so that the matcher stays exact and a
request pays nothing. A form that no text contains costs a few bytes; a form that
is another word costs false matches. So, in doubt, both spellings of one form are
given, and no form is guessed for words that do not look like plain words.

The tables hold what the rules below them cannot know, and only words that news
texts use. In a table ``/`` parts a word from its forms or its twin.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Final


def _table(lines: str) -> Mapping[str, tuple[str, ...]]:
    """Read ``word/form/form ...`` into a frozen mapping from words to forms."""
    rows = [entry.split("/") for entry in lines.split()]
    return MappingProxyType({word: tuple(forms) for word, *forms in rows})


def _both_ways(pairs: Mapping[str, str]) -> Mapping[str, str]:
    """Add to each pair its mirror, and freeze them."""
    return MappingProxyType(dict(pairs) | {us: uk for uk, us in pairs.items()})


def _words(lines: str) -> frozenset[str]:
    """Read words parted by spaces into a frozen set."""
    return frozenset(lines.split())


def _any_of(words: Iterable[str]) -> str:
    """Write *words* as the alternatives of a pattern."""
    return f"(?:{'|'.join(sorted(words))})"


# Nouns whose plural is irregular or has two spellings, the usual one first.
_PLURALS: Final = _table("""
    addendum/addenda alga/algae alumnus/alumni antenna/antennas/antennae apex/apexes/apices
    appendix/appendices/appendixes atlas/atlases automaton/automata/automatons bacillus/bacilli
    bacterium/bacteria bedouin/bedouins/bedouin bias/biases bison/bison
    buffalo/buffaloes/buffalos/buffalo bureau/bureaus/bureaux bus/buses/busses cactus/cacti/cactuses
    calf/calves canvas/canvases cargo/cargoes/cargos chateau/chateaux/chateaus child/children
    cod/cod consortium/consortiums/consortia corpus/corpora/corpuses criterion/criteria
    curriculum/curricula/curriculums datum/data die/dice/dies dwarf/dwarfs/dwarves echo/echoes
    embargo/embargoes/embargos fish/fish/fishes focus/focuses/foci foot/feet
    formula/formulas/formulae forum/forums/fora fungus/fungi/funguses gas/gases/gasses genus/genera
    ghetto/ghettos/ghettoes goose/geese graffito/graffiti half/halves halo/haloes/halos hero/heroes
    hoof/hooves/hoofs index/indexes/indices knife/knives larva/larvae/larvas leaf/leaves lens/lenses
    life/lives loaf/loaves mackerel/mackerel/mackerels mafioso/mafiosi/mafiosos man/men
    mango/mangoes/mangos manifesto/manifestos/manifestoes matrix/matrices/matrixes
    maximum/maximums/maxima medium/media/mediums memorandum/memoranda/memorandums
    millennium/millennia/millenniums minimum/minimums/minima money/monies/moneys
    moratorium/moratoriums/moratoria mosquito/mosquitoes/mosquitos motto/mottoes/mottos mouse/mice
    nucleus/nuclei/nucleuses paparazzo/paparazzi passerby/passersby penny/pennies/pence
    people/peoples person/persons/people phenomenon/phenomena/phenomenons plateau/plateaus/plateaux
    potato/potatoes quiz/quizzes radius/radii/radiuses referendum/referendums/referenda
    roof/roofs/rooves salmon/salmon scarf/scarves/scarfs self/selves sheaf/sheaves shelf/shelves
    shrimp/shrimp/shrimps spectrum/spectra/spectrums squid/squid/squids stadium/stadiums/stadia
    stigma/stigmas/stigmata stimulus/stimuli stratum/strata summons/summonses
    symposium/symposiums/symposia terminus/termini/terminuses thief/thieves tomato/tomatoes
    tooth/teeth tornado/tornadoes/tornados torpedo/torpedoes trout/trout tuna/tuna/tunas
    ultimatum/ultimatums/ultimata vertebra/vertebrae veto/vetoes virtuoso/virtuosos/virtuosi
    volcano/volcanoes/volcanos vortex/vortices/vortexes wharf/wharves/wharfs wife/wives wolf/wolves
    woman/women zero/zeros/zeroes
""")
# Nouns that keep their irregular plural as the end of a compound: stepchild, penknife.
_HEADS: Final = tuple(
    "child foot half knife leaf life loaf man person shelf tooth wife wolf".split()
)
# Nouns with one form for both, past forms in -eed, and plurals that look like a singular.
_INVARIANT: Final = _words("""
    agreed aircraft alibis cattle chassis debris decreed deer disagreed freed guaranteed gurus
    hovercraft inuit iraqis israelis livestock menus moose mujahideen nazis offspring pakistanis
    personnel police poultry rabbis refereed reindeer rotorcraft saudis sheep spacecraft swine swiss
    taliban taxis watercraft wildlife
""")
# Words with a plain plural although their ending promises another, or none.
_PLAIN_PLURAL: Final = _words("""
    abdomen archdiocese bed biotech biped caiman cheese czech diocese doberman epoch eunuch fintech
    flatbed german human hundred infidel inhuman loch matriarch monarch mongoose moped newlywed
    nonhuman norman oligarch oman omen ottoman patriarch purebred regimen riverbed roman seabed
    shaman shed sled specimen stomach superhuman talisman tech thoroughbred watershed
""")
# Past forms first, participles after; no forms: the base serves for all. Relay stands here to keep
# it from being taken for re-lay.
_PASTS: Final = _table("""
    abide/abided/abode arise/arose/arisen awake/awoke/awoken/awaked babysit/babysat
    bear/bore/borne/born beat/beat/beaten become/became/become begin/began/begun behold/beheld
    bend/bent beset bet/bet/betted bid/bid/bade/bidden bind/bound bite/bit/bitten bleed/bled
    blow/blew/blown break/broke/broken breed/bred bring/brought broadcast/broadcast/broadcasted
    build/built burn/burned/burnt burst bust/busted/bust buy/bought cast catch/caught
    choose/chose/chosen cling/clung come/came/come cost/cost/costed creep/crept cut deal/dealt
    dig/dug dive/dived/dove do/did/done draw/drew/drawn dream/dreamed/dreamt drink/drank/drunk
    drive/drove/driven dwell/dwelt/dwelled eat/ate/eaten fall/fell/fallen feed/fed feel/felt
    fight/fought find/found fit/fitted/fit flee/fled fling/flung fly/flew/flown
    forecast/forecast/forecasted forsake/forsook/forsaken freeze/froze/frozen get/got/gotten
    give/gave/given go/went/gone grind/ground grow/grew/grown hamstring/hamstrung hang/hung/hanged
    hear/heard hide/hid/hidden hit hold/held hurt input/input/inputted keep/kept kneel/knelt/kneeled
    knit/knitted/knit know/knew/known lay/laid lead/led lean/leaned/leant leap/leapt/leaped
    learn/learned/learnt leave/left lend/lent let lie/lay/lied/lain light/lit/lighted lose/lost
    make/made mean/meant meet/met mow/mowed/mown output/output/outputted pay/paid plead/pleaded/pled
    prove/proved/proven put quit read relay/relayed rid ride/rode/ridden ring/rang/rung
    rise/rose/risen run/ran/run saw/sawed/sawn say/said see/saw/seen seek/sought sell/sold send/sent
    set sew/sewed/sewn shake/shook/shaken shear/sheared/shorn shed shine/shone/shined
    shoe/shod/shoed shoot/shot show/showed/shown shrink/shrank/shrunk/shrunken shut sing/sang/sung
    sink/sank/sunk/sunken sit/sat slay/slew/slayed/slain sleep/slept slide/slid sling/slung slit
    smell/smelled/smelt sneak/sneaked/snuck sow/sowed/sown speak/spoke/spoken speed/sped/speeded
    spell/spelled/spelt spend/spent spill/spilled/spilt spin/spun spit/spat/spit split
    spoil/spoiled/spoilt spotlight/spotlit/spotlighted spread spring/sprang/sprung stand/stood
    steal/stole/stolen stick/stuck sting/stung stink/stank/stunk strike/struck/stricken
    string/strung strive/strove/strived/striven swear/swore/sworn sweep/swept swell/swelled/swollen
    swim/swam/swum swing/swung take/took/taken teach/taught tear/tore/torn tell/told think/thought
    throw/threw/thrown thrust tread/trod/trodden wake/woke/waked/woken wear/wore/worn
    weave/wove/weaved/woven wed/wed/wedded weep/wept wet/wet/wetted win/won wind/wound wring/wrung
    write/wrote/written
""")
_WHOLE_VERBS: Final = _table("be/is/am/are/was/were/been/being have/has/had/having")
# What may stand before an irregular verb: undertake, misunderstand, retrofit. Not be-
# (behave, belie). No verb can be cut in two ways.
_PREFIXES: Final = _words("""
    counter down for fore in inter mis misunder off out over pre proof re retro sub un under up with
""")
# Verbs of two syllables or more that double their last letter, by stress or by custom.
_DOUBLED: Final = _words("""
    abet abhor acquit admit airdrop allot annul appal babysit backpedal begin beset bootleg commit
    compel concur confer control debar debug defer demur deter disbar dispel distil eavesdrop embed
    emit enrol enthral entrap equip excel expel extol format fulfil handicap impel incur infer input
    instil inter leapfrog misstep occur omit output outwit overlap overstep patrol permit prefer
    program propel rebel rebut recap recur refer regret remap remit repel replan sandbag sidestep
    submit transfer transmit transship underpin unplug unwrap unzip waterlog wiretap zigzag
""")
# Verbs found both ways in both countries: focused, focussed.
_DOUBLED_OR_NOT: Final = _words("benefit bias bus combat focus hiccup kidnap worship")
# Verbs that double their l in the UK and not in the US: labelled, labeled.
_DOUBLED_IN_UK: Final = _words("""
    apparel backpedal barrel bedevil bevel cancel carol channel chisel council counsel cudgel dial
    dishevel drivel duel empanel enamel equal flannel fuel funnel gambol gravel grovel impanel
    imperil initial jewel kennel label laurel level libel marshal marvel medal metal mislabel model
    panel parcel pedal pencil pummel quarrel ravel refuel relabel remodel revel rival shovel shrivel
    signal snivel snorkel spiral stencil swivel symbol tassel tinsel total towel trammel travel
    trowel tunnel unravel victual weasel yodel
""")
# Verbs in -e that may keep it before -ing, and one that must, or it would be another verb.
_ING: Final = _table("""
    age/ageing/aging binge/bingeing/binging cue/cueing/cuing queue/queueing/queuing singe/singeing
    tinge/tingeing whinge/whingeing/whinging
""")

# Pairs of words, UK first, taken with their endings: centre, centres, centred, centring. Left out
# are those whose twin is another common word: cheque, draught, kerb, storey, tyre.
_PAIRS: Final = _table("""
    acknowledgement/acknowledgment adviser/advisor aeroplane/airplane ageing/aging
    amphitheatre/amphitheater analogue/analog appal/appall artefact/artifact calibre/caliber
    catalogue/catalog centimetre/centimeter centre/center chequered/checkered chilli/chili cosy/cozy
    defence/defense dialogue/dialog disc/disk distil/distill doughnut/donut enquire/inquire
    enquiry/inquiry enrol/enroll enrolment/enrollment enthral/enthrall epicentre/epicenter
    fibre/fiber fibreglass/fiberglass fulfil/fulfill fulfilment/fulfillment furore/furor grey/gray
    instalment/installment instil/instill jewellery/jewelry judgement/judgment kilogramme/kilogram
    kilometre/kilometer licence/license litre/liter lustre/luster manoeuvre/maneuver meagre/meager
    metre/meter millimetre/millimeter mollusc/mollusk monologue/monolog mould/mold
    moustache/mustache offence/offense practise/practice pretence/pretense programme/program
    protester/protestor pyjamas/pajamas sabre/saber saleable/salable sceptre/scepter
    sizeable/sizable skilful/skillful smoulder/smolder sombre/somber spectre/specter theatre/theater
    tranquillity/tranquility tsar/czar whisky/whiskey wilful/willful woollen/woolen yoghurt/yogurt
""")
# Beginnings that take any ending: haemorrhage, haemorrhaging.
_BEGINNINGS: Final = _table("""
    aluminium/aluminum anaemi/anemi anaesth/anesth archaeolog/archeolog caesium/cesium
    diarrhoea/diarrhea encyclopaed/encycloped foetus/fetus gynaecolog/gynecolog haemoglob/hemoglob
    haemophil/hemophil haemorrh/hemorrh leukaem/leukem mediaeval/medieval oesophag/esophag
    oestrogen/estrogen orthopaed/orthoped paediatr/pediatr paedophil/pedophil plough/plow
    sceptic/skeptic sulph/sulf
""")
# What stands before -our; only some endings may follow: laboratory, humorous are alike everywhere.
_BEFORE_OUR: Final = _words("""
    arb ard arm behavi cand clam col demean endeav fav ferv flav harb hon hum lab misdemean neighb
    od parl ranc rig rum sav savi splend succ tum val vap vig
""")
# What stands before -ise or -ize in words that are spelled so everywhere: advise, capsize.
_NOT_ISE: Final = _words("""
    adv advert appr ass caps chast circumc compr comprom conc dem desp dev disenfranch downs
    enfranch enterpr exc exerc expert franch imprec improv inc merchand mids outs overs parad pract
    prec prem prom repr res rev sunr supers superv surm surpr telev treat ups
""")
# In each pattern the first group holds the letters that change.
_SWAP_PATTERNS: Final = (
    re.compile(
        rf"(?:be|dis|multi|un)?{_any_of(_BEFORE_OUR)}(ou?r)"
        r"(?:abl[ey]|al|ally|ed|ers?|ful|fully|hoods?|ies|ings?|ists?|ites?|itism|less|ly|s|y)?"
    ),
    re.compile(
        rf"(?!{_any_of(_NOT_ISE)}i[sz])[a-z]{{2,}}[^aeouw](i[sz])"
        r"(?:e[ds]?|ers?|ings?|able|ations?|ational)"
    ),
    re.compile(r"(?:ana|psychoana|para|cata|dia|electro|hydro|breatha)l(y[sz])(?:e[ds]?|ers?|ing)"),
    re.compile(
        rf"(?:un)?{_any_of(verb[:-1] for verb in _DOUBLED_IN_UK)}(ll?)"
        r"(?:ed|ings?|ers?|ors?|ous|ously|ists?)"
    ),
    re.compile(rf"({_any_of([*_BEGINNINGS, *chain.from_iterable(_BEGINNINGS.values())])})[a-z]*"),
)
# Most words have nothing to swap: how they begin, or two letters in them, are enough to say so.
_BEGIN_SWAPPED: Final = frozenset(
    beginning[:3]
    for beginning in (
        *(f"{front}{stem}o" for front in ("", "be", "dis", "multi", "un") for stem in _BEFORE_OUR),
        *(f"{front}{verb}" for front in ("", "un") for verb in _DOUBLED_IN_UK),
        *_BEGINNINGS,
        *chain.from_iterable(_BEGINNINGS.values()),
    )
)
_MAY_BE_SWAPPED: Final = re.compile("|".join(pattern.pattern for pattern in _SWAP_PATTERNS))
_SWAPS: Final = _both_ways(
    {"our": "or", "is": "iz", "ys": "yz", "ll": "l"} | {uk: us for uk, (us,) in _BEGINNINGS.items()}
)

_PLAIN_WORD: Final = re.compile(r"[a-z]{3,}")
_ACCENTED_WORD: Final = re.compile(r"[a-zß-öø-ɏ]{2,}[a-rt-wyß-öø-ɏ]")
_Y_AFTER_CONSONANT: Final = re.compile(r".*(?:[^aeiou]|qu)y")
_ONE_SYLLABLE: Final = re.compile(r"y?[^aeiouy]*(?:(?<=q)u)?[aeiou][bdfgklmnprstvz]")
_NO_PLURAL: Final = re.compile(
    r".*(?:[^isu]s|ous|aus|ese|children|men|people)|[^aeiouy]*[aeiouy].*[^e]ed"
)
_PLURALS_ONLY: Final = frozenset(chain.from_iterable(_PLURALS.values())) - _PLURALS.keys()


def plural_forms(word: str) -> tuple[str, ...]:
    """Give *word* in lower case and, if it may be a noun in the singular, its plurals."""
    base = word.lower()
    if _PLAIN_WORD.fullmatch(base):
        return _distinct(base, *_plurals(base))
    if _ACCENTED_WORD.fullmatch(base):
        return (base, base + "s")
    return (base,)


def verb_forms(word: str) -> tuple[str, ...]:
    """Give *word* in lower case, then as a verb: with -s, past, participle, -ing."""
    base = word.lower()
    if base in _WHOLE_VERBS:
        return (base, *_WHOLE_VERBS[base])
    root = _irregular_root(base)
    if not root and not _PLAIN_WORD.fullmatch(base):
        return (base,)
    stems = _stems(base, root or base)
    prefix = base.removesuffix(root)
    pasts = [prefix + past for past in _PASTS[root]] if root else map(_with_ed, stems)
    ings = _ING.get(base) or map(_with_ing, stems)
    return _distinct(base, *_third_persons(base, stems), *pasts, *ings)


def spellings(word: str) -> tuple[str, ...]:
    """Give *word* in lower case, then as it is spelled on the other side of the Atlantic."""
    base = word.lower()
    if base not in _TWINS and not _may_be_swapped(base):
        return (base,)
    if not _PLAIN_WORD.fullmatch(base):
        return (base,)
    swapped = (_swapped(pattern, base) for pattern in _SWAP_PATTERNS)
    return _distinct(base, _TWINS.get(base, base), *swapped)


def _may_be_swapped(word: str) -> bool:
    may_begin = word[:3] in _BEGIN_SWAPPED
    if not (may_begin or "is" in word or "iz" in word or "lys" in word or "lyz" in word):
        return False
    return _MAY_BE_SWAPPED.fullmatch(word) is not None


def _distinct(*forms: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(forms))


def _plurals(noun: str) -> tuple[str, ...]:
    if noun in _PLURALS:
        return _PLURALS[noun]
    if noun in _PLAIN_PLURAL:
        return (noun + "s",)
    if noun in _INVARIANT or noun in _PLURALS_ONLY or _has_no_plural(noun):
        return ()
    if noun.endswith(_HEADS):
        head = next(filter(noun.endswith, _HEADS))
        return tuple(noun.removesuffix(head) + plural for plural in _PLURALS[head])
    return (_with_s(noun),)


def _has_no_plural(noun: str) -> bool:
    # Most words end in another letter, and need no search.
    return noun[-1] in "dens" and _NO_PLURAL.fullmatch(noun) is not None


def _with_s(word: str) -> str:
    """Add the -s of nouns, which is that of verbs too."""
    if word in _PLAIN_PLURAL:
        return word + "s"
    if word.endswith(("sis", "xis")):
        return word[:-2] + "es"
    if word.endswith("y") and _Y_AFTER_CONSONANT.fullmatch(word):
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")


def _irregular_root(verb: str) -> str:
    """Give the irregular verb in which *verb* ends after a known prefix, or nothing."""
    roots = (verb.removeprefix(prefix) for prefix in ("", *_PREFIXES))
    return next((root for root in roots if root in _PASTS), "")


def _stems(verb: str, root: str) -> tuple[str, ...]:
    """Give what -ed and -ing are added to: the verb, with its last letter doubled or not."""
    doubled = verb + verb[-1]
    if verb in _DOUBLED_OR_NOT:
        return (verb, doubled)
    if verb in _DOUBLED_IN_UK:
        return (doubled, verb)
    if verb.endswith(("ac", "ic", "oc")):
        return (verb + "k",)
    if verb in _DOUBLED or _ONE_SYLLABLE.fullmatch(root):
        return (doubled,)
    return (verb,)


def _third_persons(verb: str, stems: tuple[str, ...]) -> tuple[str, ...]:
    if verb.endswith("s"):  # gases, gasses
        return tuple(stem + "es" for stem in (verb, *stems))
    if verb.endswith("z"):  # quizzes
        return tuple(stem + "es" for stem in stems)
    if verb.endswith("o") and verb[-2] not in "aeiou":
        return (verb + "es",)
    return (_with_s(verb),)


def _with_ed(stem: str) -> str:
    if stem.endswith("e"):
        return stem + "d"
    if _Y_AFTER_CONSONANT.fullmatch(stem):
        return stem[:-1] + "ied"
    return stem + "ed"


def _with_ing(stem: str) -> str:
    if stem.endswith("ie"):
        return stem[:-2] + "ying"
    if stem.endswith("e") and not stem.endswith(("ee", "oe", "ye")):
        return stem[:-1] + "ing"
    return stem + "ing"


def _swapped(pattern: re.Pattern[str], word: str) -> str:
    """Change the letters that *pattern* captures, or nothing where it does not match."""
    found = pattern.fullmatch(word)
    if not found:
        return word
    return word[: found.start(1)] + _SWAPS[found[1]] + word[found.end(1) :]


# Each form of each pair; strict, because both words of a pair must inflect alike.
_TWINS: Final = _both_ways(
    {
        uk_form: us_form
        for uk, (us,) in _PAIRS.items()
        for uk_form, us_form in zip(verb_forms(uk), verb_forms(us), strict=True)
    }
)
