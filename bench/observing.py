"""What logs, metrics and the decision log cost a request, in microseconds.

Each figure is the best of some rounds of `Observer` calls, as `Service.handle` makes
them for one text with five categories. Lines go to /dev/null, as fast as they come.
"""

import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ruletag.http import api, handling, traces, wire
from ruletag.http.decisions import Decisions
from ruletag.http.lines import Descriptor, Lines
from ruletag.http.observing import Observer
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Tagging
from ruletag.rules.loader import read_rules
from ruletag.serving.store import Store
from ruletag.settings import SHIPPED_RULES, Settings

ROUNDS, CALLS = (1, 50) if "--quick" in sys.argv else (7, 5_000)
TEXT = "Police arrested five men who smuggled copper across the closed border. " * 42
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def best(act: Callable[[], object], each: int = CALLS) -> float:
    """Give the microseconds of a call: the best of some rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(each):
            act()
        times.append((time.perf_counter() - start) / each * 1_000_000)
    return min(times)


def main() -> None:
    """Print the table."""
    nowhere = Descriptor(os.open(os.devnull, os.O_WRONLY))
    document = wire.TagRequest(text=TEXT)
    tagging = a_tagging()
    quiet = Settings(log_requests="off")
    store = Store()
    observer = Observer(quiet, store, Lines(nowhere))
    logging_too = Observer(Settings(), store, Lines(nowhere))
    finished = a_request(tagging)
    decisions = Decisions(quiet, Lines(nowhere))

    def counted(watching: Observer) -> None:
        watching.started()
        watching.tagged("1234567890abcdef", document, "d" * 16, tagging)
        watching.finished(finished)

    metrics = best(lambda: counted(observer))
    both = best(lambda: counted(logging_too))
    print(f"metrics                 {metrics:6.1f} us a request ({len(tagging.tags)} categories)")
    print(f"log line                {both - metrics:6.1f} us a request")
    print(f"traceparent, checked    {best(lambda: traces.trace_id(TRACE)):6.1f} us")
    decided = best(lambda: decisions.tagged("1234567890abcdef", document, "d" * 16, tagging))
    print(f"decision log            {decided:6.1f} us a text ({len(TEXT):,} characters)")
    request = api.Request("", "GET", "/metrics", {}, {}, nowhere)  # type: ignore[arg-type]  # no body is read
    print(
        f"/metrics                {best(lambda: observer.get_metrics(request), 50):6.0f} us a scrape"
    )


def a_tagging() -> Tagging:
    """Tag the text by the shipped rules."""
    return tag(compile_rules(read_rules(SHIPPED_RULES)), TEXT)


def a_request(tagging: Tagging) -> handling.Finished:
    """Give a request that has been answered."""
    work = api.Work(1, len(TEXT), len(tagging.tags), "d" * 16)
    return handling.Finished("/v1/tag", "POST", 200, 0.0012, "1234567890abcdef", work, TRACE)


if __name__ == "__main__":
    print(datetime.now(UTC).strftime("%Y-%m-%d"))
    main()
