"""What `kubectl kustomize` gives for the folders in deploy/, for machines without kubectl.

Reads resources, patches, images, and ConfigMaps made of files; anything else in a
kustomization is an error here, and kubectl itself is asked where there is one.
"""

from pathlib import Path
from typing import Any, Final

import yaml

_READ: Final = {
    *("apiVersion", "kind", "resources", "patches", "images"),
    *("configMapGenerator", "generatorOptions"),
}
Object = dict[str, Any]


def render(folder: Path) -> list[Object]:
    """Give the objects that a folder describes."""
    given = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert set(given) <= _READ, f"not read by this test: {set(given) - _READ}"
    assert given["generatorOptions"]["disableNameSuffixHash"] is True
    objects = [found for name in given["resources"] for found in _resource(folder / name)]
    for patch in given.get("patches", []):
        (change,) = _documents(folder / patch["path"])
        objects = [
            merged(found, change) if _is_meant(patch["target"], found) else found
            for found in objects
        ]
    for image in given.get("images", []):
        for container in containers(objects):
            if container["image"] == image["name"]:
                container["image"] = f"{image['newName']}:{image['newTag']}"
    options = given["generatorOptions"]
    return [*objects, *(_config_map(folder, it, options) for it in given["configMapGenerator"])]


def containers(objects: list[Object]) -> list[Object]:
    """Give all containers of all pods that are described."""
    specs = [found["spec"]["template"]["spec"] for found in objects if found["kind"] in PODS]
    names = ("initContainers", "containers")
    return [container for spec in specs for name in names for container in spec.get(name, [])]


PODS: Final = {"Deployment", "StatefulSet", "DaemonSet", "Job"}


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - any YAML
    """Lay a strategic merge patch over an object: lists of named things merge by name."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {key: merged(old.get(key), value) for key, value in new.items()}
    if isinstance(old, list) and all(isinstance(item, dict) and "name" in item for item in old):
        by_name = {item["name"]: item for item in old}
        changed = {item["name"]: merged(by_name.get(item["name"]), item) for item in new}
        return list((by_name | changed).values())
    return new


def _resource(path: Path) -> list[Object]:
    return render(path) if path.is_dir() else _documents(path)


def _documents(path: Path) -> list[Object]:
    return [found for found in yaml.safe_load_all(path.read_text(encoding="utf-8")) if found]


def _is_meant(target: Object, found: Object) -> bool:
    return (target["kind"], target["name"]) == (found["kind"], found["metadata"]["name"])


def _config_map(folder: Path, given: Object, options: Object) -> Object:
    data = {Path(name).name: (folder / name).read_text(encoding="utf-8") for name in given["files"]}
    metadata = {"name": given["name"], "labels": options["labels"]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
