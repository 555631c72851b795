"""Facts about guests that are to move, as far as no CRIU and no home's files are needed: what is refused goes on."""
import os
import struct
import subprocess

from facts import equal, until
from fake_daemon import frame, text

K_DUMP, K_RESUME, K_ABANDON, K_LEFT, K_DUMP_FAILED, K_DEAD = 9, 12, 13, 14, 111, 113


def ask_to_dump(lab):
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    job = next(iter(lab.daemon.jobs.values()))
    criu = b"".join(text(word) for word in ("/no/criu", "/no/shim", "/no/gate", "/no/image"))
    lab.daemon.send_keeper(frame(K_DUMP, lab.daemon.key(job) + criu))
    until(lambda: lab.daemon.of_moves, "the keeper answers")
    kind, rest = lab.daemon.of_moves[0]
    equal(kind, K_DUMP_FAILED)
    return rest[4 : 4 + struct.unpack_from("<I", rest)[0]].decode(), job


def fact_a_guest_on_homes_own_files_is_not_dumped_and_goes_on(lab):
    p = lab.popen("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    why, job = ask_to_dump(lab)
    equal(why, "it runs at home, on home's own files")
    for kind in (K_ABANDON, K_RESUME):  # said again, or late: nothing to be done
        lab.daemon.send_keeper(frame(kind, lab.daemon.key(job)))
    equal(p.communicate(b"goes on", 10)[0], b"goes on")
    equal(p.returncode, 0)


def fact_a_guest_that_is_another_nodes_now_is_ended_and_said_to_be_dead(lab):
    p = lab.popen("sleep", "100")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    job = next(iter(lab.daemon.jobs.values()))
    lab.daemon.send_keeper(frame(K_LEFT, lab.daemon.key(job)))
    until(lambda: [kind for kind, _ in lab.daemon.of_moves] == [K_DEAD], "it is dead")
    equal(os.path.exists(f"/proc/{job.pid}"), False)
    p.kill()
    p.wait(10)


def fact_a_guest_that_does_not_move_has_its_network_again(lab):
    lab.daemon.net = 2
    p = lab.popen("cat", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        until(lambda: lab.daemon.networks, "the daemon has its device")
        told = lab.daemon.networks
        ask_to_dump(lab)
        equal(lab.daemon.networks, told + 1, "the daemon, which had let go of it, has it again")
    finally:
        lab.daemon.net = 0
    equal(p.communicate(b"", 10)[0], b"")


def look_at(init, keeper, uid):
    env = dict(os.environ, CRTOOLS_SCRIPT_ACTION="pre-resume", CRTOOLS_INIT_PID=str(init), DROVER_GATE="/no/gate", DROVER_MOVE="1",
               DROVER_KEEPER=str(keeper), DROVER_UID=str(uid), DROVER_GROUPS=str(uid), DROVER_ROOT="/", DROVER_RESOLVERS="")
    gate = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "target/drover-criu-gate")
    done = subprocess.run([gate], env=env, capture_output=True, text=True, timeout=20)
    equal(done.returncode, 1)
    return done.stderr


def says(words, text):
    assert words in text, text


def fact_what_is_restored_as_a_process_of_the_node_is_no_guest_and_does_not_live(lab):
    p = subprocess.Popen(["sleep", "100"])
    says("namespace of its node", look_at(p.pid, lab.keeper.pid, 0))
    equal(p.wait(10), -9)


def restored_guest(lab):
    p = lab.popen("sleep", "100")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    init = next(iter(lab.daemon.jobs.values())).pid
    # Its init says so before it gives up what it needed until then.
    until(lambda: "CapPrm:\t0000000000000020" in open(f"/proc/{init}/status").read(), "its init may kill, and no more")
    return p, init


def fact_what_is_restored_with_roots_rights_is_no_users_guest_and_does_not_live(lab):
    p, init = restored_guest(lab)
    says("has rights that its job has not", look_at(init, lab.keeper.pid, 1234))
    equal(p.wait(10), -9)


def fact_a_restored_guest_of_root_is_one_but_does_not_live_without_its_keeper(lab):
    p, init = restored_guest(lab)
    says("cannot reach the keeper", look_at(init, lab.keeper.pid, 0))
    equal(p.wait(10), -9)
