"""Facts about stdin, stdout, stderr, and about daemons that come and go."""
import hashlib
import os
import random
import signal
import socket
import subprocess
import time

from facts import DROVER, cgroup_roots, equal, status, until

MIB = 1 << 20


def pattern(length, seed=7):
    return random.Random(seed).randbytes(length)


def fact_100_mib_through_stdin_and_stdout_arrive_intact(lab):
    data = pattern(100 * MIB)
    result = lab.run("cat", input=data, timeout=60)
    status(result, 0)
    equal(hashlib.sha256(result.stdout).digest(), hashlib.sha256(data).digest())


def fact_a_file_as_stdin_and_stdout_arrives_intact(lab):
    data = pattern(20 * MIB)
    with open(lab.dir + "/in", "wb") as f:
        f.write(data)
    with open(lab.dir + "/in", "rb") as i, open(lab.dir + "/out", "wb") as o:
        p = lab.popen("cat", stdin=i, stdout=o)
        equal(p.wait(30), 0)
        equal(i.seek(0, os.SEEK_CUR), len(data), "offset of the shared file")
    equal(open(lab.dir + "/out", "rb").read(), data)


def fact_a_pipe_is_not_read_ahead(lab):
    script = f'while read -r line; do {DROVER} run head -c 0 && echo "$line"; done'
    result = subprocess.run(["sh", "-c", script], input=b"one\ntwo\nthree\n", capture_output=True, env=lab.env, timeout=20)
    equal((result.stdout, result.stderr), (b"one\ntwo\nthree\n", b""))
    script = f"{DROVER} run sh -c 'read -r a; echo first $a'; cat"
    result = subprocess.run(["sh", "-c", script], input=b"one\ntwo\nthree\n", capture_output=True, env=lab.env, timeout=20)
    equal((result.stdout, result.stderr), (b"first one\ntwo\nthree\n", b""))


def fact_a_files_offset_is_exact_after_the_guest(lab):
    path = lab.dir + "/lines"
    with open(path, "wb") as f:
        f.write(b"0123456789" * 100000)
    with open(path, "rb") as f:
        os.lseek(f.fileno(), 5, os.SEEK_SET)
        p = lab.popen("dd", "bs=1", "count=12345", "status=none", stdin=f, stdout=subprocess.PIPE)
        out = p.stdout.read()
        equal(p.wait(20), 0)
        equal(out, (b"0123456789" * 100000)[5:12350])
        equal(os.lseek(f.fileno(), 0, os.SEEK_CUR), 12350)


def fact_a_socket_as_stdin_is_not_read_ahead(lab):
    ours, theirs = socket.socketpair()
    ours.sendall(b"one\ntwo\n")
    p = lab.popen("sh", "-c", "read -r a; echo $a", stdin=theirs, stdout=subprocess.PIPE)
    equal((p.stdout.read(), p.wait(10)), (b"one\n", 0))
    equal(theirs.recv(100), b"two\n")


