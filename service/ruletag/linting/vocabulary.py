"""Tables of words that mislead as keywords. All are own work, from reading news texts.

They prefer silence: a word that is missing costs a hint, one too many the
author's trust. ``/`` parts a word from what is said of it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _table(lines: str) -> Mapping[str, str]:
    """Read lines of ``word/text, word/text`` into a frozen mapping."""
    rows = (row.strip().partition("/") for line in lines.split("\n") for row in line.split(","))
    return MappingProxyType({word: text for word, _, text in rows if word})


# Words with another meaning, and where they have it.
HOMOGRAPHS: Final = _table("""
    arms/in his arms, bar/a bar on the corner, base/based in Seoul, bass/the bass player
    bear/bear in mind, board/on board, book/book a flight, bow/bow to pressure, break/take a break
    bust/a bust of the poet, cap/a cap on prices, capital/the capital Seoul, case/in any case
    cell/a stem cell, charge/in charge of, crane/a crane flew, current/the current year
    cut/a short cut, date/up to date, deal/a great deal of, draft/a draft of the letter
    duty/it is our duty, exercise/take exercise, fall/in the fall, fast/run fast
    figure/a public figure, file/a text file, fine/a fine day, fire/fire a missile
    firm/a firm answer, fly/fly home, force/in force, frame/a time frame, gear/landing gear
    general/in general, grave/a grave mistake, ground/on the ground, gulf/a gulf between them
    hit/a hit song, house/the House passed it, interest/of interest, issue/the issue is
    jam/a traffic jam, key/a key role, lead/it could lead to, leak/leak to the press
    leave/leave the room, letter/a capital letter, lie/lie in ruins, light/in the light of
    line/on line, live/where they live, lock/lock the door, long/for a long time, lot/a lot of
    mad/mad at him, march/in March, mass/a mass grave, match/a football match
    matter/it does not matter, may/it may rain, mean/it would mean, mine/a friend of mine
    minor/a minor detail, minute/a minute later, model/a role model, mole/a mole on the cheek
    mount/mount an attack, net/a safety net, note/note that, novel/a novel idea
    object/they object to, order/in order to, organ/an organ concert, pack/a pack of dogs
    palm/the palm of the hand, park/park the car, part/in part, party/a birthday party
    pass/pass a law, patient/be patient, pitch/a football pitch, point/at this point
    pole/the North Pole, pool/a swimming pool, post/post a picture, pound/pound the city
    power/in power, present/at present, press/press the button, prime/prime minister
    produce/produce steel, project/they project that, pupil/the pupil of the eye
    race/a race for office, rally/shares rally, range/a range of, rank/rank first
    rate/at any rate, record/a record high, ring/ring the bell, rock/rock music, rose/prices rose
    round/all year round, row/in a row, rule/as a rule, safe/a safe place, saw/they saw it
    scale/on a large scale, seal/seal the deal, season/the holiday season
    sentence/a long sentence, service/room service, share/share a meal, shell/an empty shell
    shot/a shot of the scene, sink/a kitchen sink, soil/on foreign soil, spot/on the spot
    spring/in spring, stage/at this stage, stake/at stake, stamp/a rubber stamp
    state/state clearly, stem/stem from, still/they still hope, store/a grocery store
    strain/under strain, strike/strike a balance, strip/a comic strip, suit/a suit and tie
    swallow/a swallow flew, table/at the table, tap/tap water, tear/a tear in her eye
    term/in the long term, tie/a suit and tie, tin/a tin of beans, tire/tire of
    tip/the tip of the island, track/on track, traffic/heavy traffic on the road
    train/train a team, trip/a school trip, turkey/roast turkey, unit/the unit of length
    vault/the pole vault, watch/watch a film, wave/a wave of the hand, well/as well
    will/they will, wind/wind down, wound/it wound down, yard/a yard long
