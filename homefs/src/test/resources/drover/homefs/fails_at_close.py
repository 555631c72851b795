"""A file system of one file, `f`, that takes all writes, and tells of a full quota when the file is closed.

usage: fails_at_close.py DIRECTORY    mounts there, says `ready`, and ends when its standard input does. Needs root.
"""
import ctypes
import errno
import os
import select
import struct
import sys

LOOKUP, FORGET, GETATTR, SETATTR, OPEN, WRITE, STATFS = 1, 2, 3, 4, 14, 16, 17
RELEASE, FLUSH, INIT, OPENDIR, RELEASEDIR, ACCESS, BATCH_FORGET = 18, 25, 26, 27, 29, 34, 42
ROOT, FILE = 1, 2

directory = sys.argv[1]
libc = ctypes.CDLL(None, use_errno=True)
device = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other" % device
if libc.mount(b"fails_at_close", os.fsencode(directory), b"fuse", 0, options) != 0:
    sys.exit("cannot mount: " + os.strerror(ctypes.get_errno()))


def attributes(node):
    mode, links = (0o40755, 2) if node == ROOT else (0o100666, 1)
    return struct.pack("<6Q10I", node, 0, 0, 0, 0, 0, 0, 0, 0, mode, links, 0, 0, 0, 4096, 0)


def answer(opcode, node, body):
    if opcode == INIT:
        major, minor, ahead = struct.unpack_from("<3I", body)
        return struct.pack("<4I2H2I2H8I", 7, min(minor, 31), ahead, 0, 16, 12, 65536, 1, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        if body.rstrip(b"\0") != b"f":
            return errno.ENOENT
        return struct.pack("<4Q2I", FILE, 0, 0, 0, 0, 0) + attributes(FILE)
    if opcode in (GETATTR, SETATTR):
        return struct.pack("<QII", 0, 0, 0) + attributes(node)
    if opcode in (OPEN, OPENDIR):
        return struct.pack("<QII", 1, 0, 0)
    if opcode == WRITE:
        return struct.pack("<II", struct.unpack_from("<QQI", body)[2], 0)
    if opcode == FLUSH:
        return errno.EDQUOT
    if opcode == STATFS:
        return struct.pack("<5Q4I24x", 100, 100, 100, 100, 100, 4096, 255, 4096, 0)
    return 0 if opcode in (RELEASE, RELEASEDIR, ACCESS) else errno.ENOSYS


print("ready", flush=True)
while True:
    readable, _, _ = select.select([device, 0], [], [])
    if 0 in readable:
        break
    request = os.read(device, 1 << 18)
    _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
    if opcode in (FORGET, BATCH_FORGET):
        continue
    reply = answer(opcode, node, request[40:])
    error, body = (-reply, b"") if isinstance(reply, int) else (0, reply)
    os.write(device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)
libc.umount2(os.fsencode(directory), 2)
