"""Where in a rule file a key stands: the model of rules only knows its value."""

from collections.abc import Iterator, Mapping

from ruletag.problems import Location, ProblemLog
from ruletag.rules.yamltree import Mapping as MappingNode
from ruletag.rules.yamltree import Node, Scalar, Sequence, read_tree

Pair = tuple[Scalar, Node]


class Trees:
    """The trees of rule files, each read again when it is first asked for."""

    def __init__(self, sources: Mapping[str, bytes]) -> None:
        self._sources = sources
        self._trees: dict[str, Node | None] = {}
        self._values: dict[str, dict[Location, Node]] = {}

    def tree(self, file: str) -> Node | None:
        """Give the tree of a file; None where it is not known or no rule file."""
        if file not in self._trees:
            content = self._sources.get(file)
            is_rules = content is not None and file.lower().endswith((".yaml", ".yml"))
            self._trees[file] = read_tree(file, content or b"", ProblemLog()) if is_rules else None
        return self._trees[file]

    def below(self, key: Location, name: str) -> Location:
        """Give the place of a value in the mapping of the key at a place; else that place."""
        values = self._values.get(key.file)
        if values is None:
            pairs = pairs_in(self.tree(key.file))
            values = self._values[key.file] = {scalar.location: node for scalar, node in pairs}
        node = values.get(key)
        if isinstance(node, MappingNode):
            return next((v.location for k, v in node.pairs if k.value == name), key)
        return key


def nodes_in(tree: Node | None) -> Iterator[Node]:
    """Give all nodes of a tree, each before those in it."""
    waiting = [tree] if tree is not None else []
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, Sequence):
            waiting += reversed(node.items)
        elif isinstance(node, MappingNode):
            waiting += (value for _, value in reversed(node.pairs))


def pairs_in(tree: Node | None) -> Iterator[Pair]:
    """Give all keys of a tree with their values."""
    for node in nodes_in(tree):
        if isinstance(node, MappingNode):
            yield from node.pairs
