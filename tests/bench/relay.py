"""A relay between a tool and the local AWS that counts the requests which pass, whoever makes them and however."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from types import TracebackType
from typing import Self

_REQUEST = re.compile(rb"(?:GET|HEAD|PUT|POST|DELETE|PATCH) [^ \r\n]+ HTTP/1\.[01]\r\n")
_CHUNK = 65536
_TAIL = 2048
"""So much is looked at again, since two reads may share a request line; none is longer here."""


class Relay:
    """Listens on a free port of this machine while it is entered; ``requests``: how many have passed so far."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.requests = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def _connection(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
            back.start()
            self._pass(client, server, counted=True)
            back.join()

    def _pass(self, source: socket.socket, sink: socket.socket, *, counted: bool = False) -> None:
        tail = b""
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if counted:
                    tail = self._count(tail, data)
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _count(self, tail: bytes, data: bytes) -> bytes:
        """Count the request lines that end in ``data``; returns what the next call is to look at again."""
        seen = tail + data
        new = sum(match.end() > len(tail) for match in _REQUEST.finditer(seen))
        with self._lock:
            self.requests += new
        return seen[-_TAIL:]
