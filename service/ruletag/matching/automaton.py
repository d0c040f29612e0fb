"""Find every keyword form in one pass over the text.

The one module that knows pyahocorasick. That library has no type stubs, reports
the *last* index of a match, and raises `AttributeError` when searched while
empty; none of this is visible from outside. Two of its methods are never to be
used: ``iter_long`` misses matches (issue 189), ``set`` on an iterator corrupts
memory (issue 221).
"""

from collections.abc import Iterable, Iterator

import ahocorasick


class Automaton:
    """A set of distinct strings, numbered in the order given."""

    def __init__(self, strings: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for number, string in enumerate(strings):
            self._automaton.add_word(string, number)
        if len(self._automaton):
            self._automaton.make_automaton()

    def hits(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield (last position, string's number) of all hits, overlapping ones too."""
        if not len(self._automaton):
            return iter(())
        found: Iterator[tuple[int, int]] = self._automaton.iter(text)
        return found
