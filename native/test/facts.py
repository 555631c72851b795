import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

from fake_daemon import FakeDaemon

TARGET = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "target")
DROVER = TARGET + "/drover"
FACT_LIMIT_SECONDS = 60  # the longest moves 100 MiB
LIMIT_SECONDS = 20  # of one command: far beyond any of them


class Lab:
    """One keeper, one fake daemon, and deputies."""

    def __init__(self, **how):
        self.dir = tempfile.mkdtemp(prefix="drn-")
        os.chmod(self.dir, 0o755)
        self.run_dir = self.dir + "/run"
        os.mkdir(self.run_dir)
        self.group = "drover-test-%d" % os.getpid()
        self.how = how
        self.log = open(self.dir + "/keeper.log", "w")
        self.keeper = subprocess.Popen(
            [TARGET + "/drover-keeper", "--socket", self.run_dir + "/keeper.sock", "--run-dir", self.run_dir,
             "--init", TARGET + "/drover-init", "--guest-cgroup", self.group, "--guest-weight", "10", "--foreground"],
            stderr=self.log)
        until(self.keeper_listens, "the keeper listens")
        self.daemon = FakeDaemon(self.run_dir, **how)
        self.env = dict(os.environ, DROVER_RUN_DIR=self.run_dir)
        self.deputies = []

    def keeper_listens(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.run_dir + "/keeper.sock") == 0

    def popen(self, *words, options=(), **more):
        more.setdefault("env", self.env)
        self.deputies.append(subprocess.Popen([DROVER, "run", *options, "--", *words], **more))
        return self.deputies[-1]

    def run(self, *words, options=(), **more):
        more.setdefault("stdin", subprocess.DEVNULL)
        if "input" in more:
            del more["stdin"]
        more.setdefault("env", self.env)
        more.setdefault("timeout", LIMIT_SECONDS)
        return subprocess.run([DROVER, "run", *options, "--", *words], capture_output=True, **more)

    def sh(self, script, **more):
        return self.run("sh", "-c", script, **more)

    def keeper_log(self):
        return open(self.dir + "/keeper.log").read()

    def close(self):
        for deputy in self.deputies:  # of a fact that failed
            if deputy.poll() is None:
                deputy.kill()
                deputy.wait(10)
        self.daemon.close()
        if self.keeper.poll() is None:
            self.keeper.terminate()
            self.keeper.wait(10)
        for base in cgroup_roots():
            path = f"{base}/{self.group}"
            for _ in range(50):
                if not os.path.isdir(path):
                    break
                for child in os.listdir(path):
                    if os.path.isdir(f"{path}/{child}"):
                        try:
                            os.rmdir(f"{path}/{child}")
                        except OSError:
                            pass
                try:
                    os.rmdir(path)
                except OSError:
                    time.sleep(0.05)
            equal(os.path.isdir(path), False, "cgroup is removed: " + path)
        shutil.rmtree(self.dir)


def cgroup_roots():
    return [line.split()[1] for line in open("/proc/mounts") if line.split()[2] in ("cgroup", "cgroup2")]


def equal(got, wanted, what=""):
    if got != wanted:
        raise AssertionError(f"{what}: got {short(got)}, wanted {short(wanted)}")


def short(value):
    value = repr(value)
    return value if len(value) < 600 else value[:300] + "..." + value[-300:]


def until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError(f"within {seconds} s: {what}")


def status(process, wanted, what=""):
    equal((process.returncode, process.stderr), (wanted, b""), what)


def fact_exit_status_is_the_commands(lab):
    for code in (0, 3, 255):
        status(lab.sh(f"exit {code}"), code)


def fact_an_unknown_command_is_127_and_says_so(lab):
    result = lab.run("no-such-command-at-all")
    equal(result.returncode, 127)
    assert b"command not found" in result.stderr, result.stderr
    result = lab.run("./no/such/file")
    equal(result.returncode, 127)


def fact_a_file_that_is_not_executable_is_126(lab):
    equal(lab.run("/etc/passwd").returncode, 126)
    equal(lab.run("/etc").returncode, 126)


def fact_a_script_without_interpreter_line_is_run_by_sh(lab):
    path = lab.dir + "/script"
    with open(path, "w") as f:
        f.write('echo "$0" "$1"\n')
    os.chmod(path, 0o755)
    equal(lab.run(path, "word").stdout.decode().split(), [path, "word"])


