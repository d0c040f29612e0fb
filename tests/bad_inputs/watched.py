"""A rule folder under watch, whose files are compiled in a bounded process, as in the service."""

import time
from pathlib import Path
from threading import Event, Thread
from typing import Final, Self

from ruletag.matching.tagger import tag
from ruletag.problems import Problem
from ruletag.serving.builder import Builder
from ruletag.serving.follower import Follower
from ruletag.serving.leader import Leader, Watch
from ruletag.serving.shared import Shared
from ruletag.serving.store import Store

SECONDS: Final = 20  # within which any folder is compiled or refused


class Watched:
    """What a folder's rules come to; looked at only when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store()
        self._shared = Shared()
        self._builder = Builder([slot.handle for slot in self._shared.slots], SECONDS)
        self._leader = Leader(Watch(folder), self._shared, self._builder.run)
        self._follower = Follower(self._shared, self.store)
        self._stop = Event()
        self._thread = Thread(target=self._follower.run, args=(self._stop,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._builder.stop()

    def look(self) -> None:
        """Look at the folder once, and wait until what came of it is in force."""
        self._leader.look()
        while not self._follower.is_up_to_date:
            time.sleep(0.001)

    def found(self, text: str) -> list[str]:
        """Give what the rules in force find in a text."""
        assert self.store.current is not None
        return [e.text for t in tag(self.store.current.rules, text).tags for e in t.evidence]

    @property
    def generation(self) -> int:
        """How many rule sets were put in force."""
        return self.store.current.generation if self.store.current is not None else 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with the last edit, if it was refused."""
        return self.store.refusal.problems if self.store.refusal is not None else ()
