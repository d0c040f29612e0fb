#!/opt/ruletag/bin/python3 -IS
"""Exit with 0 if the service in this container is ready, else with 1.

For the health checks of the image, of compose, and of a pod whose service listens
on loopback only. Ready is what `GET /readyz` says: rules are in force. A refused
edit is not unhealthy, since the rules before it go on answering.

    ruletag-ready [PATH]        PATH is /readyz if not given; /livez is for liveness

It imports nothing of ruletag, so that asking every few seconds costs next to nothing,
and needs no token.
"""

import os
import sys
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException

SECONDS = 2
OPEN = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is looked for
PORT = "8080"


def address(environment: Mapping[str, str]) -> tuple[str, int]:
    """Give where the service listens, by its settings."""
    host = environment.get("RULETAG_HOST", "127.0.0.1")
    port = environment.get("RULETAG_PORT", PORT)
    # Kubernetes sets RULETAG_PORT=tcp://… beside a Service that is named "ruletag".
    return OPEN.get(host, host), int(port if port.isdecimal() else PORT)


def answers(path: str) -> bool:
    """Say whether the service answers 200 at this path."""
    connection = HTTPConnection(*address(os.environ), timeout=SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200  # noqa: PLR2004 - as HTTP has it
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1] if sys.argv[1:] else "/readyz"))
