"""Facts about what CRIU preloads (src/criu). A Python without CAP_SYS_RESOURCE makes
the calls that CRIU makes; that CRIU itself dumps and restores with it is tested by the doctor's CriuCheckIT and by setup/criu."""
import os
import signal
import subprocess
import sys

from facts import TARGET, equal, until

SHIM = TARGET + "/drover-criu.so"
# What root may usually do, and may not on a machine that grants it less.
WITHOUT_RESOURCE = ["setpriv", "--inh-caps=-sys_resource", "--bounding-set=-sys_resource"]
USER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]


def python(script, *arguments, shim=True):
    env = dict(os.environ, LD_PRELOAD=SHIM) if shim else dict(os.environ)
    done = subprocess.run([*WITHOUT_RESOURCE, sys.executable, "-c", script, *map(str, arguments)], env=env, capture_output=True)
    return done.stdout.decode().split() if done.returncode == 0 else done.stderr.decode().split()[-3:]


def fact_an_internet_socket_passes_no_credentials(_):
    script = ("import socket\nfor option in (16, 34):\n"
              "    print(socket.socket().getsockopt(socket.SOL_SOCKET, option), socket.socket(socket.AF_UNIX).getsockopt(1, option))\n"
              "s = socket.socket(socket.AF_UNIX); s.setsockopt(1, 16, 1); print(s.getsockopt(1, 16))")
    equal(python(script), ["0", "0", "0", "0", "1"])


def fact_other_options_that_are_refused_stay_refused(_):
    script = "import socket\ntry: socket.socket(socket.AF_UNIX).getsockopt(1, 9999)\nexcept OSError as e: print(e.errno)"
    equal(python(script), python(script, shim=False))


LIMITS = ("import ctypes, sys\nlibc = ctypes.CDLL(None, use_errno=True); pair = (ctypes.c_ulong * 2)()\n"
          "for resource in range(16):\n"
          "    failed = libc.syscall(302, int(sys.argv[1]), resource, None, pair)\n"
          "    print(ctypes.get_errno() if failed else '%d/%d' % (pair[0], pair[1]))")


def fact_the_limits_of_another_users_process_are_read(_):
    p = subprocess.Popen([*USER, "prlimit", "--nofile=123:456", "--core=0:0", "--stack=1048576:unlimited", "sleep", "60"])
    try:
        until(lambda: open(f"/proc/{p.pid}/comm").read() == "sleep\n", "the process sleeps")
        refused = python(LIMITS, p.pid, shim=False)
        equal(refused[7], "1", "EPERM without it")
        read = python(LIMITS, p.pid)
        equal([read[i] for i in (3, 4, 7)], ["1048576/%d" % (2**64 - 1), "0/0", "123/456"])
        equal(len([r for r in read if "/" in r]), 16, read)
    finally:
        p.kill()
        p.wait()


def fact_limits_of_nobody_and_limits_to_be_set_are_refused_as_ever(_):
    equal(python(LIMITS, 4194303), ["3"] * 16)
    p = subprocess.Popen([*USER, "sleep", "60"])
    try:
        until(lambda: open(f"/proc/{p.pid}/comm").read() == "sleep\n", "the process sleeps")
        equal(python(LIMITS.replace("None, pair", "pair, None"), p.pid)[7], "1")
    finally:
        p.kill()
        p.wait()


def fact_a_pipe_becomes_as_large_as_the_machine_grants_and_then_is_full(_):
    most = int(open("/proc/sys/fs/pipe-max-size").read())
    script = ("import fcntl, os, sys\nr, w = os.pipe(); most = int(sys.argv[1])\n"
              "print(fcntl.fcntl(w, 1031, 65536))\n"
              "for size in (most * 4, most * 2):\n"
              "    try: print(fcntl.fcntl(w, 1031, size))\n"
              "    except OSError as e: print('errno', e.errno)\n")
    equal(python(script, most), ["65536", str(most), "errno", "1"])


# As CRIU does: pid 1 makes its session, then its children, each of which makes its group (with all signals blocked).
TREE = ("import os, pty, signal, sys\nsignal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))\n"
        "os.setsid()\nif os.fork() == 0:\n"
        "    os.setpgid(0, 0 if len(sys.argv) < 2 else os.getpid())\n"
        "    try: print('tty', os.tcgetpgrp(os.open('/dev/tty', os.O_RDWR)) == os.getpid(), os.getsid(0), flush=True)\n"
        "    except OSError as e: print('errno', e.errno, flush=True)\n"
        "    os._exit(0)\nos.wait()")


def restored(*arguments, **environment):
    master, slave = os.openpty()
    env = dict(os.environ, LD_PRELOAD=SHIM, **{name: value.format(slave=slave) for name, value in environment.items()})
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", TREE, *arguments],
                          env=env, pass_fds=[slave], stdin=subprocess.DEVNULL, capture_output=True)
    os.close(master)
    os.close(slave)
    return done.stdout.decode().split() or done.stderr.decode()


def fact_children_of_pid_1_have_its_terminal_and_one_group_is_in_the_foreground(_):
    equal(restored(), ["errno", "6"], "nothing is set: there is no terminal")
    equal(restored(DROVER_CRIU_TERMINAL="{slave}"), ["tty", "False", "1"])
    equal(restored("group", DROVER_CRIU_TERMINAL="{slave}", DROVER_CRIU_FOREGROUND="2"), ["tty", "True", "1"])


def fact_a_terminal_that_cannot_be_the_guests_fails_the_restore(_):
    said = restored(DROVER_CRIU_TERMINAL="999")
    assert "the terminal cannot be the guest's" in said and "PermissionError" in said, said


