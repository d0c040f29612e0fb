"""How much of everything is accepted, in one place; shown by ``GET /v1/rules``.

Each is also a setting: ``RULETAG_LIMIT_BODY=2000000``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on rule files, requests and answers; ``docs/api.md`` lists them.

    Sizes of files, bodies and memory are in bytes, of texts and keywords in code points.
    """

    rule_file: int = 8 * 1024 * 1024
    list_file: int = 256 * 1024 * 1024
    rule_files: int = 1_000
    nesting: int = 16
    keyword: int = 256
    keyword_forms: int = 5_000_000
    draft: int = 64 * 1024
    draft_forms: int = 20_000
    build_seconds: int = 300
    build_memory: int = 8 * 1024 * 1024 * 1024
    category_id: int = 64
    body: int = 1024 * 1024
    batch_body: int = 16 * 1024 * 1024
    line: int = 1024 * 1024
    text: int = 1_000_000
    documents: int = 1_000
    json_depth: int = 64
    json_values: int = 100_000
    matches: int = 10_000
    hits: int = 250_000
    conditions: int = 250_000
    contexts: int = 100_000
    request_id: int = 64


LIMIT_PREFIX: Final = "RULETAG_LIMIT_"
HIGHEST_LIMIT: Final = 10**12


def read_limits(environment: Mapping[str, str]) -> Limits:
    """Read the limits from environment variables.

    What is no whole number from 1 to `HIGHEST_LIMIT` is passed over here;
    `ruletag.settings` refuses it before anything is served.
    """
    given = {
        field.name: int(text)
        for field in fields(Limits)
        if is_limit(text := environment.get(LIMIT_PREFIX + field.name.upper(), ""))
    }
    return Limits(**given)


def is_limit(text: str) -> bool:
    """Whether a limit can be set to this."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST_LIMIT))
    return is_number and 1 <= int(text) <= HIGHEST_LIMIT


LIMITS: Final = read_limits(os.environ)