""")
# Words so common that no category can be told by one alone.
COMMON: Final = frozenset(
    """
    a about after again against all also although always among an and another any are around as
    at away back be because been before being between both but by came can come could day did do
    does down each even every few first for former found from gave get give go good got had has
    have he her here him himself his how however if in into is it its just know known last later
    less like little made make man many me men might more most much must my near never new next
    no none nor not now of off often old on once one only or other our out over own people per
    put said same say see several she should since so some such take than that the their them
    then there these they thing this those though three through time to today together told too
    took two under until up upon us use used very want was way we week went were what when where
    whether which while who whole whom whose why with within without work world would year yes
    yet you your
    """.split()
)
# Verbs of news whose form in -ed is hardly ever written to mean that form alone.
VERBS: Final = frozenset(
    """
    abandon abduct abolish accuse acquit admit adopt amend announce annul apprehend arrest
    assassinate assault attack ban bomb boycott bribe capture cease censor condemn confess
    confiscate convict counterfeit crash criticize dam deceive defect defend demolish demote
    deploy deport destroy detain detonate dismantle dismiss dispatch divert embezzle enrich
    evacuate evade evict execute expel exploit explode export expose extort extradite falsify
    flood forge hack handcuff harass hijack hoard imprison incarcerate incite indict infect
    infiltrate inspect intercept interrogate invade investigate jail kidnap kill launch launder
    liberate liquidate loot manipulate massacre mobilize murder nationalize negotiate outlaw
    overthrow patrol persecute plunder poach poison postpone prohibit prosecute protest provoke
    punish purge quarantine ransack rape ratify rearm rebel recall recruit rehearse relocate
    repatriate reprimand resign resume retaliate revoke rob ransom sabotage sanction seize shell
    sink slaughter smuggle steal strip summon suppress surrender surveil suspend test threaten
    torture trespass vandalize veto withdraw
    """.split()
)
# Nouns of news whose plural means no more than several of them.
NOUNS: Final = frozenset(
    """
    aftershock airbase airline assault attack audit balloon bank bankruptcy barge battalion
    believer bishop blast blockade blogger boat bomber bonus boycott bridge budget bullet burglary
    captive centrifuge church clash clinic closure college commander company computer conscript
    consulate container contractor court crop customer cyclone dealer debt deficit defendant
    deputy deserter destroyer dismissal doctor dockyard employee employer factory farm farmer
    fatality ferry fertilizer freighter gang gangster governor grenade gun harbor harbour
    helicopter highway hospital howitzer hostel immigrant injury inquiry inspector investor jet
    kickback killing landslide launcher lawmaker lawyer layoff leaflet loan loudspeaker mayor
    merger metal migrant miner mineral minister ministry missionary mosque mudslide newspaper
    nurse officer official orphan passenger pastor pesticide picket pill pipeline pistol port
    price probe quota raid railway reactor rifle riverbank robbery sacking salary sailor satellite
    scam school senator shareholder ship shutdown siege smartphone soldier stabbing startup storm
    strike striker student subsidy supplier survivor takeover tank tax teacher temple theft
    tornado trader trial truck tunnel university vessel victim village virus visa wage warplane
    warrant website wildfire worker
    accomplice activist airport airstrike ambassador ambush arrest assassin assassination asylum
    bomb bombing border bribe broker bunker cartel casualty ceasefire checkpoint convoy coup
    crackdown crime criminal curfew cyberattack decree defector deportation detainee detention
    diplomat dissident drone drought earthquake election embargo embassy envoy epidemic escapee
    execution exile expulsion famine fighter flood frigate fugitive garrison gunman hacker
    hijacker hijacking hostage hurricane inmate insurgent interrogation invasion investigation
    journalist kidnapping landmine lawsuit mercenary militant militia missile murder mutiny
    outbreak pandemic passport pirate poacher policeman prison prisoner prosecutor protest
    protester purge ransom rebel refinery refugee reservoir revolt riot rocket saboteur
    shipment shipyard shooting smuggler soldier spy submarine suspect tanker tariff terrorist
    torpedo trafficker treaty tsunami typhoon vaccine verdict veto volcano warhead warship
    weapon
    """.split()
)
# Nouns that alone may be verbs; where they end a phrase they are none: job cuts, rocket launches.
NOUNS_AT_AN_END: Final = frozenset(
    "ban charge cut drill launch rate sale strike test visit".split()
)
# Plurals that mean something else than several of a thing, or are hardly ever one.
PLURALS_ALONE: Final = frozenset(
    """
    communications conditions congratulations foundations hostilities intentions munitions
    negotiations operations preparations provisions relations reparations sanctions
    """.split()
)
# Units that are counted in fractions too: `5 tons` also ends "2.5 tons".
UNITS: Final = frozenset(
    """
    ton tons tonne tonnes kg kilo kilos kilogram kilograms gram grams g t lb lbs pound pounds
    ounce ounces barrel barrels liter liters litre litres gallon gallons km kilometer kilometers
    kilometre kilometres mile miles meter meters metre metres m mm cm hectare hectares acre
    acres percent million billion trillion thousand dollar dollars euro euros won yuan yen ruble
    rubles hour hours magnitude mw gw kw megawatt megawatts knot knots degree degrees 톤 킬로 퍼센트
    달러
    """.split()
)
# Korean keywords that begin longer words of another meaning.
KOREAN: Final = _table("""
    가스/가스라이팅, 고기/고기압, 공기/공기업, 구리/구리시, 기관/기관지
    대마/대마도, 무기/무기한, 미사/미사일, 보리/보리수, 사과/사과문
    수소/수소문, 수수/수수료, 아연/아연실색, 유사/유사시, 은행/은행나무
    인도/인도네시아, 자원/자원봉사
""")
# Letters that look like Latin ones.
CONFUSABLE: Final = MappingProxyType(
    dict(
        zip(
            "АВЕЅІЈКМНОРСТХаеосрхуіјѕҺһԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
            "ABESIJKMHOPCTXaeocpxyijsHhdqwABEZHIKMNOPTYXo",
            strict=True,
        )
    )
)
