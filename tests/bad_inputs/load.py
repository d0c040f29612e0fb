"""Clients that post without a pause, and what came of it."""

import socket
import threading
from contextlib import closing
from typing import Final, Self

from contract.slow import HEAD, post

BODY: Final = b'{"text": "copper and zinc, smuggled at night"}'
REQUEST: Final = HEAD % len(BODY) + BODY


class Load:
    """Some clients, each on a connection that it keeps, while in ``with``.

    ``lost`` are requests that were sent and not answered with 200. That nobody listens
    any more is counted apart, since it is no loss: a client asks elsewhere.
    """

    def __init__(self, port: int, clients: int = 4) -> None:
        self._port = port
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._client) for _ in range(clients)]
        self.answered = 0
        self.refused = 0
        self.lost: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _client(self) -> None:
        while not self._is_over.is_set():
            try:
                connection = socket.create_connection(("127.0.0.1", self._port), timeout=20)
            except OSError:
                self.refused += 1
                self._is_over.wait(0.05)
                continue
            with closing(connection):
                self._use(connection)

    def _use(self, connection: socket.socket) -> None:
        lives = True
        number = 0
        while lives and not self._is_over.is_set():
            number += 1
            try:
                status, lives = post(connection, REQUEST)
            except OSError as error:
                self.lost.append(f"request {number} of a connection: {error!r}")
                return
            if status == 200:
                self.answered += 1
            else:
                self.lost.append(str(status))
            self._is_over.wait(0.002)
