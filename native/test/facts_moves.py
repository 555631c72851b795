"""Facts about guests that are to move, as far as no CRIU and no home's files are needed: what is refused goes on."""
import os
import struct
import subprocess
import tempfile

from facts import TARGET, equal, until
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


def gate(action, init, keeper, uid, image="/no/image"):
    env = dict(os.environ, CRTOOLS_SCRIPT_ACTION=action, CRTOOLS_INIT_PID=str(init), CRTOOLS_IMAGE_DIR=image, DROVER_GATE="/no/gate", DROVER_MOVE="1",
               DROVER_KEEPER=str(keeper), DROVER_UID=str(uid), DROVER_GROUPS=str(uid), DROVER_ROOT="/", DROVER_RESOLVERS="")
    return subprocess.run([TARGET + "/drover-criu-gate"], env=env, capture_output=True, text=True, timeout=20)


def look_at(init, keeper, uid):
    done = gate("pre-resume", init, keeper, uid)
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


HALF = ("import ctypes, threading, time\nlibc = ctypes.CDLL(None)\nthreading.Thread(target=time.sleep, args=(100,)).start()\n"
        "libc.syscall(116, 0, None); libc.syscall(119, 1234, 1234, 1234); libc.syscall(117, 1234, 1234, 1234)\n"
        "print('half', flush=True); time.sleep(100)")


def fact_a_guest_of_which_one_thread_has_more_rights_is_none_and_does_not_live(lab):
    p = lab.popen("python3", "-c", HALF, stdout=subprocess.PIPE)
    equal(p.stdout.readline(), b"half\n")
    init = next(iter(lab.daemon.jobs.values())).pid
    until(lambda: "CapPrm:\t0000000000000020" in open(f"/proc/{init}/status").read(), "its init may kill, and no more")
    says("has rights that its job has not", look_at(init, lab.keeper.pid, 1234))
    equal(p.wait(10), -9)


def fact_a_restored_guest_of_root_is_one_but_does_not_live_without_its_keeper(lab):
    p, init = restored_guest(lab)
    says("cannot reach the keeper", look_at(init, lab.keeper.pid, 0))
    equal(p.wait(10), -9)


HAS = ("import ctypes, os, socket\nlibc = ctypes.CDLL(None)\n"
       "s = socket.socket(); s.setsockopt(6, 18, 12345); os.sched_setaffinity(0, {0}); libc.prctl(29, 123456, 0, 0, 0)\n"
       "print(os.getpid(), s.fileno(), flush=True)\n"
       "import sys; sys.stdin.read()")


def fact_what_criu_does_not_know_of_a_guest_is_in_its_image(lab):
    p = lab.popen("python3", "-c", HAS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    number, fd = p.stdout.readline().split()
    init = next(iter(lab.daemon.jobs.values())).pid
    with tempfile.TemporaryDirectory() as image:
        says("cannot reach the keeper", gate("post-dump", init, lab.keeper.pid, 0, image=image).stderr)
        written = open(image + "/drover-attributes.img").read()
    equal(written, f"affinity {number} {1:0256x}\nslack {number} 123456\nuser-timeout {number} {fd} 12345\n")
    equal(p.communicate("", 10)[0], "")


def fact_a_guest_that_has_not_read_what_it_watches_files_for_stays(lab):
    script = ("import ctypes, os, time\nlibc = ctypes.CDLL(None); fd = libc.inotify_init(); libc.inotify_add_watch(fd, b'/tmp', 0x200)\n"
              "os.close(os.open('/tmp/watched', os.O_CREAT)); os.unlink('/tmp/watched'); print('watches', flush=True); time.sleep(100)")
    p = lab.popen("python3", "-c", script, stdout=subprocess.PIPE, text=True)
    p.stdout.readline()
    init = next(iter(lab.daemon.jobs.values())).pid
    with tempfile.TemporaryDirectory() as image:
        done = gate("post-dump", init, lab.keeper.pid, 0, image)
    equal(done.returncode, 1)
    says("Error (drover-criu-gate): it has not read yet what it watches files for", done.stderr)
    p.kill()
    p.wait(10)
