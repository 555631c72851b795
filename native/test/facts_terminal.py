"""Facts about jobs on a terminal, driven through a real pty with a shell that does job control."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from facts import DROVER, equal, until


class Screen:
    """An interactive bash on a pty."""

    def __init__(self, lab, words=("bash", "--norc", "--noprofile", "-i"), rows=33, columns=97):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            env = dict(lab.env, PS1="$ ", TERM="dumb", PATH=os.path.dirname(DROVER) + ":" + os.environ["PATH"], LC_ALL="C")
            os.execvpe(words[0], words, env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = b""

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, wanted, seconds=10):
        end = time.monotonic() + seconds
        while not re.search(wanted.encode(), self.text):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f"no {wanted!r} on the screen: {self.text!r}")
            try:
                piece = os.read(self.fd, 65536)
            except OSError:
                piece = b""
            if not piece:
                raise AssertionError(f"the terminal closed without {wanted!r}: {self.text!r}")
            self.text += piece
        match = re.search(wanted.encode(), self.text)
        self.text = self.text[match.end():]
        return match

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def runs(*words):
    """Whether there is a process of that command line."""
    wanted = "".join(word + "\0" for word in words).encode()
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if file.read_bytes() == wanted:
                return True
        except OSError:
            pass  # it has ended
    return False


def on_screen(body):
    def fact(lab):
        screen = Screen(lab)
        try:
            screen.expect(r"\$ ")
            body(lab, screen)
        finally:
            screen.close()
    fact.__name__ = body.__name__
    return fact


@on_screen
def fact_the_guest_has_a_terminal_of_the_same_size(lab, screen):
    screen.type("drover run sh -c 'tty; stty size; test -t 0 && test -t 1 && test -t 2 && echo all three'; stty -a | grep -c -- ' icanon'\n")
    screen.expect(r"\n/dev/pts/0\r\n33 97\r\nall three\r\n1\r\n\$ ")


@on_screen
def fact_a_new_window_size_reaches_the_guest(lab, screen):
    screen.type("drover run bash -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.05; done'\n")
    screen.expect("\nready")
    fcntl.ioctl(screen.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 111, 0, 0))
    screen.expect(r"50 111\r\n")


@on_screen
def fact_control_c_ends_the_guest_and_the_shell_sees_130(lab, screen):
    screen.type("drover run sh -c 'echo ready; sleep 100'; echo \"status $?\"\n")
    screen.expect("\nready")
    screen.type("\x03")
    screen.expect(r"\n\$ ")
    screen.type("echo still here $?\n")
    screen.expect(r"still here 130")


@on_screen
def fact_control_z_stops_and_fg_continues(lab, screen):
    screen.type("drover run cat\n")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    screen.type("hello\n")
    screen.expect(r"hello\r\nhello\r\n")
    screen.type("\x1a")
    screen.expect(r"Stopped")
    pid = next(iter(lab.daemon.jobs.values())).first_pid
    equal(open(f"/proc/{pid}/stat").read().split()[2], "T", "the guest is stopped")
    screen.type("echo shell has the terminal\n")
    screen.expect(r"\nshell has the terminal\r\n")
    screen.type("fg\n")
    screen.expect(r"drover run cat")
    screen.type("again\n")
    screen.expect(r"again\r\nagain\r\n")
    screen.type("\x04")
    screen.expect(r"\$ ")
    screen.type("echo ended $?\n")
    screen.expect("\nended 0")


@on_screen
def fact_a_job_in_the_background_leaves_the_keyboard_to_the_shell(lab, screen):
    screen.type("drover run sh -c 'sleep 1; echo from the background' &\n")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    screen.type("echo typed at the shell\n")
    screen.expect(r"\ntyped at the shell\r\n")
    screen.expect(r"from the background")
    screen.type("wait; echo waited $?\n")
    screen.expect(r"\nwaited 0")


@on_screen
def fact_an_interactive_shell_has_job_control_of_its_own(lab, screen):
    screen.type("drover run env PS1='guest> ' bash --norc --noprofile -i\n")
    screen.expect(r"\nguest> ")  # not the command's echo, which has that, too
    screen.type("sleep 100.5\n")
    until(lambda: runs("sleep", "100.5"), "it sleeps")
    screen.type("\x1a")
    screen.expect(r"Stopped +sleep 100.5")
    screen.type("kill %1; fg\n")
    screen.expect("Terminated")
    screen.type("exit 6\n")
    screen.expect(r"\n\$ ")
    screen.type("echo shell said $?\n")
    screen.expect(r"\nshell said 6")


@on_screen
def fact_output_to_a_pipe_still_has_the_keyboard(lab, screen):
    screen.type("drover run sh -c 'read -r a; echo got $a; echo on the terminal > /dev/tty' | tr a-z A-Z\n")
    until(lambda: any(j.first_pid for j in lab.daemon.jobs.values()), "it started")
    screen.type("word\n")
    screen.expect(r"on the terminal")
    screen.expect(r"GOT WORD")


@on_screen
def fact_piped_input_and_a_terminal_for_output_go_together(lab, screen):
    screen.type("printf 'a\\nb\\n' | drover run sh -c 'cat; test -t 1 && echo tty'\n")
    screen.expect(r"\na\r\nb\r\ntty\r\n\$ ")


@on_screen
def fact_a_killed_guest_gives_the_terminal_back(lab, screen):
    screen.type("drover run sh -c 'stty raw -echo; echo ready; kill -9 $$'\n")
    screen.expect("Killed")
    screen.type("stty -a | grep -c -- ' icanon'\n")
    screen.expect(r"\n1\r\n")
