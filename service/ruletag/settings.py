"""Every setting of ruletag in one table: name, environment variable, default, meaning.

The table feeds the options of ``ruletag serve``, ``ruletag settings``, and the
table in ``docs/running.md`` (a test holds that one to it).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SHIPPED_RULES: Final = Path(__file__).resolve().parent / "shipped"
