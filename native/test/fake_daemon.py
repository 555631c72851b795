"""Stands in for the daemons of home and node in one: speaks drover.sock to deputies and keeper.sock to the keeper.

It relays session frames as the real ones do and remembers nothing of a stream. It can be told to lose its connections.
"""
import os
import selectors
import socket
import struct
import threading

RUN, SESSION, RESUME, ATTACH, TEXT = 1, 2, 3, 4, 121
ACCEPTED, REFUSED, D_SESSION, STARTED, ENDED = 101, 102, 103, 104, 105
K_MOUNT, K_UNMOUNT, K_START, K_SESSION, K_KILL, K_FORGET, K_LEASE, K_LIST = 1, 2, 3, 4, 5, 6, 7, 8
K_STARTED, K_START_FAILED, K_SESSION_BACK, K_INVENTORY, K_NETWORK = 103, 104, 105, 106, 114
K_OF_MOVES = 109
S_SIGNAL, S_EXITED, S_GONE, S_RESYNC, S_USAGE, S_FREEZE, S_FROZEN = 5, 10, 11, 12, 13, 14, 15


def text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<I", len(value)) + value


def frame(kind, payload=b""):
    return struct.pack("<IB", len(payload) + 1, kind) + payload


class Stream:
    """A blocking writer and an incremental reader of frames on one socket."""

    def __init__(self, sock):
        self.sock, self.data = sock, bytearray()
        self.out, self.dead = bytearray(), False

    def send(self, data):
        self.out += data
        self.flush()

    def flush(self):
        try:
            while self.out:
                n = self.sock.send(self.out, socket.MSG_DONTWAIT)
                del self.out[:n]
        except BlockingIOError:
            pass
        except OSError:
            self.dead = True

    def receive(self):
        """Frames that are complete; None at the end."""
        try:
            piece = self.sock.recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not piece:
            return None
        self.data += piece
        frames, at = [], 0
        while len(self.data) - at >= 4:
            length = struct.unpack_from("<I", self.data, at)[0]
            if len(self.data) - at < 4 + length:
                break
            frames.append((self.data[at + 4], bytes(self.data[at + 5 : at + 4 + length])))
            at += 4 + length
        del self.data[:at]
        return frames


class Job:
    def __init__(self, number, client):
        self.number, self.client, self.secret = number, client, os.urandom(16)
        self.pid, self.first_pid, self.namespace = 0, 0, 0
        self.usage, self.exit, self.gone, self.detach = None, None, False, False
        self.usages = []
        self.frozen = 0


