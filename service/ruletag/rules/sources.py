"""The rule set behind compiled rules, read again only when somebody asks for it.

To tag a text needs nothing of it. Compiled rules go from the process that made
them to those that answer, and as objects a rule set takes ten times as long to
load as all the rest: so its files travel instead.
"""

import errno
import pickle
import zlib
from collections.abc import Mapping
from threading import Lock
from typing import Final

from ruletag.rules.loader import is_rule_file, parse_rules
from ruletag.rules.model import RuleFile, RuleSet

_LEVEL: Final = 1  # of compression: the first step saves most, at the least cost


class Source:
    """A rule set, or the files that it is read from; ``ids`` are those of its categories."""

    def __init__(self, rule_set: RuleSet) -> None:
        self._rule_set: RuleSet | None = rule_set
        self._packed = b""
        self._lock = Lock()
        self.digest = rule_set.digest
        self.files: tuple[RuleFile, ...] = rule_set.files
        self.ids = tuple(category.id for category in rule_set.categories)

    @property
    def rule_set(self) -> RuleSet:
        """The rule set."""
        with self._lock:
            if self._rule_set is None:
                self._rule_set = parse_files(unpacked(self._packed))
            return self._rule_set

    def __getstate__(self) -> dict[str, object]:
        packed = self._packed or pack(self.rule_set.contents)
        return {"digest": self.digest, "files": self.files, "ids": self.ids, "_packed": packed}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        self.__dict__.update(state, _rule_set=None, _lock=Lock())


def pack(contents: Mapping[str, bytes]) -> bytes:
    """Give files as one piece."""
    return zlib.compress(pickle.dumps(dict(contents)), _LEVEL)


def unpacked(packed: bytes) -> Mapping[str, bytes]:
    """Give the files again."""
    contents: Mapping[str, bytes] = pickle.loads(zlib.decompress(packed))  # noqa: S301 - our own
    return contents


def parse_files(contents: Mapping[str, bytes]) -> RuleSet:
    """Turn files, rule files and list files alike, into a rule set. Raises `RuleSetError`."""
    rule_files = {name: text for name, text in contents.items() if is_rule_file(name)}
    return parse_rules(rule_files, lambda name: _file(contents, name))


def _file(contents: Mapping[str, bytes], name: str) -> bytes:
    try:
        return contents[name]
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "no such file", name) from None
