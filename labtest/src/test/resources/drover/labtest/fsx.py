"""Random work on one file, every read compared with a model: fsx.py FILE SEED ROUNDS OPERATIONS [INDEX OF HOW]

Each round is so many operations. With INDEX and OF, several processes take turns round by round, and each keeps the
model of all rounds: HOW is `reopen` (close-to-open: the turn is handed over when the file was closed, and is told by a
file of its own) or `lock` (the file stays open, the turn is under a lock and told in the same file's first page).
Prints the seed and what it did when something differs; at the end the sha256 of the model.
"""
import ctypes
import fcntl
import hashlib
import mmap
import os
import random
import sys
import time

LIMIT = 300_000
PAGE = 4096
libc = ctypes.CDLL(None, use_errno=True)
libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE = 1, 2, 16


def fallocate(fd, mode, offset, length):
    if libc.fallocate(fd, mode, offset, length) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Fsx:
    def __init__(self, path, seed):
        self.path, self.seed = path, seed
        self.random = random.Random(seed)
        self.model = bytearray()
        self.done = []
        self.fd = self.map = None
        self.real = True

    def open(self):
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)

    def close(self):
        self.unmap()
        os.close(self.fd)
        self.fd = None

    def unmap(self):
        if self.map is not None:
            self.map.flush()
            self.map.close()
            self.map = None

    def mapped(self):
        """A mapping of all pages; kept, so that later operations must be seen through it."""
        if self.map is not None and len(self.map) < len(self.model):
            self.unmap()
        if self.map is None:
            self.map = mmap.mmap(self.fd, len(self.model), mmap.MAP_SHARED)
        return self.map

    def stop(self, what):
        print("seed %d: %s. Before it:" % (self.seed, what))
        for line in self.done[-25:]:
            print("   ", line)
        sys.exit(1)

    def differs(self, what, offset, got, expected):
        at = next((i for i, (a, b) in enumerate(zip(got, expected)) if a != b), min(len(got), len(expected)))
        self.stop("%s differs at %d: %r is not %r (lengths %d, %d)" % (
            what, offset + at, bytes(got[at:at + 8]), bytes(expected[at:at + 8]), len(got), len(expected)))

    def expect(self, what, offset, got, expected):
        if got != expected:
            self.differs(what, offset, got, expected)

    def place(self, low=1):
        """An offset within the file and a length that stays in it; often at the edges of pages."""
        size = len(self.model)
        offset = self.random.randrange(size)
        if self.random.random() < 0.3:
            offset = min(offset // PAGE * PAGE, size - 1)
        length = self.random.randint(low, min(size - offset, self.random.choice((10, 5000, 70000))) or 1)
        return offset, min(length, size - offset)

    def grow(self, end):
        if end > len(self.model):
            self.model.extend(bytes(end - len(self.model)))

    def write_at(self):
        offset = self.random.randrange(min(len(self.model) + 9000, LIMIT))
        length = self.random.randint(1, min(LIMIT - offset, self.random.choice((10, 5000, 140000))) or 1)
        return offset, self.random.randbytes(length)

    def op_write(self):
        offset, data = self.write_at()
        self.note("write", offset, len(data))
        self.grow(offset + len(data))
        self.model[offset:offset + len(data)] = data
        if self.real and os.pwrite(self.fd, data, offset) != len(data):
            self.differs("length of a write", offset, b"", data)

    def op_append(self):
        data = self.random.randbytes(self.random.randint(1, 3000))
        if len(self.model) + len(data) > LIMIT:
            return
        self.note("append", len(self.model), len(data))
        self.model.extend(data)
        if self.real:
            fd = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            os.write(fd, data)
            os.close(fd)

    def op_read(self):
        if not self.model:
            return
        offset, length = self.place()
        self.note("read", offset, length)
        if self.real:
            self.expect("read", offset, os.pread(self.fd, length, offset), self.model[offset:offset + length])

    def op_mmap_read(self):
        if not self.model:
            return
        offset, length = self.place()
        self.note("mmap read", offset, length)
        if self.real:
            self.expect("mapping", offset, self.mapped()[offset:offset + length], self.model[offset:offset + length])

    def op_mmap_write(self):
        if not self.model:
            return
        offset, length = self.place()
        data = self.random.randbytes(length)
        sync = self.random.random() < 0.5
        self.note("mmap write", offset, length, "msync" if sync else "")
        self.model[offset:offset + length] = data
        if self.real:
            self.mapped()[offset:offset + length] = data
            if sync:
                self.map.flush()

    def op_truncate(self):
        size = self.random.randrange(LIMIT) if self.random.random() < 0.3 else self.random.randrange(len(self.model) + 1)
        by_name = self.random.random() < 0.3
        self.note("truncate", size, "by name" if by_name else "")
        if self.real:
            if self.map is not None and size < len(self.map):
                self.unmap()
            os.truncate(self.path if by_name else self.fd, size)
        del self.model[size:]
        self.grow(size)

    def op_punch(self):
        self.zeroed("punch", PUNCH_HOLE | KEEP_SIZE)

    def op_zero(self):
        self.zeroed("zero", ZERO_RANGE | KEEP_SIZE)

    def zeroed(self, what, mode):
        if not self.model:
            return
        offset, length = self.place()
        self.note(what, offset, length)
        if self.real:
            try:
                fallocate(self.fd, mode, offset, length)
            except OSError as e:
                if e.errno != 95 or what == "punch":
                    raise
                os.pwrite(self.fd, bytes(length), offset)
        self.model[offset:offset + length] = bytes(length)

    def op_fallocate(self):
        offset = self.random.randrange(min(len(self.model) + 9000, LIMIT))
        length = self.random.randint(1, min(LIMIT - offset, 20000))
        keep = self.random.random() < 0.5
        self.note("fallocate", offset, length, "keep size" if keep else "")
        if self.real:
            fallocate(self.fd, KEEP_SIZE if keep else 0, offset, length)
        if not keep:
            self.grow(offset + length)

    def op_copy(self):
        if not self.model:
            return
        offset, length = self.place()
        to = self.random.randrange(LIMIT - length) if length < LIMIT else 0
        if to < offset + length and offset < to + length:
            return
        self.note("copy", offset, length, "to", to)
        if self.real:
            left, source, target = length, offset, to
            while left:
                n = os.copy_file_range(self.fd, self.fd, left, source, target)
                if n == 0:
                    self.differs("length of a copy", to, b"", bytes(left))
                left, source, target = left - n, source + n, target + n
        data = self.model[offset:offset + length]
        self.grow(to + length)
        self.model[to:to + length] = data

    def op_copy_away_and_back(self):
        if not self.model:
            return
        offset, length = self.place()
        self.note("copy through another file", offset, length)
        if self.real:
            other = os.open(self.path + ".other%d" % os.getpid(), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
            n = os.copy_file_range(self.fd, other, length, offset, 0)
            self.expect("copy", offset, os.pread(other, length, 0), self.model[offset:offset + n])
            os.unlink(self.path + ".other%d" % os.getpid())
            self.expect("nameless copy", offset, os.pread(other, length, 0), self.model[offset:offset + n])
            os.close(other)

    def op_seek(self):
        if not self.model:
            return
        offset, _ = self.place()
        self.note("seek hole and data", offset)
        if self.real:
            hole = os.lseek(self.fd, offset, os.SEEK_HOLE)
            try:
                data = os.lseek(self.fd, offset, os.SEEK_DATA)
            except OSError as e:
                if e.errno != 6:
                    raise
                data = len(self.model)
            if self.map is None:
                self.expect("hole", offset, bytes(data - offset), self.model[offset:data])
            if hole > len(self.model) or (hole != offset) == (data != offset):
                self.differs("hole %d, data %d" % (hole, data), offset, b"", b"")

    def op_size(self):
        self.note("size")
        if self.real:
            sizes = [os.fstat(self.fd).st_size, os.stat(self.path).st_size, os.lseek(self.fd, 0, os.SEEK_END)]
            if sizes != 3 * [len(self.model)]:
                self.stop("sizes are %s, not %d" % (sizes, len(self.model)))

    def op_sync(self):
        self.note("fsync")
        if self.real:
            os.fsync(self.fd)

    def op_reopen(self):
        self.note("close and open")
        if self.real and self.may_reopen:
            self.close()
            self.open()

    def op_direct(self):
        if len(self.model) < PAGE:
            return
        offset = self.random.randrange(len(self.model) // PAGE) * PAGE
        self.note("direct read", offset)
        if self.real:
            fd = os.open(self.path, os.O_RDONLY | os.O_DIRECT)
            if self.map is not None:
                self.map.flush()
            page = mmap.mmap(-1, PAGE)
            n = os.preadv(fd, [page], offset)
            os.close(fd)
            self.expect("direct read", offset, page[:n], self.model[offset:offset + PAGE])

    def note(self, *words):
        self.done.append(("" if self.real else "(the other) ") + " ".join(map(str, words)))

    def all(self):
        self.op_size()
        data = b""
        while len(data) < len(self.model):
            more = os.pread(self.fd, len(self.model) - len(data), len(data))
            if not more:
                break
            data += more
        self.expect("whole file", 0, data, self.model)

    def round(self, operations):
        kinds = [getattr(self, name) for name in dir(self) if name.startswith("op_")]
        weights = [3 if k.__name__ in ("op_write", "op_read", "op_mmap_read", "op_mmap_write") else 1 for k in kinds]
        for _ in range(operations):
            try:
                self.random.choices(kinds, weights)[0]()
            except OSError as e:
                self.stop("failed: %s" % e)


def main(path, seed, rounds, operations, index=0, of=1, how="reopen"):
    fsx = Fsx(path, seed)
    fsx.may_reopen = how == "reopen"
    turn = os.open(path + ".turn", os.O_RDWR | os.O_CREAT, 0o644)
    if how == "lock":
        fsx.open()

    def now():
        return int.from_bytes(os.pread(turn, 8, 0), "little")

    for i in range(rounds):
        fsx.real = i % of == index
        if not fsx.real:
            fsx.round(operations)
            continue
        begun = time.monotonic()
        while True:
            if how == "lock":
                fcntl.lockf(fsx.fd, fcntl.LOCK_EX)
            if now() == i:
                break
            if how == "lock":
                fcntl.lockf(fsx.fd, fcntl.LOCK_UN)
            if time.monotonic() - begun > 60:
                sys.exit("seed %d: turn %d did not come within 60 s, it is %d" % (seed, i, now()))
            time.sleep(0.001)
        if how == "reopen":
            fsx.open()
        fsx.all()
        fsx.round(operations)
        fsx.all()
        if how == "reopen":
            fsx.close()
        else:
            fsx.unmap()
        os.pwrite(turn, (i + 1).to_bytes(8, "little"), 0)
        if how == "lock":
            fcntl.lockf(fsx.fd, fcntl.LOCK_UN)
    print(hashlib.sha256(fsx.model).hexdigest())


arguments = sys.argv[1:]
main(arguments[0], *map(int, arguments[1:6]), *arguments[6:])
