"""What the benches of the cluster share: a lab's nodes, seen from outside, and their daemons asked at their sockets."""

import json
import os
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
COMMAND, RESULT, TEXT = 20, 120, 121


def drover():
    """The image that the build makes, or what DROVER names."""
    return os.environ.get("DROVER", str(HERE.parent / "dist/target/image/bin/drover"))


class Lab:
    def __init__(self, name):
        self.name = name

    def run(self, *words, limit=600):
        subprocess.run([drover(), "lab", *words, "--name", self.name], check=True, timeout=limit)

    def up(self, nodes):
        started = time.monotonic()
        self.run("up", "--nodes", str(nodes), limit=60 + 30 * nodes)
        return time.monotonic() - started

    def down(self):
        self.run("down")

    def exec(self, node, *words, group="home", detach=None):
        """Runs words on a node, and returns what they say; detached: they go on, and say it into that file."""
        more = ["--detach", detach] if detach else []
        command = [f"/run/drover-lab/{self.name}/exec", node, "--group", group, *more, "--", *words]
        return subprocess.run(command, check=True, timeout=600, capture_output=True, text=True).stdout

    def configure(self, node, line):
        """Adds a line to a node's configuration, and starts its daemon anew. Returns when that can be asked."""
        with self.inside(node, "/etc/drover/drover.properties").open("a") as f:
            f.write(line + "\n")
        for pid in self.processes()[node]["daemon"]:
            os.kill(pid, signal.SIGKILL)
            while os.path.exists(f"/proc/{pid}"):
                time.sleep(0.02)
        self.exec(node, "drover", "daemon", group="system", detach=f"/run/drover-lab/{self.name}/log/{node}.log")

    def await_all(self, node, count, limit=60):
        """Until that node's daemon lists so many nodes as up."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            try:
                if len([each for each in converse(self.inits()[node], {"command": "nodes"}, 3)["result"] if each["state"] == "up"]) >= count:
                    return
            except (OSError, KeyError):
                pass
            time.sleep(0.1)
        raise SystemExit(f"not all of {count} nodes were up on {node} within {limit} s")

    def inits(self):
        """Name of each running node, and its first process as the machine sees it."""
        directory = Path("/run/drover-lab") / self.name
        found = {}
        for file in sorted(directory.glob("nodes/*/init"), key=lambda f: int(f.parent.name[1:])):
            pid = int(file.read_text().split()[0])
            if os.path.exists(f"/proc/{pid}"):
                found[file.parent.name] = pid
        return found

    def inside(self, node, path):
        """A file of that node, seen from outside."""
        return Path(f"/proc/{self.inits()[node]}/root{path}")

    def add_user(self, name, uid):
        """An ordinary user of n1, who may run drover, too, also if the checkout is in root's own directory."""
        for file, lines in ("/etc/passwd", [f"{name}:x:{uid}:{uid}::/:/bin/sh"]), ("/etc/group", [f"drover:x:7001:{name}", f"{name}:x:{uid}:"]):
            inside = self.inside("n1", file)
            there = [line.split(":")[0] for line in inside.read_text().splitlines()]
            with inside.open("a") as f:
                f.writelines(line + "\n" for line in lines if line.split(":")[0] not in there)
        for place in list(Path(drover()).resolve().parents)[2:-1]:
            inside = self.inside("n1", place)
            inside.chmod(inside.stat().st_mode | 0o111)

    def processes(self):
        """For each node its daemon, its keeper, and the keeper's waiting inits: those of its uts namespace."""
        owner = {}
        for node, pid in self.inits().items():
            owner[os.stat(f"/proc/{pid}/ns/uts").st_ino] = node
        found = {node: {"daemon": [], "keeper": [], "init": []} for node in owner.values()}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                command = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
                program = os.path.basename(command[0].decode(errors="replace"))
                kind = (
                    "keeper" if program == "drover-keeper"
                    else "init" if program == "drover-init"
                    else "daemon" if b"drover.daemon/drover.daemon.Main" in command and b"daemon" in command
                    else None
                )
                if kind is None:
                    continue
                # An init waits in namespaces of its own; its parent is the keeper.
                at = entry
                if kind == "init":
                    at = Path(f"/proc/{entry}/stat").read_text().rsplit(")", 1)[1].split()[1]
                node = owner.get(os.stat(f"/proc/{at}/ns/uts").st_ino)
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            if node:
                found[node][kind].append(int(entry))
        return found


def converse(init, question, limit):
    """The daemon's answer in the node with this first process, as the commands get it; raises OSError if there is none."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(limit)
        s.connect(f"/proc/{init}/root/run/drover/drover.sock")
        frame = bytes([COMMAND]) + json.dumps(question).encode()
        s.sendall(struct.pack("<I", len(frame)) + frame)
        data = b""
        while True:
            while len(data) < 5 or len(data) < 4 + struct.unpack_from("<I", data)[0]:
                more = s.recv(65536)
                if not more:
                    raise OSError("the daemon closed the connection")
                data += more
            end = 4 + struct.unpack_from("<I", data)[0]
            if data[4] == RESULT:
                return json.loads(data[5:end])
            if data[4] != TEXT:
                raise OSError(f"unexpected frame of type {data[4]}")
            data = data[end:]


def ask(init, limit=3.0):
    """What `drover nodes --json` prints in the node with this first process; None while no daemon answers."""
    try:
        return converse(init, {"command": "nodes"}, limit).get("result")
    except OSError:
        return None


def states(answer):
    return {} if answer is None else {node["name"]: node["state"] for node in answer}


def cpu_seconds(pid):
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid):
    """Pss and Rss of smaps_rollup."""
    found = {"Pss": 0, "Rss": 0}
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            key = line.split(":")[0]
            if key in found:
                found[key] = int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found


class Idle:
    """How much of the machine nobody used meanwhile: below 5 %, wall times say nothing."""

    def __init__(self):
        self.first = self.look()

    @staticmethod
    def look():
        fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return fields[3] + fields[4], sum(fields)

    def percent(self):
        idle, whole = self.look()
        return 100.0 * (idle - self.first[0]) / max(1, whole - self.first[1])
