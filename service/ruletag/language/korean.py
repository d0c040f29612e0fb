"""What may stand beside a Korean keyword in running text.

Particles are glued to the end of a word and compounds are written with or
without spaces; both are told by short tables. Tables are own work, from the
grammar of South and North Korean news text.
"""

import re
from typing import Final

from ruletag.text.words import is_hangul

_PARTICLES: Final = """
    은 는 이 가 을 를 의 에 에서 에게 에게서 께 께서 한테
    로 으로 로서 으로서 로써 으로써 로부터 으로부터
    와 과 랑 이랑 하고 도 만 까지 마저 조차 부터 밖에 보다 처럼 같이 뿐 대로 마다 커녕 씩 째 이나 나
    이든 든 이라도 라도 이라는 라는 이라고 라고 이라며 라며 이란 란 이며 며 이고 고 인 임 이다 였다
    이었다 입니다 이자 이라 라 들 들이 들은 들을 들의 들에게 들도
""".split()
# Longest first, so that an alternative is not cut short by its own beginning.
PARTICLE: Final = "(?:" + "|".join(sorted(_PARTICLES, key=len, reverse=True)) + ")"

# A keyword may follow these inside one word: 국가밀수, 반사회주의, 강제송환.
_COMPOUND_PREFIXES: Final = frozenset(
    """
    국가 불법 반 해상 육상 강제 전면 전국 집단 대량 대규모 소규모 개인 조직 공개 긴급 임시 특별
    무단 마약 금 대중 대북 북중 조중 중조 국제 정치
    """.split()
)
_MEASURES: Final = """
    톤 t 킬로그램 킬로그람 킬로 kg 그램 그람 g 리터 가마니 가마 포대 자루 상자 박스 돈 냥 근 말 섬
""".split()
_PRICES: Final = """
    값 가격 시세 시장 거래 밀수 수출 수입 생산 광산 광석 제련 채굴 배급
""".split()
_MEASURE: Final = "(?:" + "|".join(sorted(_MEASURES, key=len, reverse=True)) + ")"
_PRICE: Final = "(?:" + "|".join(_PRICES) + ")"

_HANGUL_BEFORE: Final = 8  # syllables: no prefix in the table is longer
_COMPANY_AFTER: Final = re.compile(
    f"{PARTICLE}(?![가-힣])| ?\\d| ?{_PRICE}| ?{_MEASURE}(?![^\\W_])"
)
_COMPANY_BEFORE: Final = re.compile(f"(?:\\d|{_MEASURE}|{_PRICE})의? $")


def begins_word(plain: str, start: int) -> bool:
    """Say whether a Hangul keyword at ``plain[start:]`` begins a word.

    It does where no Hangul stands before it, or where all Hangul before it in
    the same word is one of the compounding prefixes.
    """
    first = start
    while first and start - first <= _HANGUL_BEFORE and is_hangul(plain[first - 1]):
        first -= 1
    return first == start or plain[first:start] in _COMPOUND_PREFIXES


def has_company(plain: str, start: int, end: int) -> bool:
    """Say whether a keyword of one syllable is that word and not some other.

    금, 은, 납 and 쌀 are syllables of countless words; they count with a
    particle, a number, a measure or a price word beside them.
    """
    before = plain[max(0, start - 8) : start]
    if _COMPANY_AFTER.match(plain, end):
        return True
    return _COMPANY_BEFORE.search(before) is not None and not is_hangul(plain[end : end + 1] or " ")
