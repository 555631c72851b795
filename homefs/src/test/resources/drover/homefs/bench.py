"""usage: bench.py DIRECTORY    prints one figure a line: name, microseconds (or MB/s for seq-*). Run it on the mount and at home."""
import os
import sys
import time

os.chdir(sys.argv[1])


def timed(name, count, function):
    start = time.perf_counter()
    function()
    print(name, (time.perf_counter() - start) / count * 1e6, flush=True)


N = 2000
os.makedirs("small", exist_ok=True)
names = [f"small/f{i:04}" for i in range(N)]
if not os.path.exists(names[-1]):
    for n in names:
        with open(n, "wb") as f:
            f.write(b"s" * 2000)


def read(names):
    for n in names:
        fd = os.open(n, os.O_RDONLY)
        os.read(fd, 4096)
        os.close(fd)


def churn():
    for i in range(500):
        fd = os.open("churn", os.O_CREAT | os.O_WRONLY, 0o644)
        os.write(fd, b"x" * 1000)
        os.close(fd)
        os.unlink("churn")


if sys.argv[2:] == ["read"]:
    timed("read-cold", N, lambda: read(names))
    timed("read-warm", N, lambda: read(names))
    timed("stat-warm", N, lambda: [os.stat(n) for n in names])
    timed("create-unlink", 500, churn)
    block = b"b" * (1 << 20)
    start = time.perf_counter()
    fd = os.open("large", os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o644)
    for i in range(400):
        os.write(fd, block)
    os.close(fd)
    print("seq-write", 400 / (time.perf_counter() - start))
    for turn in ("seq-read", "seq-read-again"):
        start = time.perf_counter()
        fd = os.open("large", os.O_RDONLY)
        while os.read(fd, 1 << 20):
            pass
        os.close(fd)
        print(turn, 400 / (time.perf_counter() - start))
    os.unlink("large")
