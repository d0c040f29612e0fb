"""Choose categories on the command line by their ids and by patterns such as ``economy.*``."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from ruletag.cli.common import named
from ruletag.http.refusals import RequestError
from ruletag.http.requests import selected
from ruletag.settings import SHIPPED_RULES

_LIST: Final = re.compile(r"\$[a-z0-9_]+")


def selected_categories(
    patterns: Collection[str], known: Collection[str], folder: Path
) -> frozenset[str] | None:
    """Give the categories that the patterns name, None where there are no patterns.

    Raises `click.UsageError` for patterns that name nothing; of the rules in the
    package, which are read where there are no others, it says so.
    """
    try:
        return selected(patterns or None, known)
    except RequestError as error:
        faults = [fault.detail for fault in error.errors]
        lists = [name for name in patterns if _LIST.fullmatch(name) and name[1:] not in known]
        faults += [f"`ruletag expand '{name}'` lists the words of a list" for name in lists[:1]]
        if folder == SHIPPED_RULES:
            faults.append(f"these are {named(folder)}; --rules says where yours are")
        raise click.UsageError("; ".join(faults)) from None
