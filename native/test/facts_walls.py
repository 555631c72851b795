"""Facts about what a guest cannot reach, and about what it leaves behind."""
import os
import signal
import subprocess
import sys
import time

from facts import TARGET, cgroup_roots, equal, status, until
from fake_daemon import K_LIST, frame


def refused(lab, script, why=b""):
    result = lab.sh(script)
    assert result.returncode != 0, f"{script} succeeded: {result.stdout}"
    assert why in result.stderr, result.stderr


def fact_a_root_guest_cannot_change_the_node(lab):
    refused(lab, "echo x > /proc/sys/kernel/hostname", b"Read-only")
    refused(lab, "echo '|/bin/sh' > /proc/sys/kernel/core_pattern", b"Read-only")
    refused(lab, "echo h > /proc/sysrq-trigger; test -s /proc/sysrq-trigger")
    refused(lab, "mknod /tmp/drover-device b 8 0", b"not permitted")
    refused(lab, "mount -t tmpfs none /mnt")
    refused(lab, "umount /proc")
    refused(lab, "mount -o remount,rw /proc/sys")
    refused(lab, "hostname other")
    refused(lab, "date -s @0 >&2")
    refused(lab, "echo 1 > /sys/kernel/mm/ksm/run || touch /sys/x")
    refused(lab, "echo $$ > /sys/fs/cgroup/memory/cgroup.procs")
    refused(lab, "unshare -m true")
    refused(lab, "dmesg")
    refused(lab, "renice -n -5 $$")


def fact_a_root_guest_holds_no_dangerous_capability(lab):
    result = lab.sh("grep Cap /proc/self/status")
    kept = {line.split(":")[0]: int(line.split()[1], 16) for line in result.stdout.decode().strip().split("\n")}
    dangerous = [2, 9, 12, 16, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 34, 37, 38, 39, 40]
    for name, value in kept.items():
        equal([c for c in dangerous if value >> c & 1], [], name)
    equal(kept["CapInh"], 0)
    equal(kept["CapAmb"], 0)


def fact_a_users_guest_has_its_ids_and_no_capability(lab):
    result = lab.sh("id -u; id -g; grep -E 'Cap(Eff|Prm|Bnd)' /proc/self/status | awk '{print $2}'; echo x > /dev/stdout")
    equal(result.stdout.decode().split(), ["1234", "1234"] + ["0000000000000000"] * 3 + ["x"])
    refused(lab, "cat /etc/shadow", b"denied")


fact_a_users_guest_has_its_ids_and_no_capability.how = {"uid": 1234, "gid": 1234}


def fact_calls_that_ignore_namespaces_are_denied(lab):
    script = ("import ctypes, os; libc = ctypes.CDLL(None, use_errno=True)\n"
              "for number in (250, 248, 249, 304, 246, 175, 169, 321, 298, 323, 165, 308):\n"
              "    ctypes.set_errno(0); r = libc.syscall(number, 0, 0, 0, 0, 0)\n"
              "    print(number, r, ctypes.get_errno())\n")
    result = lab.run(sys.executable, "-c", script)
    for line in result.stdout.decode().strip().split("\n"):
        equal(line.split()[1:], ["-1", "1"], line)


def fact_what_nobody_sees_from_outside_and_a_move_would_lose_a_guest_does_without(lab):
    script = ("import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
              "print(libc.syscall(444, None, 0, 1), ctypes.get_errno(), libc.prctl(65, 1, 0, 0, 0), ctypes.get_errno(), libc.prctl(66, 0, 0, 0, 0),"
              " libc.prctl(29, 123456, 0, 0, 0), libc.prctl(30, 0, 0, 0, 0))")
    equal(lab.run("python3", "-c", script).stdout.split(), b"-1 95 -1 22 0 0 123456".split(), "no Landlock, no PR_SET_MDWE; other prctl(2) as ever")


def fact_guests_do_not_see_each_other_or_the_nodes_network(lab):
    p = lab.popen("python3", "-c", "import socket, time\ns = socket.socket(socket.AF_UNIX); s.bind('\\0drover-test'); s.listen()\n"
                  "t = socket.socket(); t.bind(('127.0.0.1', 5555)); t.listen(); print('up', flush=True); time.sleep(30)",
                  stdout=subprocess.PIPE)
    equal(p.stdout.readline(), b"up\n")
    script = ("import socket\nfor f, a in ((socket.AF_UNIX, '\\0drover-test'), (socket.AF_INET, ('127.0.0.1', 5555))):\n"
              "    s = socket.socket(f)\n    print(s.connect_ex(a))\n"
              "print(sorted(n for _, n in socket.if_nameindex())[0])\n")
    equal(lab.run("python3", "-c", script).stdout.split()[:2], [b"111", b"111"])
    result = lab.sh("ls /sys/class/net; cat /proc/net/dev | wc -l")
    assert b"eth" not in result.stdout and b"lo" in result.stdout, result.stdout
    other = next(iter(lab.daemon.jobs.values())).first_pid
    refused(lab, f"kill -0 {other}")
    p.kill()
    p.wait()


