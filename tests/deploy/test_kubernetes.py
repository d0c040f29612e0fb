"""The Kubernetes manifests: valid, with nothing allowed that is not needed, and of one piece."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deploy.kustomize import PODS, Object, containers, merged, render
from ruletag.matching.compiler import compile_rules
from ruletag.matching.examples import check_examples
from ruletag.rules.loader import parse_rules
from ruletag.settings import read_settings

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = sorted(path.parent for path in ROOT.glob("deploy/kubernetes/*/kustomization.yaml"))
LIMIT_OF_A_CONFIG_MAP = 1024 * 1024
GRACEFUL_TIMEOUT = 8  # seconds, of gunicorn_config.py
# The oldest that knows sidecars, and the newest that the validator knows.
VERSIONS = ("1.29.0", "1.37.0")
each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def objects_of(folder: Path, kind: str) -> list[Object]:
    return [found for found in render(folder) if found["kind"] == kind]


def pods(folder: Path) -> list[Object]:
    return [it["spec"]["template"]["spec"] for it in render(folder) if it["kind"] in PODS]


def ruletag(folder: Path) -> Object:
    """Give the container of the service."""
    (found,) = (it for it in containers(render(folder)) if it["name"] == "ruletag")
    return found


def environment(folder: Path) -> dict[str, str]:
    return {variable["name"]: variable["value"] for variable in ruletag(folder)["env"]}


def test_there_is_a_service_of_its_own_and_a_sidecar() -> None:
    assert [folder.name for folder in FOLDERS] == ["base", "sidecar"]


# ------------------------------------------------------------------- valid


@pytest.mark.skipif(
    importlib.util.find_spec("kubernetes_validate") is None,
    reason="needs a validator of manifests: pip install kubernetes-validate",
)
@pytest.mark.parametrize("version", VERSIONS)
@each_folder
def test_every_object_is_valid(folder: Path, version: str) -> None:
    validator = importlib.import_module("kubernetes_validate")

    for found in render(folder):
        validator.validate(found, version, strict=True)


if shutil.which("kubectl"):

    @each_folder
    def test_kubectl_gives_the_same_as_this_test_reads(folder: Path) -> None:
        done = subprocess.run(
            ["kubectl", "kustomize", folder],  # noqa: S607 - wherever it is
            capture_output=True,
            text=True,
            check=True,
        )

        theirs = list(yaml.safe_load_all(done.stdout))
        assert sorted(map(_as_json, theirs)) == sorted(map(_as_json, render(folder)))


def _as_json(found: Object) -> str:
    return json.dumps(found, sort_keys=True)


def test_a_patch_is_laid_over_by_name() -> None:
    old = {"a": [{"name": "x", "v": 1, "w": [1]}, {"name": "y"}], "b": 1}
    new = {"a": [{"name": "x", "v": 2, "w": [2]}, {"name": "z"}], "c": 3}

    assert merged(old, new) == {
        "a": [{"name": "x", "v": 2, "w": [2]}, {"name": "y"}, {"name": "z"}],
        "b": 1,
        "c": 3,
    }


# ---------------------------------------------------------------- security


@each_folder
def test_no_container_may_do_what_it_need_not(folder: Path) -> None:
    found = containers(render(folder))

    assert found != []
    for container in found:
        allowed = container["securityContext"]
        assert allowed["readOnlyRootFilesystem"] is True
        assert allowed["allowPrivilegeEscalation"] is False
        assert allowed["capabilities"] == {"drop": ["ALL"]}
        assert "privileged" not in allowed


@each_folder
def test_every_container_runs_as_a_number_that_is_not_root(folder: Path) -> None:
    for pod in pods(folder):
        for container in (*pod.get("initContainers", []), *pod["containers"]):
            whole = pod["securityContext"] | container["securityContext"]
            assert whole["runAsNonRoot"] is True
            assert min(whole["runAsUser"], whole["runAsGroup"]) > 10_000
            assert whole["seccompProfile"] == {"type": "RuntimeDefault"}


@each_folder
def test_no_pod_gets_at_the_cluster_or_its_node(folder: Path) -> None:
    for pod in pods(folder):
        assert pod["automountServiceAccountToken"] is False
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
        assert {kind for volume in pod["volumes"] for kind in volume} == {
            *("name", "configMap", "emptyDir")
        }
    for account in objects_of(folder, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_the_network_policy_lets_nothing_out_and_only_callers_in() -> None:
    (policy,) = objects_of(FOLDERS[0], "NetworkPolicy")

    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["spec"]["egress"] == []
    assert all(rule["from"] and rule["ports"] for rule in policy["spec"]["ingress"])


@each_folder
def test_memory_is_limited_and_the_processor_is_not(folder: Path) -> None:
    for container in containers(render(folder)):
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert set(container["resources"]["limits"]) == {"memory"}


# --------------------------------------------------------------- one piece


@each_folder
def test_rules_are_a_mounted_folder_never_a_sub_path(folder: Path) -> None:
    for container in containers(render(folder)):
        assert all("subPath" not in mount for mount in container.get("volumeMounts", []))
    (pod,) = pods(folder)
    maps = {it["metadata"]["name"] for it in objects_of(folder, "ConfigMap")}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: mount for mount in ruletag(folder)["volumeMounts"]}
    assert mounts["/rules"]["readOnly"] is True
    assert {volumes[mounts["/rules"]["name"]]["configMap"]["name"]} == maps


@each_folder
def test_the_rules_that_come_along_pass_their_tests(folder: Path) -> None:
    (given,) = objects_of(folder, "ConfigMap")
    contents = {name: text.encode() for name, text in given["data"].items()}

    assert sum(map(len, contents.values())) < LIMIT_OF_A_CONFIG_MAP
    check_examples(compile_rules(parse_rules(contents)))


@each_folder
def test_every_setting_is_one_and_what_is_written_can_be(folder: Path) -> None:
    settings = read_settings(environment(folder))

    mounted = [mount["mountPath"] for mount in ruletag(folder)["volumeMounts"]]
    assert str(settings.state) in mounted


@each_folder
def test_a_pod_is_not_killed_while_it_drains(folder: Path) -> None:
    (pod,) = pods(folder)
    drain = read_settings(environment(folder)).drain

    assert pod.get("terminationGracePeriodSeconds", 30) > drain + GRACEFUL_TIMEOUT


def test_the_service_is_told_off_before_it_stops() -> None:
    readiness = ruletag(FOLDERS[0])["readinessProbe"]
    noticed = readiness["periodSeconds"] * readiness["failureThreshold"]

    assert read_settings(environment(FOLDERS[0])).drain > noticed


PROBES: Final = (("startupProbe", "/livez"), ("livenessProbe", "/livez"))


@each_folder
def test_bad_rules_make_a_pod_unready_and_never_start_it_again(folder: Path) -> None:
    container = ruletag(folder)

    assert {name: asked(container[name]) for name, _ in PROBES} == dict(PROBES)
    assert asked(container["readinessProbe"]) == "/readyz"


def asked(probe: Object) -> str:
    """Give the path that a probe asks for."""
    if "httpGet" in probe:
        assert probe["httpGet"]["port"] == "http"
        return str(probe["httpGet"]["path"])
    command, *path = probe["exec"]["command"]
    assert command == "ruletag-ready"
    return str(path[0]) if path else "/readyz"


def test_a_sidecar_is_reached_from_its_pod_alone() -> None:
    container = ruletag(FOLDERS[1])

    assert environment(FOLDERS[1])["RULETAG_HOST"] == "127.0.0.1"
    assert "ports" not in container
    assert not any("httpGet" in container[name] for name in (*dict(PROBES), "readinessProbe"))
    assert container["restartPolicy"] == "Always"


def test_two_pods_at_least_and_one_goes_at_a_time() -> None:
    (deployment,) = objects_of(FOLDERS[0], "Deployment")
    (scaling,) = objects_of(FOLDERS[0], "HorizontalPodAutoscaler")
    (disruption,) = objects_of(FOLDERS[0], "PodDisruptionBudget")

    assert scaling["spec"]["minReplicas"] == 2
    assert scaling["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]  # would undo what the scaling did
    assert disruption["spec"]["maxUnavailable"] == 1
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_all_that_select_pods_select_these() -> None:
    (deployment,) = objects_of(FOLDERS[0], "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert [selected(it) for it in render(FOLDERS[0]) if selected(it)] == [labels] * 4


def selected(found: Object) -> Any:  # noqa: ANN401 - any YAML
    spec = found.get("spec", {})
    if found["kind"] == "Service":
        return spec["selector"]
    return spec.get("selector", spec.get("podSelector", {})).get("matchLabels")


def test_the_service_leads_to_the_port_that_is_listened_on() -> None:
    (service,) = objects_of(FOLDERS[0], "Service")
    (port,) = ruletag(FOLDERS[0])["ports"]

    assert service["spec"]["ports"][0]["targetPort"] == port["name"]
    assert port["containerPort"] == read_settings(environment(FOLDERS[0])).port
    (deployment,) = objects_of(FOLDERS[0], "Deployment")
    told = deployment["spec"]["template"]["metadata"]["annotations"]
    assert told["prometheus.io/port"] == str(port["containerPort"])
