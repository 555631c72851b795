"""What programs may ask of a file system, over two mounts of one home.

usage: posix.py A B H SMALL    the same directory as node 1, node 2 and home see it; a file system of 1 MiB at home. Prints "ok NAME" or "FAIL NAME: why" for each fact.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
import time

A, B, H, SMALL = sys.argv[1:5]
ROOT = os.getuid() == 0
libc = ctypes.CDLL(None, use_errno=True)
F_OFD_SETLK = 37
facts = []


def fact(function):
    facts.append(function)
    return function


def a(*names):
    return os.path.join(A, *names)


def b(*names):
    return os.path.join(B, *names)


def h(*names):
    return os.path.join(H, *names)


def put(path, text="x", flags=os.O_WRONLY | os.O_CREAT | os.O_TRUNC):
    fd = os.open(path, flags, 0o666)
    os.write(fd, text.encode() if isinstance(text, str) else text)
    os.close(fd)


def get(path):
    with open(path, "rb") as f:
        return f.read()


def refused(error, function, *arguments, **more):
    try:
        function(*arguments, **more)
    except OSError as e:
        assert e.errno == error, f"errno {e.errno} ({e.strerror}), not {error}"
        return
    raise AssertionError(f"not refused with errno {error}")


# A process or lock that ends needs a moment: what is to succeed then is tried until it does.
def soon(function):
    for _ in range(200):
        try:
            return function()
        except (OSError, AssertionError):
            time.sleep(0.05)
    return function()


def renameat2(old, new, flags):
    if libc.renameat2(-100, os.fsencode(old), -100, os.fsencode(new), flags) != 0:
        raise OSError(ctypes.get_errno(), "renameat2")


@fact
def whatOneNodeWritesTheOtherAndHomeRead():
    put(a("written"), "from a")
    assert get(b("written")) == b"from a"
    assert get(h("written")) == b"from a"
    put(b("written"), "from b, longer")
    assert get(a("written")) == b"from b, longer"


@fact
def renameReplacesAndKeepsTheInode():
    put(a("r1"), "1")
    put(a("r2"), "2")
    inode = os.stat(a("r1")).st_ino
    os.rename(a("r1"), a("r2"))
    assert get(a("r2")) == b"1" and os.stat(a("r2")).st_ino == inode
    assert not os.path.exists(h("r1"))


@fact
def renameNoreplaceRefusesAndExchangeSwaps():
    put(a("x1"), "1")
    put(a("x2"), "2")
    refused(errno.EEXIST, renameat2, a("x1"), a("x2"), 1)
    renameat2(a("x1"), a("x2"), 2)
    assert get(a("x1")) == b"2" and get(h("x2")) == b"1"
    renameat2(a("x1"), a("x3"), 1)
    assert get(h("x3")) == b"2"


@fact
def exclusiveCreationIsWonByOneOfManyOnTwoNodes():
    for turn in range(20):
        won = []
        barrier = threading.Barrier(8)

        def race(i):
            barrier.wait()
            try:
                os.close(os.open((a if i % 2 else b)(f"excl{turn}"), os.O_CREAT | os.O_EXCL | os.O_WRONLY))
                won.append(i)
            except FileExistsError:
                pass

        threads = [threading.Thread(target=race, args=(i,)) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(won) == 1, won


@fact
def appendFromTwoNodesLosesNothing():
    def append(path, letter):
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        for i in range(300):
            os.write(fd, f"{letter}{i:04}\n".encode())
        os.close(fd)

    threads = [threading.Thread(target=append, args=(p("app"), l)) for p, l in ((a, "a"), (b, "b"))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    lines = get(h("app")).decode().split()
    assert sorted(lines) == sorted(f"{l}{i:04}" for l in "ab" for i in range(300)), len(lines)
    assert get(a("app")) == get(h("app"))


@fact
def anUnlinkedOpenFileLivesOn():
    fd = os.open(a("gone"), os.O_RDWR | os.O_CREAT)
    os.write(fd, b"still here")
    os.unlink(a("gone"))
    assert not os.path.exists(h("gone"))
    assert os.pread(fd, 100, 0) == b"still here"
    os.pwrite(fd, b"S", 0)
    assert os.pread(fd, 100, 0) == b"Still here"
    assert os.fstat(fd).st_nlink == 0
    os.ftruncate(fd, 3)
    assert os.fstat(fd).st_size == 3
    os.close(fd)


@fact
def anUnlinkOnTheOtherNodeLeavesTheOpenFileAlive():
    put(a("gone2"), "abc")
    fd = os.open(a("gone2"), os.O_RDONLY)
    os.unlink(b("gone2"))
    assert os.pread(fd, 10, 0) == b"abc"
    os.close(fd)


@fact
def modesOwnersAndTimesAreKept():
    put(a("attr"))
    os.chmod(a("attr"), 0o640)
    assert stat.S_IMODE(os.stat(h("attr")).st_mode) == 0o640
    os.utime(a("attr"), ns=(1_000_000_001, 2_000_000_000_123_456_789))
    s = os.stat(h("attr"))
    assert s.st_atime_ns == 1_000_000_001 and s.st_mtime_ns == 2_000_000_000_123_456_789
    assert os.stat(a("attr")).st_mtime_ns == 2_000_000_000_123_456_789
    if ROOT:
        os.chown(a("attr"), 1234, 2345)
        assert (os.stat(h("attr")).st_uid, os.stat(h("attr")).st_gid) == (1234, 2345)
    else:
        os.chown(a("attr"), -1, 2001)
        assert os.stat(h("attr")).st_gid == 2001
        refused(errno.EPERM, os.chown, a("attr"), 0, -1)
        refused(errno.EPERM, os.chown, a("attr"), -1, 3999)


@fact
def newFilesBelongToTheCallerAndHonourTheUmask():
    old = os.umask(0o027)
    put(a("mask"))
    os.mkdir(a("maskdir"))
    os.umask(old)
    s = os.stat(h("mask"))
    assert stat.S_IMODE(s.st_mode) == 0o640, oct(s.st_mode)
    assert stat.S_IMODE(os.stat(h("maskdir")).st_mode) == 0o750
    assert (s.st_uid, s.st_gid) == (os.getuid(), os.getgid())


@fact
def statfsIsHomes():
    assert os.statvfs(a()).f_blocks == os.statvfs(H).f_blocks


@fact
def aDirectoryOf5000ChangedWhileListedShowsTheRestOnce():
    os.mkdir(a("big"))
    for i in range(5000):
        os.mknod(h("big", f"{i:05}"))
    seen = []
    with os.scandir(a("big")) as entries:
        for n, entry in enumerate(entries):
            seen.append(entry.name)
            if n == 1000:
                gone = [f"{i:05}" for i in range(5000) if f"{i:05}" not in set(seen)][::2][:1500]
                for name in gone:
                    os.unlink(h("big", name))
                for i in range(500):
                    os.mknod(h("big", f"new{i}"))
    assert len(seen) == len(set(seen)), "an entry came twice"
    missing = {f"{i:05}" for i in range(5000)} - set(seen) - set(gone)
    assert not missing, f"{len(missing)} entries were never shown"
    assert len(os.listdir(b("big"))) == 5000 - len(gone) + 500


@fact
def aFifoJoinsTwoProcessesOfOneNode():
    os.mkfifo(a("fifo"))
    assert stat.S_ISFIFO(os.stat(h("fifo")).st_mode)
    writer = subprocess.Popen(["sh", "-c", "echo through > " + a("fifo")])
    assert get(a("fifo")) == b"through\n"
    writer.wait()


@fact
def aSocketJoinsTwoProcessesOfOneNode():
    os.chdir(A)
    server = socket.socket(socket.AF_UNIX)
    server.bind("sock")
    server.listen()
    client = socket.socket(socket.AF_UNIX)
    client.connect("sock")
    server.accept()[0].send(b"hello")
    assert client.recv(10) == b"hello"
    assert stat.S_ISSOCK(os.stat(h("sock")).st_mode)


@fact
def programsAndScriptsRun():
    put(a("script"), "#!/bin/sh\necho ran $1\n")
    os.chmod(a("script"), 0o755)
    assert subprocess.check_output([a("script"), "it"]) == b"ran it\n"
    subprocess.check_call(["cp", "/bin/echo", a("echo")])
    assert subprocess.check_output([b("echo"), "copied"]) == b"copied\n"
    os.chmod(a("script"), 0o644)
    refused(errno.EACCES, subprocess.check_output, [a("script")])


@fact
def sharedMappingsAreWrittenHome():
    put(a("map"), b"\0" * 8192)
    fd = os.open(a("map"), os.O_RDWR)
    m = mmap.mmap(fd, 8192)
    m[4096:4101] = b"paged"
    m.flush()
    assert get(h("map"))[4096:4101] == b"paged"
    m[0:5] = b"later"
    m.close()
    os.close(fd)
    assert get(h("map"))[0:5] == b"later"
    assert get(b("map"))[0:5] == b"later"


@fact
def sparseFilesBeyond4GiB():
    fd = os.open(a("sparse"), os.O_RDWR | os.O_CREAT)
    os.pwrite(fd, b"far", 5 << 30)
    assert os.fstat(fd).st_size == (5 << 30) + 3
    assert os.fstat(fd).st_blocks < 1 << 16
    assert os.lseek(fd, 0, os.SEEK_DATA) >= (5 << 30) - (1 << 20)
    assert os.lseek(fd, 0, os.SEEK_HOLE) == 0
    assert os.pread(fd, 10, 5 << 30) == b"far"
    os.close(fd)
    os.truncate(a("sparse"), 4 << 30)
    assert os.stat(h("sparse")).st_size == 4 << 30
    os.unlink(a("sparse"))


@fact
def namesNeedNotBeUtf8():
    name = b"\xff\xfe\x01 \n\\"
    os.mkdir(os.path.join(os.fsencode(A), name))
    assert name in os.listdir(os.fsencode(B))
    assert os.path.isdir(os.path.join(os.fsencode(H), name))
    refused(errno.ENAMETOOLONG, os.mkdir, a("n" * 256))
    os.mkdir(a("n" * 255))


@fact
def deepPathsWork():
    old = os.getcwd()
    os.chdir(A)
    for i in range(300):
        os.mkdir("d")
        os.chdir("d")
    put("bottom", "deep")
    assert os.getcwd().endswith("/d" * 300)
    os.chdir(old)
    assert get(h(*["d"] * 300, "bottom")) == b"deep"


@fact
def symbolicAndHardLinks():
    put(a("target"), "t")
    os.symlink("target", a("soft"))
    os.symlink("/nowhere/\udcff", a("dangling"))
    os.link(a("target"), a("hard"))
    assert os.readlink(b("soft")) == "target" and get(b("soft")) == b"t"
    assert os.readlink(h("dangling")) == "/nowhere/\udcff"
    assert os.stat(a("hard")).st_nlink == 2
    assert os.stat(a("hard")).st_ino == os.stat(a("target")).st_ino
    os.utime(a("soft"), ns=(5, 7), follow_symlinks=False)
    assert os.lstat(h("soft")).st_mtime_ns == 7
    os.symlink("loop", a("loop"))
    refused(errno.ELOOP, get, a("loop"))


@fact
def truncateAndAllocate():
    put(a("trunc"), "0123456789")
    os.truncate(a("trunc"), 4)
    assert get(h("trunc")) == b"0123" and get(a("trunc")) == b"0123"
    fd = os.open(a("trunc"), os.O_RDWR)
    os.posix_fallocate(fd, 0, 100_000)
    assert os.fstat(fd).st_size == 100_000
    os.pwrite(fd, b"y" * 8192, 4096)
    # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
    if libc.fallocate(fd, 3, ctypes.c_long(4096), ctypes.c_long(4096)) != 0:
        raise OSError(ctypes.get_errno(), "punch hole")
    assert os.pread(fd, 8192, 4096) == b"\0" * 4096 + b"y" * 4096
    os.close(fd)
    put(a("trunc"), "new", os.O_WRONLY | os.O_TRUNC)
    assert get(h("trunc")) == b"new"


@fact
def copyRangeWithinHome():
    put(a("from"), b"abc" * 100_000)
    source = os.open(a("from"), os.O_RDONLY)
    target = os.open(a("to"), os.O_RDWR | os.O_CREAT)
    done = 0
    while done < 300_000:
        n = os.copy_file_range(source, target, 300_000 - done, done, done)
        assert n > 0
        done += n
    assert get(h("to")) == get(h("from"))
    assert os.pread(target, 10, 0) == b"abcabcabca"


@fact
def temporaryFilesCanBeGivenAName():
    fd = os.open(A, os.O_TMPFILE | os.O_RDWR, 0o600)
    os.write(fd, b"nameless")
    # AT_SYMLINK_FOLLOW
    if libc.linkat(-100, f"/proc/self/fd/{fd}".encode(), -100, os.fsencode(a("named")), 0x400) != 0:
        raise OSError(ctypes.get_errno(), "linkat")
    os.close(fd)
    assert get(h("named")) == b"nameless"


@fact
def extendedAttributesAreHomes():
    put(a("xattr"))
    os.setxattr(a("xattr"), "user.colour", b"blue")
    assert os.getxattr(h("xattr"), "user.colour") == b"blue"
    assert os.getxattr(b("xattr"), "user.colour") == b"blue"
    assert "user.colour" in os.listxattr(a("xattr"))
    os.setxattr(a("xattr"), "user.big", b"v" * 3000)
    assert os.getxattr(a("xattr"), "user.big") == b"v" * 3000
    refused(errno.EEXIST, os.setxattr, a("xattr"), "user.colour", b"red", os.XATTR_CREATE)
    os.removexattr(a("xattr"), "user.colour")
    refused(errno.ENODATA, os.getxattr, h("xattr"), "user.colour")
    if not ROOT:
        refused(errno.EPERM, os.setxattr, a("xattr"), "trusted.x", b"1")
        refused(errno.EPERM, os.setxattr, a("xattr"), "security.capability", b"\1\0\0\2" + b"\0" * 16)


@fact
def errorsAreHomes():
    refused(errno.ENOENT, os.stat, a("no"))
    os.mkdir(a("full"))
    put(a("full", "f"))
    refused(errno.ENOTEMPTY, os.rmdir, a("full"))
    refused(errno.ENOTDIR, os.stat, a("full", "f", "g"))
    refused(errno.EISDIR, os.open, a("full"), os.O_WRONLY)
    refused(errno.EEXIST, os.mkdir, a("full"))
    refused(errno.EINVAL, os.rename, a("full"), a("full", "sub"))
    refused(errno.EPERM if ROOT else errno.EPERM, os.mknod, a("dev"), stat.S_IFBLK | 0o600, os.makedev(7, 0))


@fact
def setIdBitsAreClearedByAWrite():
    put(a("suid"))
    os.chmod(a("suid"), 0o6755)
    assert stat.S_IMODE(os.stat(h("suid")).st_mode) == 0o6755
    if not ROOT:
        put(a("suid"), "changed", os.O_WRONLY)
        assert stat.S_IMODE(os.stat(h("suid")).st_mode) == 0o755, oct(os.stat(h("suid")).st_mode)


@fact
def recordLocksHoldOnBothNodesAndAtHome():
    put(a("lock"), "0123456789")
    fa = os.open(a("lock"), os.O_RDWR)
    fb = os.open(b("lock"), os.O_RDWR)
    fh = os.open(h("lock"), os.O_RDWR)
    fcntl.lockf(fa, fcntl.LOCK_EX, 5, 0)
    refused(errno.EAGAIN, fcntl.lockf, fb, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 4)
    refused(errno.EAGAIN, fcntl.lockf, fh, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 4)
    fcntl.lockf(fb, fcntl.LOCK_EX | fcntl.LOCK_NB, 5, 5)
    done = []
    waiter = threading.Thread(target=lambda: (fcntl.lockf(fb, fcntl.LOCK_EX, 1, 0), done.append(1)))
    waiter.start()
    time.sleep(0.2)
    assert not done, "a lock was given twice"
    fcntl.lockf(fa, fcntl.LOCK_UN, 5, 0)
    waiter.join(5)
    assert done, "the waiting lock was never given"
    os.close(fb)
    fcntl.lockf(fh, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fh)
    fcntl.lockf(fa, fcntl.LOCK_EX)
    os.close(fa)


@fact
def wholeFileLocksHoldOnBothNodesAndAtHome():
    put(a("flock"))
    fa = os.open(a("flock"), os.O_RDONLY)
    fb = os.open(b("flock"), os.O_RDONLY)
    fh = os.open(h("flock"), os.O_RDONLY)
    fcntl.flock(fa, fcntl.LOCK_EX)
    refused(errno.EAGAIN, fcntl.flock, fb, fcntl.LOCK_SH | fcntl.LOCK_NB)
    refused(errno.EAGAIN, fcntl.flock, fh, fcntl.LOCK_SH | fcntl.LOCK_NB)
    os.close(fa)
    fcntl.flock(fb, fcntl.LOCK_EX)
    fcntl.flock(fb, fcntl.LOCK_UN)
    fcntl.flock(fh, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(fb)
    os.close(fh)


# struct flock of the machine that drover runs on: type, whence, start, length, pid
def ofd(fd, command, kind, start, length):
    fcntl.fcntl(fd, command, struct.pack("hhxxxxqqi4x", kind, 0, start, length, 0))


@fact
def locksOfOpenFilesHoldOnBothNodesAndAtHome():
    put(a("ofd"), "0123456789")
    fa, second, fb, fh = (os.open(p, os.O_RDWR) for p in (a("ofd"), a("ofd"), b("ofd"), h("ofd")))
    ofd(fa, F_OFD_SETLK, fcntl.F_WRLCK, 0, 5)
    for other in (second, fb, fh):
        refused(errno.EAGAIN, ofd, other, F_OFD_SETLK, fcntl.F_WRLCK, 4, 1)
    ofd(fb, F_OFD_SETLK, fcntl.F_WRLCK, 5, 5)
    # the lock is the open file's: it goes with its last descriptor, and not with another file's
    copy = os.dup(fa)
    os.close(second)
    os.close(fa)
    refused(errno.EAGAIN, ofd, fb, F_OFD_SETLK, fcntl.F_WRLCK, 0, 1)
    os.close(copy)
    soon(lambda: ofd(fb, F_OFD_SETLK, fcntl.F_WRLCK, 0, 1))
    os.close(fb)
    soon(lambda: ofd(fh, F_OFD_SETLK, fcntl.F_WRLCK, 0, 0))
    os.close(fh)


@fact
def aWaitForAnyLockEndsByASignal():
    put(a("waits"))
    take = {
        "flock": "fcntl.flock(fd, fcntl.LOCK_EX)",
        "lockf": "fcntl.lockf(fd, fcntl.LOCK_EX)",
        "ofd": "fcntl.fcntl(fd, 38, struct.pack('hhxxxxqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))",
    }
    for kind, call in take.items():
        held = os.open(a("waits"), os.O_RDWR)
        if kind == "flock":
            fcntl.flock(held, fcntl.LOCK_EX)
        else:
            fcntl.lockf(held, fcntl.LOCK_EX)
        program = f"""import fcntl, os, signal, struct
