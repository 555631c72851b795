"""Does to the files below a directory what it is told, one line at a time, and says how it went.

usage: agent.py ROOT    each line is an operation's name and its arguments, separated by blanks. The answer is one line:
`ok`, `ok VALUE`, or `errno NAME`.
"""
import ctypes
import errno
import os
import stat
import sys
import zlib

root = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
held = {}


def at(path):
    return root + "/" + path


def data(text):
    letter, count = text.split("*")
    return letter.encode() * int(count)


def put(path, flags, text):
    fd = os.open(at(path), flags, 0o644)
    try:
        os.write(fd, data(text))
    finally:
        os.close(fd)


def write(path, offset, text):
    fd = os.open(at(path), os.O_WRONLY)
    try:
        os.pwrite(fd, data(text), int(offset))
    finally:
        os.close(fd)


def exchange(path, other):
    if libc.renameat2(-100, os.fsencode(at(path)), -100, os.fsencode(at(other)), 2) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def content(read):
    return "%d:%08x" % (len(read), zlib.crc32(read))


def whole(fd):
    parts, offset = [], 0
    while part := os.pread(fd, 1 << 17, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def xattrs(path):
    names = sorted(name for name in os.listxattr(path) if name.startswith("user."))
    return ",".join(name[5:] + "=" + os.getxattr(path, name).decode() for name in names)


def look(path):
    """What the model knows; behind a bar, what only home can say."""
    full = at(path)
    try:
        s = os.lstat(full)
    except OSError:
        return "-"
    owner = "%o %d %d" % (stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid)
    times = "|%d:%d" % (s.st_mtime_ns, s.st_ctime_ns)
    if stat.S_ISLNK(s.st_mode):
        return "l %d %s%s" % (s.st_nlink, os.readlink(full), times)
    if stat.S_ISDIR(s.st_mode):
        return "d %s [%s] {%s}%s:%d" % (owner, ",".join(sorted(os.listdir(full))), xattrs(full), times, s.st_nlink)
    fd = os.open(full, os.O_RDONLY)
    try:
        read = whole(fd)
    finally:
        os.close(fd)
    return "f %s %d %d %s {%s}%s" % (owner, s.st_nlink, s.st_size, content(read), xattrs(full), times)


def look_held(number):
    fd = held[number]
    s = os.fstat(fd)
    return "f %o %d %d %d %d %s" % (
        stat.S_IMODE(s.st_mode), s.st_uid, s.st_gid, s.st_nlink, s.st_size, content(whole(fd)))


def hold(number, path):
    held[number] = os.open(at(path), os.O_RDWR)


operations = {
    "create": lambda p, text: put(p, os.O_WRONLY | os.O_CREAT | os.O_EXCL, text),
    "replace": lambda p, text: put(p, os.O_WRONLY | os.O_TRUNC, text),
    "append": lambda p, text: put(p, os.O_WRONLY | os.O_APPEND, text),
    "write": write,
    "truncate": lambda p, n: os.truncate(at(p), int(n)),
    "mkdir": lambda p: os.mkdir(at(p), 0o755),
    "rmdir": lambda p: os.rmdir(at(p)),
    "unlink": lambda p: os.unlink(at(p)),
    "symlink": lambda p, target: os.symlink(target, at(p)),
    "link": lambda p, q: os.link(at(p), at(q), follow_symlinks=False),
    "rename": lambda p, q: os.rename(at(p), at(q)),
    "exchange": exchange,
    "chmod": lambda p, mode: os.chmod(at(p), int(mode, 8)),
    "chown": lambda p, uid: os.chown(at(p), int(uid), int(uid)),
    "utimens": lambda p, ns: os.utime(at(p), ns=(int(ns), int(ns))),
    "setxattr": lambda p, name, value: os.setxattr(at(p), "user." + name, value.encode()),
    "removexattr": lambda p, name: os.removexattr(at(p), "user." + name),
    "hold": hold,
    "writeheld": lambda number, offset, text: os.pwrite(held[number], data(text), int(offset)) and None,
    "truncateheld": lambda number, n: os.ftruncate(held[number], int(n)),
    "lookheld": look_held,
    "close": lambda number: os.close(held.pop(number)),
    "look": lambda *paths: " ; ".join(look(path) for path in paths),
}
for line in sys.stdin:
    words = line.split()
    try:
        value = operations[words[0]](*words[1:])
        print("ok" if value is None else "ok " + value, flush=True)
    except OSError as e:
        print("errno " + errno.errorcode.get(e.errno, str(e.errno)), flush=True)
