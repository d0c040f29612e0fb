"""From a rule folder to a rule set: read every file once, parse, and name the whole by a digest."""

import errno
import gc
import hashlib
import os
import posixpath
import stat
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from ruletag.limits import LIMITS
from ruletag.problems import Location, Problem, ProblemLog, RuleSetError, printable, quoted
from ruletag.rules.model import RuleFile, RuleSet
from ruletag.rules.parser import RulesParser
from ruletag.rules.yamltree import Node, read_tree
from ruletag.version import VERSION

_ENDINGS: Final = (".yaml", ".yml")
_LIST_ENDINGS: Final = (".txt", ".csv")
# A mounted ConfigMap keeps its files behind this link and swaps them by
# replacing it. Read under the folder it leads to, all files are of one version.
_CONFIG_MAP_LINK: Final = "..data"
_REMEDIES: Final = {
    errno.EACCES: "let the user of the service read it",
    errno.ENOENT: "it is sought from where this file lies",
}
_LEADS_OUT: Final = "the link leads out of the rule folder"
_NO_FILE: Final = "a pipe, socket or device, not a file"


def read_rules(folder: Path) -> RuleSet:
    """Read a rule folder.

    Raises `RuleSetError` with every problem of every file.
    """
    return parse_rules(snapshot(folder), list_reader(folder))


def snapshot(folder: Path) -> Mapping[str, bytes]:
    """Read the bytes of all rule files, by name relative to the folder.

    Hidden and backup files are passed over. Raises `RuleSetError` for what
    cannot be read, for too many files, and where there are none.
    """
    root = _root(folder)
    try:
        return _read_all(folder, root)
    except RuleSetError:
        # A mounted ConfigMap may have been swapped under the reading.
        now = _root(folder)
        if now == root:
            raise
        return _read_all(folder, now)


def is_rule_file(name: str) -> bool:
    """Whether a file of this name holds rules."""
    return name.lower().endswith(_ENDINGS)


def _read_all(folder: Path, root: Path) -> Mapping[str, bytes]:
    problems: list[Problem] = []
    closed: list[OSError] = []
    paths = list(islice(_files(root, _ENDINGS, closed.append), LIMITS.rule_files + 1))
    if len(paths) > LIMITS.rule_files:
        detail = f"more than {LIMITS.rule_files:,} rule files in one folder"
        raise RuleSetError([_of_folder(folder, "E404", detail, "join small ones into larger ones")])
    contents: dict[str, bytes] = {}
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            contents[name] = _read(path, name, root, LIMITS.rule_file)
        except OSError as error:
            problems.append(_unreadable(name, error))
    if os.path.isdir(root):  # noqa: PTH112 - `Path.is_dir` raises where access is denied
        problems += (_closed(folder, os.path.relpath(e.filename, root), e) for e in closed)
    if not contents and not problems:
        problems.append(_of_folder(folder, "E403", *_nothing_in(root)))
    if problems:
        raise RuleSetError(problems)
    return contents


def _of_folder(folder: Path, code: str, detail: str, hint: str) -> Problem:
    return Problem(Location(str(folder), 0, 0), code, detail, hint)


def _nothing_in(root: Path) -> tuple[str, str]:
    """Say why a folder holds no rule files."""
    if os.path.isdir(root):  # noqa: PTH112 - `Path.is_dir` raises where access is denied
        return "the rule folder holds no *.yaml or *.yml files", "put one there"
    error = _metadata(root)[0]
    if error == errno.EACCES:
        return "the rule folder cannot be reached: permission denied", _REMEDIES[error]
    if os.path.lexists(root):
        return "the rule folder is not a folder", "name the folder that holds the files"
    return "the rule folder does not exist: no *.yaml or *.yml files", "create it, or mend its name"


def _unreadable(name: str, error: OSError) -> Problem:
    reason = (error.strerror or str(error)).lower()
    shown = name.encode("utf-8", "replace").decode()
    hint = _REMEDIES.get(error.errno or 0, "")
    return Problem(Location(shown, 0, 0), "E110", f"{printable(shown)}: {reason}", hint)


def _closed(folder: Path, name: str, error: OSError) -> Problem:
    problem = _unreadable(name, error)
    if name != os.curdir:
        return problem
    detail = problem.detail.replace(os.curdir, "the rule folder", 1)
    return _of_folder(folder, problem.code, detail, problem.hint)


def fingerprint(folder: Path) -> str:
    """Give a value that changes when a rule file is added, removed, replaced or written to.

    And when the folder itself comes, goes or is replaced.

    Made from file metadata, without reading a file; the time of the last change
    of status is part of it, so an edit that keeps size and date shows as well.
    Never raises: what cannot be looked at is part of the value.
    """
    root = _root(folder)
    endings = (*_ENDINGS, *_LIST_ENDINGS)
    files = [(str(path), _metadata(path)) for path in _files(root, endings)]
    found = str(root), _metadata(root)[-1], files  # of the folder, only which it is
    return hashlib.sha256(repr(found).encode("utf-8", "surrogateescape")).hexdigest()


