"""From a rule folder to a rule set: read every file once, parse, and name the whole by a digest."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ruletag.limits import LIMITS
from ruletag.problems import Location, Problem, ProblemLog, RuleSetError
from ruletag.rules.model import RuleFile, RuleSet
from ruletag.rules.parser import RulesParser
from ruletag.rules.yamltree import read_tree
from ruletag.version import VERSION

_ENDINGS: Final = (".yaml", ".yml")
# A mounted ConfigMap keeps its files behind this link and swaps them by
# replacing it. Read under the folder it leads to, all files are of one version.
_CONFIG_MAP_LINK: Final = "..data"


def read_rules(folder: Path) -> RuleSet:
    """Read a rule folder.

    Raises `RuleSetError` with every problem of every file.
    """
    return parse_rules(snapshot(folder))


def snapshot(folder: Path) -> Mapping[str, bytes]:
    """Read the bytes of all rule files, by name relative to the folder.

    Hidden and backup files are passed over. Raises `RuleSetError` for what
    cannot be read, for too many files, and where there are none.
    """
    root = _root(folder)
    problems: list[Problem] = []
    contents: dict[str, bytes] = {}
    for path in _rule_files(root):
        name = path.relative_to(root).as_posix()
        try:
            name.encode()
            contents[name] = _read(path, root)
        except UnicodeEncodeError:
            shown = name.encode("utf-8", "replace").decode()
            detail = f"{shown}: the file's name is not UTF-8"
            problems.append(Problem(Location(shown, 0, 0), "E110", detail))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            problems.append(Problem(Location(name, 0, 0), "E110", f"{name}: {reason}"))
    if len(contents) > LIMITS.rule_files:
        detail = f"{len(contents):,} rule files; a folder may have {LIMITS.rule_files:,}"
        problems.append(Problem(Location(str(folder), 0, 0), "E404", detail))
    if not contents and not problems:
        exists = "holds no" if root.is_dir() else "does not exist: no"
        detail = f"the rule folder {exists} *.yaml or *.yml files"
        problems.append(Problem(Location(str(folder), 0, 0), "E403", detail))
    if problems:
        raise RuleSetError(problems)
    return contents


def fingerprint(folder: Path) -> object:
    """Give a value that changes when a rule file is added, removed, replaced or written to.

    Made from file metadata, without reading a file; the time of the last change
    of status is part of it, so an edit that keeps size and date shows as well.
    Never raises: what cannot be looked at is part of the value.
    """
    root = _root(folder)
    return str(root), tuple((str(path), _metadata(path)) for path in _rule_files(root))


def _metadata(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _root(folder: Path) -> Path:
    """Give the folder that really holds the files."""
    link = folder / _CONFIG_MAP_LINK
    return Path(os.path.realpath(link if link.is_dir() else folder))


def parse_rules(contents: Mapping[str, bytes]) -> RuleSet:
    """Turn the bytes of rule files, by name, into a rule set.

    Raises `RuleSetError` with every problem of every file.
    """
    log = ProblemLog()
    parser = RulesParser(log)
    for name in sorted(contents):
        tree = read_tree(name, contents[name], log)
        if tree is not None:
            parser.add_file(tree)
    categories, lists = parser.finish()
    if log.has_errors:
        raise RuleSetError(log.problems)
    files = tuple(
        RuleFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in sorted(contents.items())
    )
    return RuleSet(_digest(files), files, categories, lists, log.problems)


def _rule_files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_ENDINGS) and not name.startswith((".", "#")):
                yield Path(folder, name)
        for name in folders:
            if name.endswith(_ENDINGS):
                yield Path(folder, name)


def _read(path: Path, root: Path) -> bytes:
    """Read one regular file below the root; whatever else there is raises `OSError`."""
    if not Path(os.path.realpath(path)).is_relative_to(root):
        raise OSError(None, "the link leads out of the rule folder")
    # Opened without waiting and looked at afterwards: a FIFO would hold an
    # ordinary open for ever, and what was looked at first could be swapped.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(None, "not a regular file")
        # One byte over the limit is enough for the reader to refuse it.
        return file.read(LIMITS.rule_file + 1)


def _digest(files: tuple[RuleFile, ...]) -> str:
    """Hash everything that can change an answer: rules, engine, Unicode tables, limits."""
    engine = (VERSION, unicodedata.unidata_version, LIMITS.matches, LIMITS.hits)
    parts = [repr(engine), *(f"{file.name}\0{file.sha256}" for file in files)]
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
