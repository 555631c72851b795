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