def with_homes_network(lab, resolvers, script):
    """What the script prints in a guest that has its home's network."""
    lab.daemon.net, lab.daemon.resolvers = 2, resolvers
    try:
        return lab.sh(script).stdout.decode().strip()
    finally:
        lab.daemon.net, lab.daemon.resolvers = 0, ("", "")


def fact_a_guest_in_homes_network_has_a_device_with_its_address_and_a_default_route(lab):
    before = lab.daemon.networks
    script = ("ls /sys/class/net; cat /sys/class/net/home0/mtu; awk '{print $6}' /proc/net/if_inet6; test ! -e /tun; test ! -e /dev/net; awk '$2 == \"00000000\" {print $1}' /proc/net/route;"
              "python3 -c \"import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9));"
              " print(s.getsockname()[0])\"")
    equal(with_homes_network(lab, ("", ""), script).split(), ["home0", "lo", "1500", "lo", "home0", "198.18.0.5"])
    equal(lab.daemon.networks, before + 1, "devices told to the daemon")
    # whoever takes the keeper's attention next is told of those of guests that still run
    lab.daemon.net = 2
    p = lab.popen("sh", "-c", "echo up; exec sleep 30", stdout=subprocess.PIPE)
    try:
        equal(p.stdout.readline(), b"up\n")
        told = lab.daemon.networks
        lab.daemon.send_keeper(frame(K_LIST))
        until(lambda: lab.daemon.networks == told + 1, "the next daemon is told of the device")
    finally:
        lab.daemon.net = 0
        p.kill()
        p.wait()


def fact_a_guest_in_homes_network_asks_the_servers_of_names_that_home_says(lab):
    lines = "nameserver 198.18.0.1\nsearch lab\n"
    equal(with_homes_network(lab, ("/run/resolver/deep/resolv.conf", lines), "cat /run/resolver/deep/resolv.conf"), lines.strip())
    with open("/etc/resolv.conf", "rb") as file:
        nodes = file.read()
    equal(with_homes_network(lab, (os.path.realpath("/etc/resolv.conf"), lines), "cat /etc/resolv.conf; cat /etc/hostname"),
          (lines + open("/etc/hostname").read()).strip())
    with open("/etc/resolv.conf", "rb") as file:
        equal(file.read(), nodes, "the node's own file")


def fact_the_loopback_of_a_guest_is_up(lab):
    script = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); socket.create_connection(s.getsockname()); print('ok')"
    equal(lab.run("python3", "-c", script).stdout, b"ok\n")


def fact_the_keepers_sockets_are_hidden_from_guests(lab):
    result = lab.sh(f"ls -A {lab.run_dir} | wc -l")
    equal(result.stdout, b"0\n")
    refused(lab, f"test -S {lab.run_dir}/keeper.sock")


def fact_the_guest_has_devices_of_its_own(lab):
    result = lab.sh("ls /dev | tr '\\n' ' '; echo x > /dev/null && head -c 4 /dev/urandom | wc -c; test -w /dev/shm && echo shm; ls -l /dev/vda")
    words = result.stdout.decode().split()
    for name in ("fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"):
        assert name in words, (name, words)
    assert "vda" not in words, words
    assert "4" in words, words


def fact_the_guests_mount_table_holds_its_own_root_only(lab):
    result = lab.sh("sleep 0.2; cut -d' ' -f5 /proc/self/mountinfo")
    mounts = result.stdout.decode().split()
    equal(mounts.count("/"), 1, "roots")
    equal([m for m in mounts if "mnt" in m and m.startswith(lab.run_dir)], [])
    for wanted in ("/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/run"):
        equal(mounts.count(wanted), 1, wanted)


def fact_nothing_is_left_of_200_guests(lab):
    def state():
        mounts = len(open(f"/proc/{lab.keeper.pid}/mountinfo").readlines())
        groups = sum(len([d for d in os.listdir(f"{r}/{lab.group}") if os.path.isdir(f"{r}/{lab.group}/{d}")])
                     for r in cgroup_roots() if os.path.isdir(f"{r}/{lab.group}"))
        children = open(f"/proc/{lab.keeper.pid}/task/{lab.keeper.pid}/children").read().split()
        return len(os.listdir(f"/proc/{lab.keeper.pid}/fd")), mounts, groups, len(children)

    def settled():
        time.sleep(0.1)
        return state() == before

    lab.run("true")
    time.sleep(0.3)
    before = state()
    for i in range(200):
        result = lab.run("true") if i % 10 else lab.run("false")
        equal(result.returncode, 0 if i % 10 else 1)
    until(settled, "the keeper is as before", 5)
    assert "busy" not in lab.keeper_log(), lab.keeper_log()


