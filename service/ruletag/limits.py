"""How much of everything is accepted, in one place; shown by ``GET /v1/rules``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on rule files, requests and answers; ``docs/running.md`` lists them.

    Sizes of files and bodies are in bytes, of texts and keywords in code points.
    """

    rule_file: int = 8 * 1024 * 1024
    list_file: int = 256 * 1024 * 1024
    rule_files: int = 1_000
    nesting: int = 16
    keyword: int = 256
    keyword_forms: int = 5_000_000
    draft: int = 64 * 1024
    draft_forms: int = 20_000
    category_id: int = 64
    body: int = 1024 * 1024
    batch_body: int = 16 * 1024 * 1024
    line: int = 1024 * 1024
    text: int = 1_000_000
    documents: int = 1_000
    json_depth: int = 64
    matches: int = 10_000
    hits: int = 250_000
    conditions: int = 250_000
    request_id: int = 64


LIMITS = Limits()
