"""Small rules, and a store that has them in force."""

from collections.abc import Mapping
from typing import Final

from ruletag.matching.compiler import compile_rules
from ruletag.rules.loader import parse_rules
from ruletag.serving.store import Store

RULES: Final = {
    "crime.yaml": """\
categories:
  smuggling:
    label: Smuggling
    description: Goods moved in secret.
    severity: high
    match: [smuggle~, smuggler, 밀수, {word: customs, weight: 0.5}, {word: at night, weight: 0.5}]
  party_discipline: [strip~ ... membership]
""",
    "goods.yaml": """\
categories:
  commodities.metals: [copper, {word: nickel, id: HS-75}]
  commodities.fuel: [oil]
  economy: [price]
""",
}


def store_with(rules: Mapping[str, str]) -> Store:
    """Give a store with these rule files in force."""
    store = Store()
    store.activate(compile_rules(parse_rules({n: text.encode() for n, text in rules.items()})))
    return store