def fact_stdin_is_never_made_non_blocking(lab):
    read, write = os.pipe()
    p = lab.popen("sleep", "0.2", stdin=read, stdout=write)
    time.sleep(0.1)
    import fcntl
    for fd in (read, write):
        equal(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
    equal(p.wait(10), 0)


def fact_bytes_typed_slowly_arrive_as_they_come(lab):
    p = lab.popen("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    for i in range(20):
        p.stdin.write(b"%d\n" % i)
        equal(p.stdout.readline(), b"%d\n" % i)
    p.stdin.close()
    equal(p.wait(10), 0)


def fact_stdout_and_stderr_in_one_pipe_keep_their_order(lab):
    script = "for i in 1 2 3 4 5 6 7 8 9; do echo out$i; echo err$i >&2; done"
    p = lab.popen("sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wanted = b"".join(b"out%d\nerr%d\n" % (i, i) for i in range(1, 10))
    equal((p.stdout.read(), p.wait(10)), (wanted, 0))


def fact_stdout_and_stderr_apart_stay_apart(lab):
    result = lab.sh("echo out; echo err >&2")
    equal((result.stdout, result.stderr), (b"out\n", b"err\n"))


def fact_a_closed_reader_gives_the_guest_sigpipe(lab):
    script = f"{DROVER} run yes | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", script], capture_output=True, env=lab.env, timeout=10)
    equal((result.returncode, result.stdout, result.stderr), (128 + signal.SIGPIPE, b"y\n", b""))


def fact_a_guest_that_closes_stdin_does_not_stall_the_writer(lab):
    script = f"(head -c 3000000 /dev/zero; echo rest >&2) | {DROVER} run sh -c 'exec <&-; sleep 0.3; echo done'"
    result = subprocess.run(["bash", "-c", script], capture_output=True, env=lab.env, timeout=10)
    equal((result.returncode, result.stdout), (0, b"done\n"))


def fact_closed_and_null_descriptors_are_so_for_the_guest(lab):
    script = f"{DROVER} run sh -c 'ls -l /proc/self/fd > {lab.dir}/fds' <&- >&- 2>/dev/null"
    equal(subprocess.run(["bash", "-c", script], env=lab.env, timeout=10).returncode, 0)
    lines = open(lab.dir + "/fds").read()
    assert "2 -> /dev/null" in lines, lines
    assert " 0 -> /proc" in lines, lines  # ls opened it: 0 was free


def fact_the_guest_inherits_three_descriptors_only(lab):
    r, w = os.pipe()
    result = lab.sh("ls /proc/self/fd", pass_fds=(r, w))
    equal(result.stdout.split(), [b"0", b"1", b"2", b"3"])  # 3 is ls's own


def fact_environment_directory_umask_limits_nice_and_name_go_along(lab):
    script = ("umask 027; ulimit -n 1234; cd /usr/share; export WORD='a b'; trap '' USR2; "
              f"exec nice -n 3 {DROVER} run bash -c 'umask; ulimit -n; pwd; echo \"$WORD\"; nice; "
              "grep SigIgn /proc/self/status'")
    result = subprocess.run(["bash", "-c", script], capture_output=True, env=lab.env, timeout=10)
    lines = result.stdout.decode().split("\n")
    equal(lines[:5], ["0027", "1234", "/usr/share", "a b", str(os.nice(0) + 3)])
    assert int(lines[5].split()[1], 16) & 1 << (signal.SIGUSR2 - 1), lines
    equal(result.stderr, b"")


def fact_the_first_process_has_its_deputys_pid(lab):
    p = lab.popen("sh", "-c", "echo $$; sh -c 'echo $$'", stdout=subprocess.PIPE)
    first, second = p.stdout.read().split()
    equal(p.wait(10), 0)
    equal(int(first), p.pid)
    assert int(second) > int(first), (first, second)


def fact_a_dead_deputy_takes_the_guest_along(lab):
    p = lab.popen("sleep", "1000")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    pid = next(iter(lab.daemon.jobs.values())).first_pid
    p.kill()
    p.wait()
    until(lambda: not os.path.exists(f"/proc/{pid}"), "the guest is gone")


def lose_connections(lab, what, rounds, mib):
    data = pattern(mib * MIB, seed=rounds)
    chance = random.Random(42)
    lab.daemon.lose = [(what[i % len(what)], chance.randrange(MIB // 8, mib * MIB * 2 // rounds)) for i in range(rounds)]
    p = lab.popen("sh", "-c", "tee /dev/stderr", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    import threading
    got = {}

    def read(name, pipe):
        got[name] = pipe.read()

    threads = [threading.Thread(target=read, args=a) for a in (("out", p.stdout), ("err", p.stderr))]
    for t in threads:
        t.start()
    p.stdin.write(data)
    p.stdin.close()
    equal(p.wait(60), 0)
    for t in threads:
        t.join()
    equal(lab.daemon.lose, [], "every loss happened")
    for name in ("out", "err"):
        equal((len(got[name]), hashlib.sha256(got[name]).digest()), (len(data), hashlib.sha256(data).digest()), name)


def fact_a_restarted_home_daemon_loses_and_doubles_no_byte(lab):
    lose_connections(lab, ["clients"], 8, 16)


def fact_a_restarted_node_daemon_loses_and_doubles_no_byte(lab):
    lose_connections(lab, ["keeper"], 8, 16)


def fact_both_daemons_restarted_in_turn_lose_no_byte(lab):
    lose_connections(lab, ["keeper", "clients"], 10, 16)


def fact_an_exit_while_the_daemon_is_away_is_told_later(lab):
    p = lab.popen("sh", "-c", "echo before; sleep 0.4; echo after; exit 9", stdout=subprocess.PIPE)
    equal(p.stdout.readline(), b"before\n")
    with lab.daemon.lock:
        lab.daemon.lose = [("clients", 0), ("keeper", 0)]
    os.write(lab.daemon.wake_w, b"x")
    equal((p.stdout.read(), p.wait(10)), (b"after\n", 9))


def fact_without_a_daemon_it_says_what_why_and_what_next(lab):
    result = lab.run("true", env=dict(lab.env, DROVER_RUN_DIR="/nonexistent"))
    equal(result.returncode, 125)
    for part in (b"cannot reach the daemon at /nonexistent/drover.sock", b"No such file", b"drover daemon", b"drover doctor"):
        assert part in result.stderr, result.stderr


def fact_wrong_usage_is_2(lab):
    for words in (["--nonsense"], ["--mem", "lots", "true"], ["--node"], []):
        result = subprocess.run([DROVER, "run", *words], capture_output=True, env=lab.env, timeout=5)
        equal(result.returncode, 2, words)
        assert b"usage: drover run" in result.stderr, result.stderr


def fact_options_reach_the_daemon_as_json(lab):
    import json
    lab.run("true", options=("--node", "n2", "--nodes=a,b", "--mem", "2G", "--stay", "--checkpoint", "1m", "--net", "none", "--tree"))
    equal(json.loads(lab.daemon.options),
          {"node": "n2", "nodes": ["a", "b"], "mem": 2 << 30, "stay": True, "checkpoint": 60, "net": "none", "tree": True})


def fact_a_detached_job_prints_its_number_and_writes_its_log(lab):
    result = lab.run("sh", "-c", "sleep 0.3; echo to the log; echo err >&2", options=("--detach",))
    equal(result.returncode, 0, result.stderr)
    number = int(result.stdout)
    assert number in lab.daemon.jobs
    until(lambda: number not in lab.daemon.jobs, "it ended")
    equal(open(f"{lab.run_dir}/{number}.log").read(), "to the log\nerr\n")


def fact_what_a_job_leaves_behind_lives_on_and_prints(lab):
    read, write = os.pipe()
    may_end = lab.dir + "/may-end"
    p = lab.popen("sh", "-c", f"(while [ ! -e {may_end} ]; do sleep 0.02; done; echo late) & exit 4", stdout=write)
    os.close(write)
    equal(p.wait(10), 4, "the first process's end does not wait")
    open(may_end, "w").close()
    equal(os.read(read, 100), b"late\n")
    equal(os.read(read, 100), b"", "the last deputy is gone")


def fact_use_is_measured(lab):
    result = lab.sh("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 1")
    equal(result.returncode, 0)
    until(lambda: lab.daemon.last, "the end was told")
    user, system, rss = lab.daemon.last.usage
    assert 50_000 < user + system < 20_000_000, (user, system)
    assert rss > 500_000, rss
    assert lab.daemon.last.usages, "live use was told"


def told_busy(lab, number):
    usages = lab.daemon.jobs[number].usages
    return [busy for *_, busy in usages]


def fact_a_guest_that_waits_is_told_to_be_idle_and_one_that_is_starved_busy(lab):
    result = lab.run("sleep", "100", options=("--detach",))
    until(lambda: told_busy(lab, int(result.stdout))[-1:] == [0], "a sleeper is idle", 10)
    groups = [r for r in cgroup_roots() if os.path.exists(f"{r}/{lab.group}/cpu.max")
              or os.path.exists(f"{r}/{lab.group}/cpu.cfs_quota_us")]
    if not groups:
        return  # nobody can be starved here
    starved = int(lab.run("sh", "-c", "while :; do :; done", options=("--detach",)).stdout)
    until(lambda: told_busy(lab, starved)[-1:] == [1], "a loop is busy", 10)

    def limit(*files):
        for name, text in files:
            if os.path.exists(f"{groups[0]}/{lab.group}/{name}"):
                with open(f"{groups[0]}/{lab.group}/{name}", "w") as file:
                    file.write(text)

    limit(("cpu.cfs_period_us", "1000000"), ("cpu.cfs_quota_us", "1000"), ("cpu.max", "1000 1000000"))
    try:
        time.sleep(4)  # some ticks of the keeper, in which it gets a thousandth of a core
        equal(told_busy(lab, starved)[-1], 1, "it still wants the processor")
    finally:
        limit(("cpu.cfs_quota_us", "-1"), ("cpu.max", "max"))  # who is killed needs some to die


def fact_attach_shows_the_log_passes_signals_and_ends_as_the_job(lab):
    result = lab.run("sh", "-c", "echo first; exec sleep 100", options=("--detach",))
    number = int(result.stdout)
    until(lambda: os.path.exists(f"{lab.run_dir}/{number}.log") and os.path.getsize(f"{lab.run_dir}/{number}.log"), "it prints")
    p = subprocess.Popen([DROVER, "attach", str(number)], env=lab.env, stdout=subprocess.PIPE)
    equal(p.stdout.readline(), b"first\n")
    p.send_signal(signal.SIGTERM)
    equal(p.wait(10), -signal.SIGTERM)
    until(lambda: number not in lab.daemon.jobs, "its deputy was told too")
    result = subprocess.run([DROVER, "attach", "1"], env=lab.env, capture_output=True, timeout=5)
    equal(result.returncode, 1)
    assert b"no job 1" in result.stderr, result.stderr


def fact_other_words_become_java_of_25_or_newer(lab):
    image = lab.dir + "/image"
    for directory in ("bin", "lib", "jdk/bin", "old/bin"):
        os.makedirs(f"{image}/{directory}")
    import shutil
    shutil.copy(DROVER, image + "/bin/drover")
    for jdk, version in (("jdk", "25.0.1"), ("old", "21.0.2")):
        with open(f"{image}/{jdk}/release", "w") as f:
            f.write(f'IMPLEMENTOR="x"\nJAVA_VERSION="{version}"\n')
        with open(f"{image}/{jdk}/bin/java", "w") as f:
            f.write(f'#!/bin/sh\necho {jdk} "$@"\n')
        os.chmod(f"{image}/{jdk}/bin/java", 0o755)
    with open(image + "/lib/daemon.jvm", "w") as f:
        f.write("# a note\n-Dextra=1\n")
    env = dict(lab.env, DROVER_JAVA_HOME=image + "/old", JAVA_HOME=image + "/jdk")

    def words(*arguments):
        return subprocess.run([image + "/bin/drover", *arguments], env=env, capture_output=True, timeout=5).stdout.decode().split()

    daemon = words("daemon", "--flag")
    equal(daemon[0], "jdk", "the old one is passed over")
    memory = os.sysconf("SC_PHYS_PAGES") // 32 * os.sysconf("SC_PAGESIZE") >> 20
    for wanted in (f"-Xmx{min(max(memory, 128), 1024)}m", "-Dextra=1", f"{image}/lib", "drover.daemon/drover.daemon.Main"):
        assert wanted in daemon, (wanted, daemon)
    equal(daemon[-2:], ["daemon", "--flag"])
    assert "drover.lab/drover.lab.Main" in words("lab", "up")
    assert "drover.cli/drover.cli.Main" in words("ps")


def fact_other_words_without_java_fail_with_1_and_say_what_to_install(lab):
    hide = "for d in /usr/lib/jvm /usr/local/lib/drover; do [ ! -d $d ] || mount -t tmpfs none $d || exit 99; done; "
    result = subprocess.run(["unshare", "--mount", "sh", "-c", hide + 'exec "$0" nodes', DROVER],
                            env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}, capture_output=True, timeout=5)
    equal(result.returncode, 1)
    for wanted in (b"no Java 25", b"/usr/local/lib/drover/jdk/current", b"setup/jdk"):
        assert wanted in result.stderr, result.stderr


def fact_guests_leave_the_processor_to_the_nodes_owner(lab):
    """Both want the same one: what the owner runs gets nearly all of it."""
    if not any(os.path.exists(f"{r}/{lab.group}/{file}") for r in cgroup_roots() for file in ("cpu.weight", "cpu.shares")):
        return  # nothing is weighed here
    loop = "import os, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
    guest = int(lab.run("python3", "-c", loop, options=("--detach",)).stdout)
    until(lambda: told_busy(lab, guest)[-1:] == [1], "the guest is busy", 10)
    owner = subprocess.Popen(["python3", "-c", loop])
    try:
        used = lambda: [sum(lab.daemon.jobs[guest].usages[-1][:2]) / 1e6, cpu_seconds(owner.pid)]
        until(lambda: used()[1] > 0.2, "the owner's work has begun", 20)
        before = used()
        until(lambda: used()[1] > before[1] + 3, "the owner's work goes on", 60)
        until(lambda: len(lab.daemon.jobs[guest].usages) > 3, "the guest's use is told", 10)
        of_guest, of_owner = (now - then for now, then in zip(used(), before))
        assert of_owner > 3 * of_guest, f"the owner got {of_owner:.2f} s, the guest {of_guest:.2f} s"
    finally:
        owner.kill()
        owner.wait()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
