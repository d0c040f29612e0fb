"""Choose categories on the command line by their ids and by patterns such as ``economy.*``."""

from collections.abc import Collection

import click

from ruletag.http.requests import selected
from ruletag.http.wire import RequestError


def selected_categories(patterns: Collection[str], known: Collection[str]) -> frozenset[str] | None:
    """Give the categories that the patterns name, None where there are no patterns.

    Raises `click.UsageError` for patterns that name nothing.
    """
    try:
        return selected(patterns or None, known)
    except RequestError as error:
        raise click.UsageError("; ".join(fault.detail for fault in error.errors)) from None