# What CRIU asks of a descriptor: its path and how many names it has.
NAMES = ("import ctypes, os, sys\nlibc = ctypes.CDLL(None); path = sys.argv[1]\n"
         "def seen():\n"
         "    text, status = ctypes.create_string_buffer(4096), ctypes.create_string_buffer(256)\n"
         "    length = libc.readlink(b'/proc/self/fd/%d' % fd, text, 4096); libc.fstat64(fd, status)\n"
         "    print(text.raw[:length].decode().replace(' ', '_'), int.from_bytes(status.raw[16:24], 'little'))\n"
         "if len(sys.argv) > 2: os.environ['DROVER_CRIU_DUMPED'] = str(os.getpid())\n"
         "fd = os.open(path, os.O_RDWR | os.O_CREAT); number = '%x' % os.fstat(fd).st_ino; seen()\n"
         "os.link(path, path + '2'); os.unlink(path); seen()\n"
         "os.rename(path + '2', path); seen()\n"
         "os.unlink(path); seen(); print(number)")


def fact_a_file_of_home_has_a_name_for_criu_whatever_became_of_its_own(_):
    place = next(d for d in (TARGET, "/var/tmp", "/") if os.stat(d).st_dev == os.stat("/").st_dev)
    path = f"{place}/named-{os.getpid()}"
    *seen, number = python(NAMES, path, "dumped")
    held = f"/{os.path.basename(path)}.drover-open-{number}"
    equal(seen, [path, "1", held, "1", path, "1", held, "1"])
    deleted = path + "_(deleted)"
    equal(python(NAMES, path)[:-1], [path, "1", deleted, "1", deleted, "1", deleted, "0"], "no guest is dumped")


def fact_a_file_that_never_had_a_name_is_opened_by_the_one_it_has_for_criu(_):
    script = ("import ctypes, os, sys\nlibc = ctypes.CDLL(None, use_errno=True); path = sys.argv[1].encode()\n"
              "os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))\n"
              "fd = libc.openat64(-100, path, os.O_RDWR | os.O_TMPFILE, 0o600); print(fd >= 0 or ctypes.get_errno())\n"
              "os.unlink(path)")
    equal(python(script, f"/var/tmp/x.drover-open-{os.getpid():x}"), ["True"])
    equal(python(script, f"/var/tmp/x-{os.getpid()}"), ["20"], "ENOTDIR")


PEERS = ("import os, socket, struct, threading\n"
         "def peer(s): return struct.unpack('3i', s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:]\n"
         "listener = socket.socket(socket.AF_UNIX); listener.bind('\\0peers-%d' % os.getpid()); listener.listen()\n"
         "client = socket.socket(socket.AF_UNIX); client.connect(listener.getsockname())\n"
         "internet = socket.socket(); internet.bind(('127.0.0.1', 0)); internet.listen()\n"
         "print(*peer(socket.socketpair()[0]), *peer(client), *os.getresuid(), *os.getresgid(), open('/proc/self/status').read().split('CapEff:')[1].split()[0] != '0' * 16)")


def fact_the_peers_of_a_users_unix_sockets_are_that_user(_):
    for name, uid, groups, peer in (("a user's", "1234", "2345,1,2", "1234 2345"), ("root's", "0", "0", "0 0")):
        env = dict(os.environ, LD_PRELOAD=SHIM, DROVER_UID=uid, DROVER_GROUPS=groups)
        done = subprocess.run([sys.executable, "-c", PEERS], env=env, capture_output=True, text=True)
        equal(done.stdout.strip(), f"{peer} {peer} 0 0 0 0 0 0 True", name + done.stderr)


# As `criu lazy-pages` waits for pages: without a pause, and with an error for whatever ends the call.
ROUNDS = ("import ctypes, os, select, sys, time\nlibc = ctypes.CDLL(None, use_errno=True)\n"
          "down, up = os.pipe(); poll = select.epoll(); poll.register(down, select.EPOLLIN); event = ctypes.create_string_buffer(64)\n"
          "def wait(timeout): return libc.epoll_wait(poll.fileno(), event, 1, timeout)\n")


def fact_who_asks_without_a_pause_waits_when_nothing_came_twice(_):
    script = ROUNDS + ("wait(0); began = time.monotonic(); rounds = [wait(0) for _ in range(3)]; waited = time.monotonic() - began\n"
                       "os.write(up, b'x'); began = time.monotonic(); came = [wait(0) for _ in range(1000)]\n"
                       "print(rounds, waited > 0.25, set(came), time.monotonic() - began < 1)")
    equal(" ".join(python(script)), "[0, 0, 0] True {1} True")


def fact_a_wait_goes_on_when_its_process_was_stopped(_):
    script = ROUNDS + "os.dup2(up, 99); print('waits', flush=True); print(wait(-1))"
    for shim, end in (True, "1\n"), (False, "-1\n"):
        env = dict(os.environ, **({"LD_PRELOAD": SHIM} if shim else {}))
        p = subprocess.Popen([sys.executable, "-c", script], env=env, stdout=subprocess.PIPE, text=True)
        equal(p.stdout.readline(), "waits\n")
        until(lambda: "epoll" in open(f"/proc/{p.pid}/wchan").read(), "it waits")
        p.send_signal(signal.SIGSTOP)
        until(lambda: "State:\tT" in open(f"/proc/{p.pid}/status").read(), "it is stopped")
        p.send_signal(signal.SIGCONT)
        if shim:
            until(lambda: "epoll" in open(f"/proc/{p.pid}/wchan").read(), "it waits again")
            with open(f"/proc/{p.pid}/fd/99", "w") as writes:
                writes.write("x")
        equal(p.communicate(timeout=10)[0], end)