def fact_100_guests_at_once_all_end(lab):
    processes = [lab.popen("sh", "-c", f"sleep 0.2; exit {i % 50}") for i in range(100)]
    for i, p in enumerate(processes):
        equal(p.wait(30), i % 50)


def fact_a_killed_keeper_takes_its_guests_along(lab):
    lab.daemon.tolerant = True
    p = lab.popen("sh", "-c", "sleep 1000 & sleep 1000")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    pid = next(iter(lab.daemon.jobs.values())).first_pid
    children = open(f"/proc/{pid}/task/{pid}/children").read().split()
    lab.keeper.kill()
    lab.keeper.wait()
    until(lambda: not any(os.path.exists(f"/proc/{q}") for q in [pid, *children]), "all are gone")
    p.kill()
    p.wait()


def fact_a_second_keeper_refuses(lab):
    result = subprocess.run([TARGET + "/drover-keeper", "--socket", lab.run_dir + "/keeper.sock", "--run-dir", lab.run_dir,
                             "--init", TARGET + "/drover-init"], capture_output=True, timeout=5)
    equal(result.returncode, 1)
    assert b"another keeper" in result.stderr, result.stderr
    status(lab.run("true"), 0)


def fact_garbage_on_the_keepers_socket_costs_only_that_connection(lab):
    import random
    import socket
    import struct
    chance = random.Random(3)
    for round_number in range(60):
        s = socket.socket(socket.AF_UNIX)
        s.connect(lab.run_dir + "/keeper.sock")
        body = chance.randbytes(chance.randrange(0, 200))
        if round_number % 3 == 0:
            s.sendall(body)
        elif round_number % 3 == 1:
            s.sendall(struct.pack("<IB", len(body) + 1, chance.randrange(1, 9)) + body)
        else:
            s.sendall(struct.pack("<I", 0xFFFFFFF0) + body)
        s.close()
    lab.daemon.return_to_keeper()
    status(lab.run("true"), 0)


def fact_a_lease_that_runs_out_freezes_and_a_new_one_thaws(lab):
    from fake_daemon import K_LEASE, frame, text
    import struct

    def lease(milliseconds):
        lab.daemon.send_keeper(frame(K_LEASE, text(lab.daemon.HOME) + struct.pack("<Q", milliseconds)))

    path = lab.dir + "/ticks"
    p = lab.popen("sh", "-c", f"while :; do echo >> {path}; sleep 0.02; done")
    until(lambda: os.path.exists(path), "it runs")
    lease(150)
    time.sleep(0.4)
    frozen = os.path.getsize(path)
    time.sleep(0.3)
    equal(os.path.getsize(path), frozen, "nothing is written while frozen")
    lease(10000)
    until(lambda: os.path.getsize(path) > frozen, "it goes on")
    lease(1)
    time.sleep(0.1)
    p.kill()  # a frozen guest can be killed
    p.wait()
    until(lambda: not lab.daemon.jobs or all(not os.path.exists(f"/proc/{j.first_pid}") for j in lab.daemon.jobs.values()), "gone")


def fact_a_frozen_guest_stands_still_whatever_its_lease_and_dies_when_killed(lab):
    from fake_daemon import K_LEASE, K_SESSION, S_FREEZE, S_SIGNAL, frame, text
    import struct

    def freeze(frozen):
        lab.daemon.send_keeper(frame(K_SESSION, lab.daemon.key(job) + bytes([S_FREEZE, frozen])))
        until(lambda: job.frozen == frozen, "the keeper says so")

    def lease(milliseconds):
        lab.daemon.send_keeper(frame(K_LEASE, text(lab.daemon.HOME) + struct.pack("<Q", milliseconds)))

    def stands():
        time.sleep(0.1)  # what was being written is written
        before = os.path.getsize(path)
        time.sleep(0.3)
        return os.path.getsize(path) == before

    def goes_on():
        before = os.path.getsize(path)
        until(lambda: os.path.getsize(path) > before, "it goes on")

    path = lab.dir + "/ticks"
    p = lab.popen("sh", "-c", f"while :; do echo >> {path}; sleep 0.02; done")
    until(lambda: os.path.exists(path), "it runs")
    job = next(iter(lab.daemon.jobs.values()))
    freeze(1)
    equal(stands(), True, "frozen")
    lease(10000)
    equal(stands(), True, "frozen, though its lease was renewed")
    lease(1)
    time.sleep(0.1)
    freeze(0)
    equal(stands(), True, "it may go on, but has no lease")
    lease(10000)
    goes_on()
    freeze(1)
    freeze(0)
    goes_on()
    freeze(1)
    p.send_signal(signal.SIGTERM)
    equal(stands(), True, "a signal waits")
    lab.daemon.send_keeper(frame(K_SESSION, lab.daemon.key(job) + struct.pack("<BIB", S_SIGNAL, 0, signal.SIGKILL)))
    assert p.wait() in (-signal.SIGTERM, -signal.SIGKILL), p.returncode  # thawed to be killed, it finds both


