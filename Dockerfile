# The service in a container: docker build -t ruletag . && docker run -p 127.0.0.1:8080:8080 ruletag
# Rules of your own: docker run -p 127.0.0.1:8080:8080 -v ./rules:/rules:ro ruletag
# Without a Docker engine or a registry: deploy/build-without-engine.sh

# Any base with Python 3.11 or newer and venv does; both stages must have the same.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1

# pip works from an environment of its own, so that the one that ships holds none.
RUN python3 -m venv /pip && python3 -m venv --without-pip /opt/ruletag

# Where this machine gets its packages is a secret, if it needs one:
#   docker build --secret id=pip.conf,src=$HOME/.config/pip/pip.conf .
# Of the locked tools only the one that builds the wheel is needed, and what it needs.
COPY requirements.txt requirements-dev.txt ./
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    /pip/bin/pip --python /opt/ruletag/bin/python3 install \
        --no-compile --only-binary=:all: --require-hashes --requirement requirements.txt \
    && awk 'function end() { if (entry ~ /^hatchling=|# .*hatchling/) printf "%s", entry; entry = "" } \
        /^[a-z]/ { end() } { entry = entry $0 "\n" } END { end() }' \
        requirements-dev.txt > /pip/requirements.txt \
    && /pip/bin/pip install \
        --only-binary=:all: --require-hashes --requirement /pip/requirements.txt

# The bytecode is tied to no time stamp: whatever a registry or a runtime does to
# the files, a container that cannot write need not compile them at every start.
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY service service
COPY rules rules
COPY docs/problems.md docs/problems.md
COPY deploy/ready.py deploy/ready.py
RUN /pip/bin/pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /wheels . \
    && /pip/bin/pip --python /opt/ruletag/bin/python3 install \
        --no-compile --no-deps --no-index /wheels/*.whl \
    && python3 -m compileall -q --invalidation-mode unchecked-hash /opt/ruletag/lib \
    && cp -R /opt/ruletag/lib/python3*/site-packages/ruletag/shipped /rules \
    && install -m 0755 deploy/ready.py /opt/ruletag/bin/ruletag-ready \
    && install -d /writable && install -d -m 0770 /writable/state

# Nothing runs in this stage, so the base needs no shell in it.
FROM ${BASE}
COPY --from=build /opt/ruletag /opt/ruletag
# The shipped rules; a folder mounted here stands in for them.
COPY --from=build /rules /rules
# Nothing is kept here unless RULETAG_STATE says so. A volume takes over whose it is:
# the user's below, or that of any other number whose group is 0.
COPY --from=build --chown=10001:0 /writable /
ARG BASE
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="ruletag" \
      org.opencontainers.image.description="Tag text with categories by editable keyword rules" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="${BASE}"
ENV PATH=/opt/ruletag/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    RULETAG_HOST=0.0.0.0 \
    RULETAG_RULES=/rules
WORKDIR /
# A number, so that Kubernetes can see that it is not root; any other does as well.
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# Healthy is ready: rules are in force. Not `ruletag status`, which takes three times as
# long, needs a token where tokens are set, and complains of a refused edit.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 CMD ["ruletag-ready"]
# ruletag becomes gunicorn's master in the same process, which drains on SIGTERM.
ENTRYPOINT ["ruletag"]
CMD ["serve"]