class FakeDaemon:
    HOME = "testhome"

    def __init__(self, run_dir, uid=0, gid=0, net=0, root=0, log_dir=None):
        self.run_dir, self.uid, self.gid, self.net, self.root = run_dir, uid, gid, net, root
        self.log_dir = log_dir
        self.jobs, self.next_job = {}, int.from_bytes(os.urandom(3), "little") * 1000
        self.lock = threading.RLock()
        self.change_spec = lambda spec: spec
        self.resolvers, self.networks = ("", ""), 0
        self.lose = []  # (what, after how many relayed bytes)
        self.relayed = 0
        self.inventory = None
        self.of_moves = []  # (type, what follows the key)
        self.last = None
        self.watchers = {}
        self.closing = False
        self.wake_r, self.wake_w = os.pipe()
        self.listen()
        self.connect_keeper()
        self.start_loop()

    def start_loop(self):
        self.thread = threading.Thread(target=self.loop, daemon=True)
        self.thread.start()

    def return_to_keeper(self):
        """Another daemon took the keeper's attention: once that is noticed, connect anew."""
        self.thread.join(10)
        assert not self.thread.is_alive(), "the keeper listens to the one before, too"
        self.connect_keeper()
        self.closing = False
        self.start_loop()

    def listen(self):
        path = self.run_dir + "/drover.sock"
        if os.path.exists(path):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(1024)
        self.clients = {}

    def connect_keeper(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self.run_dir + "/keeper.sock")
        self.keeper = Stream(sock)

    def key(self, job):
        return text(self.HOME) + struct.pack("<QI", job.number, 1)

    def close(self):
        self.closing = True
        os.write(self.wake_w, b"x")
        self.thread.join(10)
        for stream in list(self.clients.values()):
            stream.sock.close()
        self.listener.close()
        self.keeper.sock.close()
        os.close(self.wake_r)
        os.close(self.wake_w)

    def send_keeper(self, data):
        with self.lock:
            self.keeper.send(data)
            os.write(self.wake_w, b"k")

    def loop(self):
        while not self.closing:
            poll = selectors.DefaultSelector()
            poll.register(self.wake_r, selectors.EVENT_READ)
            poll.register(self.listener, selectors.EVENT_READ)
            for stream in [self.keeper, *self.clients.values()]:
                poll.register(stream.sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.out else 0), stream)
            ready = poll.select(5)
            poll.close()
            with self.lock:
                for key, _ in ready:
                    if key.fileobj is self.listener:
                        sock, _ = self.listener.accept()
                        self.clients[sock.fileno()] = Stream(sock)
                    elif key.fileobj == self.wake_r:
                        os.read(self.wake_r, 4096)
                    elif key.data:
                        self.serve(key.data)
                self.break_something()

    def serve(self, stream):
        stream.flush()
        frames = None if stream.dead else stream.receive()
        if stream is self.keeper:
            if frames is None:
                self.closing = True  # the keeper died: the test sees what becomes of its guests
                return
            for kind, body in frames:
                self.from_keeper(kind, body)
            return
        for kind, body in frames or []:
            self.relayed += len(body)
            self.from_client(stream, kind, body)
        if frames is None:
            self.clients.pop(stream.sock.fileno(), None)
            stream.sock.close()
            for job in self.jobs.values():
                if job.client is stream:
                    job.client = None
                    if not self.lose and job.exit is None and not job.detach and not getattr(self, "tolerant", False):
                        self.keeper.send(frame(K_KILL, self.key(job)))  # the deputy died

    def break_something(self):
        if not self.lose or self.relayed < self.lose[0][1]:
            return
        what, _ = self.lose.pop(0)
        self.relayed = 0
        if what == "keeper":
            self.keeper.sock.close()
            self.connect_keeper()
            for job in self.jobs.values():  # what the home daemon does when a link is up again
                self.keeper.send(frame(K_SESSION, self.key(job) + bytes([S_RESYNC])))
        else:
            for fd, stream in list(self.clients.items()):
                stream.sock.close()
                del self.clients[fd]
            for job in self.jobs.values():
                job.client = None
            self.listener.close()
            self.listen()

    def from_client(self, stream, kind, body):
        if kind == RUN:
            length = struct.unpack_from("<I", body)[0]
            self.options = body[4 : 4 + length].decode()
            self.run(stream, body[4 + length :])
        elif kind == RESUME:
            number = struct.unpack_from("<Q", body)[0]
            job = self.jobs.get(number)
            if not job or job.secret != body[8:24]:
                stream.send(frame(REFUSED, b"\x7d" + text("drover: no such job")))
                return
            job.client = stream
            if job.exit and (job.gone or job.lingering_told is None):
                self.tell_end(job)
        elif kind == ATTACH:
            number = struct.unpack_from("<Q", body)[0]
            if number not in self.jobs:
                stream.send(frame(REFUSED, b"\x01" + text("drover: no job %d here; see: drover ps --all" % number)))
                return
            self.watchers[stream.sock.fileno()] = self.jobs[number]
            with open(os.path.join(self.log_dir or self.run_dir, f"{number}.log"), "rb") as log:
                stream.send(frame(TEXT, log.read()))
        elif kind == SESSION and stream.sock.fileno() in self.watchers:
            self.keeper.send(frame(K_SESSION, self.key(self.watchers[stream.sock.fileno()]) + body[4:]))
        elif kind == SESSION:
            for job in self.jobs.values():
                if job.client is stream:
                    self.keeper.send(frame(K_SESSION, self.key(job) + body[4:]))

    def run(self, stream, spec):
        self.next_job += 1
        job = Job(self.next_job, stream)
        job.lingering_told = None
        job.detach = '"detach":true' in self.options
        self.jobs[job.number] = job
        log = os.path.join(self.log_dir or self.run_dir, f"{job.number}.log") if job.detach else ""
        stream.send(frame(ACCEPTED, struct.pack("<Q", job.number) + job.secret + text(log)))
        spec = self.change_spec(spec)
        self.spec = spec
        start = self.key(job) + bytes([self.root]) + struct.pack("<III", self.uid, self.gid, 0) + text("homename")
        start += struct.pack("<QIB", 0, 100, self.net)
        if self.net == 2:
            start += socket.inet_aton("198.18.0.5") + text(self.resolvers[0]) + text(self.resolvers[1])
        start += spec
        self.keeper.send(frame(K_START, start))

    def job_of(self, body):
        length = struct.unpack_from("<I", body)[0]
        number, _ = struct.unpack_from("<QI", body, 4 + length)
        return self.jobs.get(number), body[4 + length + 12 :]

    def from_keeper(self, kind, body):
        if kind == K_INVENTORY:
            self.inventory = body
            return
        if kind == K_NETWORK:
            self.networks += 1
            return
        if kind >= K_OF_MOVES:
            self.of_moves.append((kind, self.job_of(body)[1]))
            return
        if kind not in (K_STARTED, K_START_FAILED, K_SESSION_BACK):
            return
        job, rest = self.job_of(body)
        if not job:
            return
        if kind == K_STARTED:
            job.pid, job.first_pid, job.namespace = struct.unpack("<iiQ", rest)
            self.tell(job, frame(STARTED, struct.pack("<I", 1) + text("here")))
        elif kind == K_START_FAILED:
            length = struct.unpack_from("<I", rest, 1)[0]
            self.tell(job, frame(ENDED, bytes([2, rest[0], 0, 0]) + text(b"drover: " + rest[5 : 5 + length])))
            self.forget(job)
        elif rest[0] == S_EXITED:
            job.exit, job.gone = tuple(rest[1:4]), job.gone or rest[4] == 1
            job.usage = struct.unpack_from("<QQQ", rest, 5)
            self.tell_end(job)
        elif rest[0] == S_GONE:
            job.gone = True
            self.tell_end(job)
        elif rest[0] == S_USAGE:
            job.usages.append(struct.unpack_from("<QQQIB", rest, 1))
        elif rest[0] == S_FROZEN:
            job.frozen = rest[1]
        else:
            self.relayed += len(rest)
            self.tell(job, frame(D_SESSION, struct.pack("<I", 1) + rest))

    def tell(self, job, data):
        if job.client:
            job.client.send(data)

    def tell_end(self, job):
        how, code, core = job.exit
        for fd in [f for f, watched in self.watchers.items() if watched is job and f in self.clients]:
            self.clients[fd].send(frame(ENDED, bytes([how, code, core, 0]) + text("")))
        job.lingering_told = not job.gone
        self.tell(job, frame(ENDED, bytes([how, code, core, 0 if job.gone else 1]) + text("")))
        if job.gone and job.client:
            self.forget(job)

    def forget(self, job):
        self.keeper.send(frame(K_FORGET, self.key(job)))
        self.jobs.pop(job.number, None)
        self.last = job
