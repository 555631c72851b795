"""Facts about drover-pager: what CRIU asks is asked of the daemon until it is answered, whichever daemon that is."""
import os
import socket
import struct
import subprocess
import tempfile

from facts import equal, until

PAGER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "target/drover-pager")
P_GUEST, P_WANT, P_PAGES = 1, 2, 3
ADD, GET, FORCE_CLOSE = 6, 7, 0x1024
PAGE = 4096


class Pager:
    def __enter__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = self.directory.name + "/1.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen()
        self.criu, theirs = socket.socketpair()
        self.criu.settimeout(10)
        self.process = subprocess.Popen([PAGER, str(listener.fileno()), str(theirs.fileno()), self.path, "n1", "7", "2", "n9"],
                                        pass_fds=(listener.fileno(), theirs.fileno()), stderr=subprocess.DEVNULL)
        listener.close()
        theirs.close()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.directory.cleanup()

    def asks(self, address, pages, process=3, command=GET):
        self.criu.sendall(struct.pack("<IIQQ", command, pages, address, process))

    def is_given(self):
        command, pages, address, process = struct.unpack("<IIQQ", self.receive(self.criu, 24))
        equal((command, process), (ADD, 3))
        return address, self.receive(self.criu, pages * PAGE)

    @staticmethod
    def receive(sock, length):
        data = b""
        while len(data) < length:
            more = sock.recv(length - len(data))
            if not more:
                raise AssertionError("the connection ended")
            data += more
        return data


class Daemon:
    def __init__(self, pager):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(pager.path)
        kind, body = self.hears()
        equal((kind, body), (P_GUEST, struct.pack("<I", 2) + b"n1" + struct.pack("<QI", 7, 2) + struct.pack("<I", 2) + b"n9"))

    def hears(self):
        length = struct.unpack("<I", Pager.receive(self.socket, 4))[0]
        frame = Pager.receive(self.socket, length)
        return frame[0], frame[1:]

    def is_asked(self):
        kind, body = self.hears()
        equal(kind, P_WANT)
        process, address, pages = struct.unpack("<IQI", body)
        equal(process, 3)
        return address, pages

    def gives(self, address, content):
        body = struct.pack("<BIQ", P_PAGES, 3, address) + content
        self.socket.sendall(struct.pack("<I", len(body)) + body)


def fact_what_is_asked_is_answered_in_order_and_less_than_all_will_do(_):
    with Pager() as pager:
        daemon = Daemon(pager)
        pager.asks(0x7000, 4)
        pager.asks(0x1000, 1)
        equal([daemon.is_asked(), daemon.is_asked()], [(0x7000, 4), (0x1000, 1)])
        daemon.gives(0x7000, b"a" * 2 * PAGE)
        daemon.gives(0x1000, b"b" * PAGE)
        equal(pager.is_given(), (0x7000, b"a" * 2 * PAGE))
        equal(pager.is_given(), (0x1000, b"b" * PAGE))


def fact_a_daemon_that_was_restarted_is_asked_again(_):
    with Pager() as pager:
        pager.asks(0x5000, 1)
        first = Daemon(pager)
        equal(first.is_asked(), (0x5000, 1))
        first.socket.close()
        second = Daemon(pager)
        equal(second.is_asked(), (0x5000, 1))
        second.gives(0x5000, b"x" * PAGE)
        equal(pager.is_given(), (0x5000, b"x" * PAGE))


def fact_an_answer_to_nothing_that_is_asked_is_dropped(_):
    with Pager() as pager:
        daemon = Daemon(pager)
        daemon.gives(0x9000, b"z" * PAGE)  # nothing is asked
        pager.asks(0x5000, 1)
        equal(daemon.is_asked(), (0x5000, 1))
        daemon.gives(0x9000, b"z" * PAGE)  # another page
        daemon.gives(0x5000, b"z" * 2 * PAGE)  # more than was asked for
        daemon.gives(0x5000, b"z" * (PAGE - 1))  # no page
        daemon.gives(0x5000, b"")
        daemon.gives(0x5000, b"x" * PAGE)
        equal(pager.is_given(), (0x5000, b"x" * PAGE))


def fact_it_ends_with_criu_and_takes_its_socket_along(_):
    with Pager() as pager:
        pager.asks(0, 0, 0, FORCE_CLOSE)
        equal(Pager.receive(pager.criu, 4), b"\0" * 4)
        pager.criu.close()
        equal(pager.process.wait(10), 0)
        equal(os.path.exists(pager.path), False)


def fact_what_is_no_question_ends_it(_):
    for command, pages in (GET, 0), (GET, 1025), (99, 1):
        with Pager() as pager:
            pager.asks(0x1000, pages, command=command)
            until(lambda: pager.process.poll() is not None, "it has ended")