def _metadata(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError as error:
        return (error.errno or 0,)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _root(folder: Path) -> Path:
    """Give the folder that really holds the files."""
    link = folder / _CONFIG_MAP_LINK
    # `Path.is_dir` raises where access is denied.
    return Path(os.path.realpath(link if os.path.isdir(link) else folder))  # noqa: PTH112


ReadFile = Callable[[str], bytes]


def list_reader(folder: Path) -> ReadFile:
    """Give what reads a list file of the folder by its name, or raises `OSError`."""

    def read(name: str) -> bytes:
        root = _root(folder)
        return _read(root / name, name, root, LIMITS.list_file)

    return read


def _no_lists(name: str) -> bytes:
    raise FileNotFoundError(errno.ENOENT, "no such file", name)


def parse_rules(
    contents: Mapping[str, bytes],
    read_list: ReadFile = _no_lists,
    beside: RuleSet | None = None,
) -> RuleSet:
    """Turn the bytes of rule files, by name, into a rule set.

    ``read_list`` gives the bytes of a list file that a rule file names. The lists
    and cues of a rule set ``beside`` may be used as well. Raises `RuleSetError`
    with every problem of every file.
    """
    log = ProblemLog()
    list_files = _ListFiles(read_list, log)
    parser = RulesParser(log, list_files.read, beside.lists if beside is not None else ())
    with _no_search_for_garbage():
        for name in sorted(contents):
            parser.add_file(read_tree(name, contents[name], log))
        categories, lists, cues = parser.finish()
    if log.has_errors:
        raise RuleSetError(log.problems)
    every = {**contents, **list_files.contents}
    files = tuple(
        RuleFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in sorted(every.items())
    )
    digest = _digest(files)
    if beside is not None:
        cues = (*beside.cues, *cues)
        digest = _digest((*files, RuleFile("beside", 0, beside.digest)))
    return RuleSet(digest, files, categories, lists, cues, log.problems, every)


class _ListFiles:
    """Finds the list files that rule files name; ``contents`` are those found so far."""

    def __init__(self, read: ReadFile, log: ProblemLog) -> None:
        self._read = read
        self._log = log
        self.contents: dict[str, bytes] = {}

    def read(self, node: Node, path: str) -> tuple[str, bytes] | None:
        """Give the name and bytes of a file, named relative to the rule file that does so."""
        name = posixpath.normpath(posixpath.join(posixpath.dirname(node.location.file), path))
        if path.startswith("/") or name.startswith("../") or "\\" in path:
            hint = "name it relative to this file, with `/`, as in `lists/counties.csv`"
            self._refuse(node, path, "it must lie in the rule folder", hint)
        elif not name.lower().endswith(_LIST_ENDINGS):
            hint = "one keyword a line in a `.txt` file, or a table in a `.csv` file"
            self._refuse(node, path, "a list file ends in `.txt` or `.csv`", hint)
        elif posixpath.basename(name).startswith("."):
            self._refuse(node, path, "hidden files are passed over", "give it another name")
        else:
            return self._of(name, node, path)
        return None

    def _of(self, name: str, node: Node, path: str) -> tuple[str, bytes] | None:
        try:
            if name not in self.contents:
                self.contents[name] = self._read(name)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            hint = _REMEDIES.get(error.errno or 0, "")
            self._refuse(node, path, reason, hint)
            return None
        return name, self.contents[name]

    def _refuse(self, node: Node, path: str, reason: str, hint: str) -> None:
        self._log.add("E110", node.location, f"{quoted(path)}: {reason}", hint=hint)


@contextmanager
def _no_search_for_garbage() -> Iterator[None]:
    """Keep Python from searching many small values for cycles, where there are none.

    The search would take as long as the parsing itself.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _files(
    root: Path, endings: tuple[str, ...], onerror: Callable[[OSError], None] | None = None
) -> Iterator[Path]:
    """Yield the files with such names, and links to folders, which are not followed."""
    for folder, folders, names in os.walk(root, onerror=onerror):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.lower().endswith(endings) and not name.startswith((".", "#")):
                yield Path(folder, name)
        for name in folders:
            path = Path(folder, name)
            if name.lower().endswith(endings) or path.is_symlink():
                yield path


def _read(path: Path, name: str, root: Path, most: int) -> bytes:
    """Read one regular file below the root; whatever else there is raises `OSError`."""
    if not name.isprintable():
        raise OSError(None, "the name holds characters that cannot be shown")
    if not Path(os.path.realpath(path)).is_relative_to(root):
        raise OSError(None, _LEADS_OUT)
    # Opened without waiting and looked at afterwards: a FIFO would hold an
    # ordinary open for ever, and what was looked at first could be swapped.
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(None, _NO_FILE) from None
        if error.errno == errno.ENOENT and path.is_symlink():
            raise OSError(None, "the link leads nowhere") from None
        raise
    try:
        # A link may have been swapped since it was looked at.
        if not Path(_opened(handle, path)).is_relative_to(root):
            raise OSError(None, _LEADS_OUT)
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(None, _no_file(path, mode))
        with os.fdopen(handle, "rb", closefd=False) as file:
            # One byte over the limit is enough for the reader to refuse it.
            return file.read(most + 1)
    finally:
        os.close(handle)


def _opened(handle: int, path: Path) -> str:
    """Give where a file that is open really lies, whatever its name leads to by now."""
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:  # no /proc here
        return os.path.realpath(path)


def _no_file(path: Path, mode: int) -> str:
    if not stat.S_ISDIR(mode):
        return _NO_FILE
    return "a link to a folder, not followed" if path.is_symlink() else "a folder, not a file"


def _digest(files: tuple[RuleFile, ...]) -> str:
    """Hash everything that can change an answer: rules, engine, Unicode tables, limits."""
    limits = (LIMITS.matches, LIMITS.hits, LIMITS.conditions, LIMITS.contexts)
    engine = (VERSION, unicodedata.unidata_version, *limits)
    parts = [repr(engine), *(f"{file.name}\0{file.sha256}" for file in files)]
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