def fact_a_missing_interpreter_is_127_from_the_node(lab):
    path = lab.dir + "/script"
    with open(path, "w") as f:
        f.write("#!/no/such/interpreter\n")
    os.chmod(path, 0o755)
    result = lab.run(path)
    equal(result.returncode, 127)
    assert b"cannot run" in result.stderr, result.stderr


def fact_death_by_a_signal_is_the_deputys_death(lab):
    for signo in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGHUP):
        status(lab.sh(f"kill -{int(signo)} $$"), -signo, signo.name)


def fact_signals_go_to_the_guest(lab):
    p = lab.popen("sh", "-c", 'trap "echo got; exit 7" USR1; echo ready; while :; do sleep 0.02; done', stdout=subprocess.PIPE)
    equal(p.stdout.readline(), b"ready\n")
    p.send_signal(signal.SIGUSR1)
    equal((p.stdout.read(), p.wait(10)), (b"got\n", 7))
    p = lab.popen("sleep", "100")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    p.terminate()
    equal(p.wait(10), -signal.SIGTERM)


def fact_the_guest_is_in_namespaces_of_its_own_and_sees_only_itself(lab):
    result = lab.sh("cat /proc/1/comm; ls -d /proc/[0-9]* | wc -l; hostname; readlink /proc/self/ns/*; ls -AR /run | tr '\\n' ' '; echo")
    lines = result.stdout.decode().split("\n")
    equal(lines[0], "drover-init")
    assert int(lines[1]) <= 5, lines
    equal(lines[2], "homename")
    equal(lines[-2], "/run: drover  /run/drover: drover-init guest ", "a /run with nothing but init and the guest's mark")
    for kind in ("pid", "mnt", "ipc", "uts", "net"):
        here = os.readlink(f"/proc/self/ns/{kind}")
        assert here not in lines, (kind, lines)


def fact_nothing_of_init_is_outside_of_its_guest(lab):
    p = lab.popen("sleep", "100")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    init = f"/proc/{next(iter(lab.daemon.jobs.values())).pid}"
    until(lambda: len(os.listdir(init + "/fd")) == 5, "the control socket of before is gone")
    equal(os.readlink(init + "/exe"), "/run/drover/drover-init", "its program")
    equal([os.readlink(f"{init}/fd/{fd}") for fd in range(3)], ["/dev/null"] * 3)
    mounts = {line.split()[0] for line in open(init + "/mountinfo")}
    for fd in range(3):
        mount = next(line.split()[1] for line in open(f"{init}/fdinfo/{fd}") if line.startswith("mnt_id"))
        assert mount in mounts, (fd, mount, mounts)
    status_lines = dict(line.split(":", 1) for line in open(init + "/status"))
    equal(status_lines["NSsid"].split()[-1], "1", "its session is its own")
    control = os.readlink(init + "/fd/3").strip("socket:[]")
    assert any(line.split()[6] == control for line in open(init + "/net/unix").readlines()[1:]), "its control socket is in its network"
    p.terminate()
    equal(p.wait(10), -signal.SIGTERM)


def too_long(signo, stack):
    raise AssertionError(f"not ended within {FACT_LIMIT_SECONDS} s")


def main(names):
    if os.geteuid() != 0:
        print("0 passed, 0 failed, all skipped: namespaces and cgroups need root")
        return 1
    import facts_attacks
    import facts_criu
    import facts_moves
    import facts_pager
    import facts_streams
    import facts_terminal
    import facts_walls
    os.chdir("/")  # the checkout may be in root's home, which Debian closes to the users whom guests run as
    signal.signal(signal.SIGALRM, too_long)
    facts = {}
    for module in (sys.modules[__name__], facts_streams, facts_terminal, facts_walls, facts_attacks, facts_criu, facts_moves, facts_pager):
        facts.update({n: f for n, f in vars(module).items() if n.startswith("fact_")})
    passed, failed = 0, []
    for name, fact in facts.items():
        if names and not any(part in name for part in names):
            continue
        begun, lab = time.monotonic(), None
        try:
            lab = Lab(**getattr(fact, "how", {}))
            signal.alarm(FACT_LIMIT_SECONDS)
            try:
                fact(lab)
            finally:
                signal.alarm(0)
                log = lab.keeper_log()
                lab.close()
            passed += 1
            print(f"ok   {name} ({time.monotonic() - begun:.2f} s)", flush=True)
        except Exception:
            failed.append(name)
            print(f"FAIL {name}\n{traceback.format_exc()}{log if lab else ''}", flush=True)
    for name in failed:
        print("failed: " + name)
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0
