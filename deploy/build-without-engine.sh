#!/usr/bin/env bash
# Build the image with neither a Docker engine nor an image registry: the base is
# made of Debian's packages. Needs root, the network for packages, and
#   apt-get install --no-install-recommends buildah mmdebstrap podman runc
#
#   deploy/build-without-engine.sh [IMAGE]          IMAGE is localhost/ruletag if not given
#   BASE=NAME deploy/build-without-engine.sh        on a base that is there already
#   buildah rmi localhost/ruletag-base:trixie       so that the next build makes it anew
#
# Then run it, on a machine without systemd too:
#   podman --runtime runc --cgroup-manager cgroupfs run --rm --network host --read-only \
#     --cap-drop ALL --security-opt no-new-privileges --ulimit nofile=1024:1024 \
#     --ulimit nproc=1024:1024 --env RULETAG_HOST=127.0.0.1 localhost/ruletag
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-localhost/ruletag}
base=${BASE:-localhost/ruletag-base:trixie}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# mmdebstrap knows a mirror of the release, and checks what is signed.
if ! buildah inspect --type image "$base" >"$scratch/inspect" 2>&1; then
    mmdebstrap --quiet --variant=essential --include=python3,python3-venv \
        trixie "$scratch/base.tar"
    podman import --quiet "$scratch/base.tar" "$base"
fi

# Where pip gets packages on this machine reaches the build as a secret, but for the
# folders of this machine, which the build does not see. Its certificates are mounted.
# No setting at all is fine.
certificates=/etc/ssl/certs/ca-certificates.crt
mounts=()
{
    echo '[global]'
    python3 -m pip config list |
        sed -nE "s/^(:env:|global)\.((extra-)?index-url|trusted-host|proxy)='([^']*)'$/\2 = \4/p" |
        awk '!/file:/ && !seen[$1]++'
    if [[ -e $certificates ]]; then
        echo "cert = $certificates"
        mounts+=(--volume "$certificates:$certificates:ro")
    fi
} >"$scratch/pip.conf"

# OCI's own image format has no HEALTHCHECK, so it is Docker's.
buildah build --isolation chroot --format docker --layers --pull-never \
    --secret "id=pip.conf,src=$scratch/pip.conf" "${mounts[@]}" \
    --build-arg "BASE=$base" \
    --build-arg "VERSION=$(sed -nE 's/^VERSION.*"(.*)"$/\1/p' service/ruletag/version.py)" \
    --tag "$image" .
