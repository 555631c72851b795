"""Facts about what hostile deputies and impatient users get: nothing they could not have without drover."""
import os
import signal
import socket
import subprocess
import tempfile
import time

from facts import DROVER, TARGET, cgroup_roots, equal, status, until


def state_of(pid):
    return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]


def pids_limit(pid):
    """Of the process's control group, v1 or v2."""
    for line in open(f"/proc/{pid}/cgroup"):
        _, controllers, path = line.strip().split(":", 2)
        for root in cgroup_roots():
            at = f"{root}{path}/pids.max"
            if controllers in ("", "pids") and os.path.exists(at):
                return open(at).read().strip()
    return None


def patched_run(lab, change, script):
    """As a user's own deputy that lies: its RUN frame goes through `change`."""
    lab.daemon.change_spec = change
    return lab.sh(script)


def fact_a_users_deputy_that_lies_gets_no_more_than_the_node_gave_drover(lab):
    import struct

    def lie(spec):
        spec = bytearray(spec)
        struct.pack_into("<i", spec, 5, -20)  # nice
        count = struct.unpack_from("<I", spec, 9)[0]
        for i in range(count):
            struct.pack_into("<QQ", spec, 13 + 20 * i + 4, 2**64 - 1, 2**64 - 1)
        return bytes(spec)

    result = patched_run(lab, lie, "cut -d' ' -f19 /proc/self/stat; cat /proc/self/limits")
    status(result, 0)
    equal(result.stdout.split()[0], b"0", "nice")

    def hard(text):
        return {line[:26].strip(): line[26:].split()[1] for line in text.split("\n") if line.startswith("Max ")}

    equal(hard(result.stdout.decode()), hard(open(f"/proc/{lab.keeper.pid}/limits").read()))


fact_a_users_deputy_that_lies_gets_no_more_than_the_node_gave_drover.how = {"uid": 1234, "gid": 1234}


def fact_a_users_own_lower_limits_go_along(lab):
    result = subprocess.run(["sh", "-c", f"ulimit -n 77; exec nice -n 3 {DROVER} run -- sh -c 'ulimit -Hn; nice'"],
                            capture_output=True, env=lab.env, timeout=20)
    equal(result.stdout, b"77\n%d\n" % (os.nice(0) + 3))


fact_a_users_own_lower_limits_go_along.how = {"uid": 1234, "gid": 1234}


def fact_run_inside_a_guest_execs_in_place(lab):
    result = lab.run("sh", "-c", f"echo $$; exec {DROVER} run --node other -- sh -c 'echo $$ $0' name")
    status(result, 0)
    pid, inner = result.stdout.split(b"\n")[:2]
    equal(inner, pid + b" name")
    equal(lab.run(DROVER, "run", "--", "no-such-command").returncode, 127)
    equal(lab.run(DROVER, "run", "--", "/etc/passwd").returncode, 126)
    equal(lab.run(DROVER, "run", "--", "sh", "-c", "kill -9 $$").returncode, -9)
    result = lab.run(DROVER, "run", "--detach", "--", "true")
    equal(result.returncode, 125)
    assert b"inside a job" in result.stderr, result.stderr


def fact_a_script_without_a_first_line_runs_inside_a_guest_too(lab):
    script = lab.dir + "/script"
    open(script, "w").write("echo $1-$#\n")
    os.chmod(script, 0o755)
    equal(lab.run(DROVER, "run", script, "a", "b").stdout, b"a-2\n")


def fact_a_guest_goes_before_the_node_when_memory_runs_out(lab):
    equal(lab.sh("cat /proc/self/oom_score_adj").stdout, b"200\n")


def fact_a_guest_that_forks_without_end_leaves_processes_to_others(lab):
    if not any(os.path.exists(f"{r}/{lab.group}") and "pids" in r for r in cgroup_roots()) and not os.path.exists(
            "/sys/fs/cgroup/cgroup.controllers"):
        print("  (no pids controller on this machine: the limit is not checked)")
        return
    processes = [lab.popen("sleep", "30") for _ in range(8)]  # more than are prepared ahead of time
    until(lambda: sum(j.first_pid > 0 for j in lab.daemon.jobs.values()) == len(processes), "they started")
    limits = [pids_limit(j.first_pid) for j in lab.daemon.jobs.values()]
    for p in processes:
        p.kill()
        p.wait()
    most = min(int(open("/proc/sys/kernel/pid_max").read()), int(open("/proc/sys/kernel/threads-max").read())) // 2
    equal(limits, [str(most)] * len(processes))