def interrupted(*_): raise KeyError
signal.signal(signal.SIGUSR1, interrupted)
fd = os.open({b('waits')!r}, os.O_RDWR)
print('waits', flush=True)
try: {call}
except KeyError: print('interrupted')
"""
        waiter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
        assert waiter.stdout.readline() == "waits\n"
        time.sleep(0.3)
        assert waiter.poll() is None, kind
        waiter.send_signal(10)
        assert waiter.communicate(timeout=10)[0] == "interrupted\n", kind
        os.close(held)


@fact
def statxTellsAllThatHomeKnows():
    put(a("statx"), "12345")
    here, home = (subprocess.check_output(["stat", "-c", "%W %Y %.9X %.9Z %s %b %h %u %g %a %F", p]) for p in (b("statx"), h("statx")))
    assert here == home, (here, home)
    birth, _ = here.decode().split(" ", 1)
    assert int(birth) == 0 or abs(int(birth) - time.time()) < 600, birth


@fact
def aListingWithAttributesIsHomes():
    os.mkdir(a("plus"))
    for i in range(1000):
        put(h("plus", str(i)), "x" * i)
    os.symlink("nowhere", h("plus", "link"))
    os.mkdir(h("plus", "sub"))

    def listed(directory):
        with os.scandir(directory) as entries:
            return sorted(
                (e.name, e.is_dir(follow_symlinks=False), e.is_symlink(), s.st_size, s.st_mode, s.st_mtime_ns)
                for e in entries
                for s in (e.stat(follow_symlinks=False),)
            )

    home = listed(h("plus"))
    assert len(home) == 1002
    assert listed(a("plus")) == home and listed(b("plus")) == home
    os.chmod(b("plus", "7"), 0o600)
    os.unlink(a("plus", "8"))
    home = listed(h("plus"))
    assert listed(a("plus")) == home and listed(b("plus")) == home


@fact
def aRunningProgramIsNotWritten():
    subprocess.check_call(["cp", "/bin/sleep", a("runs")])
    program = subprocess.Popen([a("runs"), "60"])
    soon(lambda: refused(errno.ETXTBSY, os.open, a("runs"), os.O_WRONLY))
    fd = os.open(a("other"), os.O_WRONLY | os.O_CREAT, 0o755)
    with open("/bin/true", "rb") as f:
        os.write(fd, f.read())
    refused(errno.ETXTBSY, subprocess.call, [a("other")])
    os.close(fd)
    soon(lambda: subprocess.check_call([a("other")]))
    program.kill()
    program.wait()
    put(a("runs"), "now it may", os.O_WRONLY)


@fact
def aFullDiskIsTold():
    here, there = (os.environ[root] + SMALL for root in ("ROOT_A", "ROOT_B"))
    fd = os.open(here + "/full", os.O_WRONLY | os.O_CREAT)
    done = 0
    try:
        while True:
            done += os.write(fd, b"x" * 65536)
    except OSError as e:
        assert e.errno == errno.ENOSPC, e
    assert done > 500_000
    os.close(fd)
    assert os.stat(there + "/full").st_size == os.stat(SMALL + "/full").st_size == done
    refused(errno.ENOSPC, put, there + "/another", "y" * 70_000)
    os.unlink(there + "/full")
    soon(lambda: put(here + "/another", "z" * 70_000))
    os.unlink(here + "/another")


@fact
def aDirectoryOf100000ChangedWhileListedShowsTheRestOnce():
    os.mkdir(a("huge"))
    for i in range(100_000):
        os.close(os.open(h("huge", f"{i:06}"), os.O_CREAT | os.O_WRONLY))
    seen, gone = [], set()
    with os.scandir(a("huge")) as entries:
        for n, entry in enumerate(entries):
            seen.append(entry.name)
            if n % 20_000 == 10_000:
                known = set(seen) | gone
                some = [name for name in (f"{i:06}" for i in range(n % 7, 100_000, 97)) if name not in known]
                for name in some:
                    os.unlink((b if n % 40_000 < 20_000 else h)("huge", name))
                gone.update(some)
                for i in range(100):
                    os.mknod(b("huge", f"new{n}-{i}"))
    assert len(seen) == len(set(seen)), "an entry came twice"
    missing = {f"{i:06}" for i in range(100_000)} - set(seen) - gone
    assert not missing, f"{len(missing)} entries were never shown"
    assert len(gone) > 1000
    assert sorted(os.listdir(b("huge"))) == sorted(os.listdir(h("huge")))


@fact
def othersFilesInAStickyDirectoryAreSafe():
    for on in (a, b):
        put(on("sticky-prepared", "mine"))
        os.rename(on("sticky-prepared", "mine"), on("sticky-prepared", "moved"))
        os.unlink(on("sticky-prepared", "moved"))
        if not ROOT:
            refused(errno.EPERM, os.unlink, on("sticky-prepared", "roots"))
            refused(errno.EPERM, os.rename, on("sticky-prepared", "roots"), on("sticky-prepared", "stolen"))
            put(on("sticky-prepared", "own"))
            refused(errno.EPERM, os.rename, on("sticky-prepared", "own"), on("sticky-prepared", "roots"))
            os.unlink(on("sticky-prepared", "own"))
    assert get(h("sticky-prepared", "roots")) == b"x\n"


@fact
def aWaitForALockEndsByASignal():
    put(a("wait"))
    fa = os.open(a("wait"), os.O_RDWR)
    fcntl.lockf(fa, fcntl.LOCK_EX)
    waiter = subprocess.Popen(
        [sys.executable, "-c", f"import fcntl,os; fcntl.lockf(os.open({b('wait')!r}, os.O_RDWR), fcntl.LOCK_EX)"]
    )
    time.sleep(0.5)
    assert waiter.poll() is None
    waiter.kill()
    assert waiter.wait(5) == -9
    os.close(fa)


@fact
def stickyDirectoriesProtectOthersFiles():
    if ROOT:
        os.mkdir(a("sticky"))
        os.chmod(a("sticky"), 0o1777)
        put(a("sticky", "roots"))
        user = subprocess.run(
            ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "rm", "-f", a("sticky", "roots")],
            capture_output=True,
        )
        assert user.returncode != 0 and os.path.exists(h("sticky", "roots"))


@fact
def whatTheUserMayNotReadIsRefused():
    put(a("mine"))
    os.chmod(a("mine"), 0)
    if ROOT:
        assert get(a("mine")) == b"x"
        return
    refused(errno.EACCES, get, a("mine"))
    refused(errno.EACCES, get, a("roots-secret"))
    refused(errno.EACCES, put, a("roots-secret"), "x", os.O_WRONLY)
    refused(errno.EACCES, os.listdir, a("roots-directory"))
    refused(errno.EACCES, get, a("roots-directory", "inside"))
    assert get(a("groups-file")) == b"for group 2002"


@fact
def exitsAndOpensSeeEachOthersWritesAtOnce():
    for i in range(50):
        subprocess.check_call(["sh", "-c", f"echo {i} > {a('turn')}"])
        assert get(b("turn")) == f"{i}\n".encode(), i


@fact
def syncingSucceeds():
    fd = os.open(a("synced"), os.O_RDWR | os.O_CREAT)
    os.write(fd, b"x")
    os.fsync(fd)
    os.fdatasync(fd)
    os.close(fd)
    directory = os.open(A, os.O_RDONLY)
    os.fsync(directory)
    if libc.syncfs(directory) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")
    os.close(directory)


@fact
def whatIsTheKernelsOwnShowsEmpty():
    if os.path.ismount(os.environ["ROOT_A"]):
        for name in ("proc", "sys", "dev"):
            assert os.listdir(os.path.join(os.environ["ROOT_A"], name)) == [], name


for function in facts:
    try:
        function()
        print("ok", function.__name__, flush=True)
    except BaseException as e:
        line = e.__traceback__.tb_next.tb_lineno if e.__traceback__.tb_next else 0
        print(f"FAIL {function.__name__}: line {line}: {type(e).__name__} {e}", flush=True)
