"""A manager interface that logs anybody in and then, when asked, says what an Asterisk said, as fast as it is read.

A process of its own: `python -m benchmarks.replaying_ami <calls>` prints its port.
"""

import socket
import sys
import threading

from benchmarks.whole_calls import SEPARATOR, replay

GO = "TrunklineReplay"
"""The UserEvent action that starts the replay."""
_READ = 65536


def main(calls: int) -> None:
    """Serve until killed; the replay is made before the port is told."""
    replayed = SEPARATOR.join([*replay(calls), b""])
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            threading.Thread(target=_serve, args=(server.accept()[0], replayed), daemon=True).start()


def _serve(client: socket.socket, replayed: bytes) -> None:
    client.sendall(b"Asterisk Call Manager/9.0.0\r\n")
    rest = b""
    try:
        while data := client.recv(_READ):
            *actions, rest = (rest + data).split(SEPARATOR)
            for action in actions:
                _answer(client, action, replayed)
    except OSError:
        return


def _answer(client: socket.socket, action: bytes, replayed: bytes) -> None:
    headers = dict(line.split(": ", 1) for line in action.decode().split("\r\n") if ": " in line)
    named = {key.lower(): value for key, value in headers.items()}
    verb, mark = named["action"].lower(), f"ActionID: {named.get('actionid', '')}\r\n"
    client.sendall(f"Response: Success\r\n{mark}Message: done\r\n\r\n".encode())
    if verb == "login":
        client.sendall(b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n")
    elif verb in {"status", "devicestatelist"}:
        client.sendall(f"Event: ListDone\r\n{mark}EventList: Complete\r\nListItems: 0\r\n\r\n".encode())
    elif verb == "userevent" and named["userevent"] == GO:
        client.sendall(replayed)


if __name__ == "__main__":
    main(int(sys.argv[1]))