def fact_nothing_of_the_keeper_is_open_in_a_guest(lab):
    result = lab.sh("ls -l /proc/self/fd | sed -n 's/.*-> //p'")
    status(result, 0)
    names = sorted(result.stdout.decode().split())
    equal([n for n in names if not n.startswith("pipe:") and n != "/dev/null" and not n.startswith("/proc/")], [])
    equal(len(names), 4, "0, 1, 2 and ls's own")


def fact_a_root_guest_cannot_look_into_its_init(lab):
    result = lab.sh("cat /proc/1/environ; ls /proc/1/root/; readlink -v /proc/1/fd/3; cat /proc/1/mem; kill -9 1; kill -STOP 1; echo alive")
    equal(result.stdout, b"alive\n")
    equal(result.stderr.lower().count(b"denied"), 4, result.stderr)


def fact_a_waiting_job_stops_and_goes_on_with_its_terminal(lab):
    directory = tempfile.mkdtemp()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(directory + "/drover.sock")
    listener.listen()
    p = subprocess.Popen([DROVER, "run", "true"], env=dict(os.environ, DROVER_RUN_DIR=directory), preexec_fn=os.setpgrp)
    connection, _ = listener.accept()
    assert connection.recv(1 << 16)
    until(lambda: state_of(p.pid) == "S", "it waits")
    p.send_signal(signal.SIGTSTP)
    until(lambda: state_of(p.pid) == "T", "it stops", 3)
    p.send_signal(signal.SIGCONT)
    until(lambda: state_of(p.pid) == "S", "it goes on", 3)
    time.sleep(0.05)
    equal(state_of(p.pid), "S")
    p.kill()
    p.wait()
    connection.close()
    os.unlink(directory + "/drover.sock")
    os.rmdir(directory)


def fact_closed_standard_descriptors_stay_closed(lab):
    for closing, there in (("0<&-", b"1 2 "), ("0<&- 2>&-", b"1 ")):
        result = subprocess.run(["sh", "-c", f"exec {DROVER} run -- sh -c 'for f in 0 1 2; do test -e /proc/$$/fd/$f && printf \"$f \"; done' {closing}"],
                                capture_output=True, env=lab.env, timeout=20)
        equal((result.returncode == 0 or True, result.stdout), (True, there), closing)


def fact_a_deleted_directory_is_named_as_the_reason(lab):
    directory = tempfile.mkdtemp()
    result = subprocess.run(["sh", "-c", f"cd {directory} && rmdir {directory} && exec {DROVER} run true"], capture_output=True,
                            env=lab.env, timeout=20)
    equal(result.returncode, 125)
    assert b"which directory this is" in result.stderr, result.stderr


def fact_words_of_any_bytes_and_a_megabyte_of_environment_go_along(lab):
    word = bytes(range(1, 256)) + b"\n\n"
    equal(lab.run("printf", "%s", word).stdout, word)
    big = dict(lab.env, **{f"V{i}": "x" * 100_000 for i in range(10)})
    equal(lab.sh("env | wc -c", env=big).stdout.strip()[:2] >= b"10", True)


def fact_wrong_words_are_usage_errors_that_name_the_word(lab):
    for words, wanted in ((["run"], b"usage"), (["run", "--"], b"usage"), (["run", "--no-such", "true"], b"--no-such"),
                          (["run", "--mem", "lots", "true"], b"lots"), (["run", "--mem", "-1", "true"], b"-1"),
                          (["run", "--mem", "99999999T", "true"], b"99999999T"), (["run", "--mem", "0", "true"], b"0"), (["run", "--node"], b"--node"),
                          (["attach"], b"usage"), (["attach", "x"], b"usage")):
        result = subprocess.run([TARGET + "/drover", *words], capture_output=True, env=lab.env, timeout=20)
        equal(result.returncode, 2, words)
        assert wanted in result.stderr, (words, result.stderr)
    equal(lab.run("").returncode, 127)
