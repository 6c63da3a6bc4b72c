import socket
import threading
from collections.abc import Iterator

import pytest

from trunkline.simulate import wire
from trunkline.simulate.answering_socket import AnsweringSocket
from trunkline.simulate.wire import Request, Response


class Ringing:
    """A phone's calls: those that still ring may be withdrawn, once."""

    def __init__(self) -> None:
        self.calls = {"c1"}

    def withdraw(self, call_id: str) -> bool:
        known = call_id in self.calls
        self.calls.discard(call_id)
        return known


@pytest.fixture
def ringing() -> Ringing:
    return Ringing()


@pytest.fixture
def phone(ringing: Ringing) -> Iterator[AnsweringSocket]:
    with AnsweringSocket(ringing.withdraw, socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        yield opened


@pytest.fixture
def switch(phone: AnsweringSocket) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.settimeout(2)
        opened.connect(phone.getsockname())
        yield opened


def a_request(method: str, call_id: str = "c1") -> bytes:
    headers = (
        ("Via", "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1"),
        ("From", "<sip:switch@127.0.0.1>;tag=s"),
        ("To", "<sip:ben@127.0.0.1>"),
        ("Call-ID", call_id),
        ("CSeq", f"7 {method}"),
    )
    return wire.serialise(Request(method, "sip:ben@127.0.0.1", headers))


def answer_to(switch: socket.socket) -> tuple[int, str]:
    answer = wire.parse(switch.recv(4096))
    assert isinstance(answer, Response)
    assert wire.branch_of(wire.value(answer, "via")) == "z9hG4bK1"
    return answer.status, wire.value(answer, "cseq")


def test_whoever_asks_whether_the_phone_is_there_is_answered(phone: AnsweringSocket, switch: socket.socket) -> None:
    switch.send(a_request("OPTIONS"))

    with pytest.raises(BlockingIOError):
        phone.recv(4096)

    assert answer_to(switch) == (200, "7 OPTIONS")


def test_a_withdrawn_call_ends_at_both_ends(phone: AnsweringSocket, switch: socket.socket, ringing: Ringing) -> None:
    switch.send(a_request("CANCEL"))

    with pytest.raises(BlockingIOError):
        phone.recv(4096)

    assert [answer_to(switch), answer_to(switch)] == [(200, "7 CANCEL"), (487, "7 INVITE")]
    assert ringing.calls == set()


def test_a_call_that_was_answered_meanwhile_is_not_ended_by_a_late_cancel(
    phone: AnsweringSocket, switch: socket.socket
) -> None:
    switch.send(a_request("CANCEL", "answered"))
    switch.send(a_request("BYE", "answered"))

    assert phone.recv(4096) == a_request("BYE", "answered")

    assert answer_to(switch) == (200, "7 CANCEL")


def test_the_answer_to_a_register_is_found_behind_a_question(phone: AnsweringSocket, switch: socket.socket) -> None:
    answer = b"SIP/2.0 200 OK\r\nCSeq: 2 REGISTER\r\n\r\n"
    switch.send(a_request("OPTIONS"))
    later = threading.Timer(0.05, switch.send, [answer])
    later.start()

    assert phone.recv(4096) == answer

    later.join()


@pytest.mark.parametrize("data", [b"\0\0\0\0", b"nothing", a_request("INVITE")])
def test_everything_else_is_left_to_the_phone(phone: AnsweringSocket, switch: socket.socket, data: bytes) -> None:
    switch.send(data)

    assert phone.recv(4096) == data