def fact_the_keeper_survives_its_daemon_and_names_its_guests_to_the_next(lab):
    p = lab.popen("sleep", "5")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    lab.daemon.lose = [("keeper", 0)]
    lab.daemon.inventory = None
    os.write(lab.daemon.wake_w, b"x")
    until(lambda: lab.daemon.inventory, "the inventory is told")
    equal(lab.daemon.inventory[:4], b"\x01\0\0\0", "one guest")
    p.kill()
    p.wait()


def fact_a_directory_the_node_lacks_is_refused_with_its_name(lab):
    import tempfile
    import shutil
    directory = tempfile.mkdtemp()
    os.chmod(directory, 0o700)
    result = lab.sh("true", cwd=directory)
    shutil.rmtree(directory)
    equal(result.returncode, 125)
    assert b"cannot enter the directory " + directory.encode() in result.stderr, result.stderr


fact_a_directory_the_node_lacks_is_refused_with_its_name.how = {"uid": 1234, "gid": 1234}


def fact_a_homefs_is_mounted_its_descriptor_passed_and_a_stalled_one_stalls_nobody(lab):
    import socket
    import struct
    from fake_daemon import K_KILL, K_MOUNT, K_START, K_UNMOUNT, frame, text

    def ask(data, wanted):
        s.sendall(data)
        fds, answer = [], b""
        while not any(kind == wanted for kind, _ in frames_of(answer)):
            piece, ancillary, _, _ = s.recvmsg(65536, 1024)
            assert piece, "the keeper closed the connection"
            answer += piece
            for _, _, passed in ancillary:
                fds += struct.unpack("%di" % (len(passed) // 4), passed)
        return next(body for kind, body in frames_of(answer) if kind == wanted), fds

    def frames_of(data):
        while len(data) >= 5 and len(data) >= 4 + struct.unpack_from("<I", data)[0]:
            length = struct.unpack_from("<I", data)[0]
            yield data[4], data[5 : 4 + length]
            data = data[4 + length :]

    status(lab.run("true"), 0)
    spec = lab.daemon.spec
    s = socket.socket(socket.AF_UNIX)
    s.connect(lab.run_dir + "/keeper.sock")
    s.settimeout(5)
    answer, fds = ask(frame(K_MOUNT, text("other") + struct.pack("<I", 1 << 17)), 101)
    errno, connection, already = struct.unpack_from("<iQB", answer, 9)
    equal((errno, already, len(fds)), (0, 0, 1))
    assert os.readlink(f"/proc/self/fd/{fds[0]}") == "/dev/fuse"
    assert os.path.isdir(f"/sys/fs/fuse/connections/{connection}") or not os.listdir("/sys/fs/fuse/connections"), connection
    answer, again = ask(frame(K_MOUNT, text("other") + struct.pack("<I", 1 << 17)), 101)
    equal((struct.unpack_from("<iQB", answer, 9), len(again)), ((0, connection, 1), 1), "the same mount once more")
    # Nobody answers on this homefs: the guest hangs in its first look at it, the keeper does not.
    key = text("other") + struct.pack("<QI", 77, 1)
    s.sendall(frame(K_START, key + bytes([1]) + struct.pack("<III", 0, 0, 0) + text("h") + struct.pack("<QIB", 0, 100, 0) + spec))
    time.sleep(0.2)
    answer, _ = ask(frame(8), 106)
    s.sendall(frame(K_KILL, key))
    answer, _ = ask(b"", 104)
    assert b"killed while it started" in answer, answer
    answer, _ = ask(frame(K_UNMOUNT, text("other")), 107)
    equal(struct.unpack_from("<i", answer, 9)[0], 0)
    for fd in fds + again:
        os.close(fd)
    s.close()
    lab.daemon.tolerant = True
