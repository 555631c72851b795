// Process: drover-init, pid 1 of a guest's pid namespace. Parent and only correspondent: the keeper, on CONTROL_FD.
// Usage (by the keeper): drover-init RUN_DIR CGROUP_DIRECTORY... -- CGROUP_DIRECTORY..., with its cgroup namespace made at the --.
#define _GNU_SOURCE
#include "init.h"
#include "../common/guestnet.h"
#include "../common/protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/// As if a guest held a fifth more of the node's memory than it does.
#define OOM_SCORE_OF_GUESTS "200"

void control_send(const void *message, size_t length) {
    // The keeper reads at once; if it is gone, so are we (PDEATHSIG).
    while (send(CONTROL_FD, message, length, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

_Noreturn void refuse(uint8_t exit_status, const char *what, const char *name, int error) {
    char message[1024];
    message[0] = R_FAILED;
    message[1] = (char)exit_status;
    int n = snprintf(message + 2, sizeof message - 2, "%s %s: %s", what, name, strerror(error));
    size_t length = n < 0 ? 0 : (size_t)n >= sizeof message - 2 ? sizeof message - 3 : (size_t)n;
    control_send(message, 2 + length);
    _exit(125);
}

static void join_cgroup(const char *directory) {
    char path[4200];
    if (mkdir(directory, 0755) < 0 && errno != EEXIST)
        refuse(125, "cannot make the cgroup", directory, errno);
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1)
        refuse(125, "cannot join the cgroup", directory, errno);
    close(fd);
}

/// When the node's memory runs out, a guest goes before the node's own services; not all kernels have the file.
static void be_first_to_go(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, OOM_SCORE_OF_GUESTS, strlen(OOM_SCORE_OF_GUESTS)) < 0 && errno != EACCES)
        refuse(125, "cannot set", "the guest's place in line when memory runs out", errno);
    close(fd);
}

/// Waits for START; its descriptors land in fds. The keeper closing the socket means: not needed any more.
static int receive_start(struct start_fds *fds) {
    struct init_start head;
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(8 * sizeof(int))];
    } control;
    struct iovec part = {&head, sizeof head};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n;
    do
        n = recvmsg(CONTROL_FD, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        _exit(0);
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    if (n != sizeof head || head.tag != I_START || !c || c->cmsg_type != SCM_RIGHTS)
        refuse(125, "cannot understand", "the keeper", EPROTO);
    int passed[8];
    size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), next = 0;
    memcpy(passed, CMSG_DATA(c), count * sizeof(int));
    int memory = passed[next++];
    fds->root = head.has_root ? passed[next++] : -1;
    fds->net = head.has_net ? passed[next++] : -1;
    fds->stdio[0] = head.has_stdin ? passed[next++] : -1;
    fds->stdio[1] = head.has_stdout ? passed[next++] : -1;
    fds->stdio[2] = head.has_stderr ? passed[next++] : -1;
    return memory;
}

void control_send_fd(char tag, int fd, const char *what) {
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec part = {&tag, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(int));
    if (sendmsg(CONTROL_FD, &message, MSG_NOSIGNAL) < 0)
        refuse(125, "cannot hand over", what, errno);
}

static uint64_t microseconds(struct timeval t) { return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec; }

static void fill_usage(struct init_exit *e) {
    struct rusage u;
    if (getrusage(RUSAGE_CHILDREN, &u) < 0) // everything reaped so far: orphans come to us
        return;
    e->utime_us = microseconds(u.ru_utime);
    e->stime_us = microseconds(u.ru_stime);
    e->maxrss_bytes = (uint64_t)u.ru_maxrss * 1024;
}

/// What init knows of its namespace while the guest runs.
struct watch {
    pid_t first;
    int before;    // the control socket before this one; -1 once it is read to its end
    int report_fd; // -1 once exec has been seen
    bool first_ended;
    struct prepared *prepared;
    struct init_exit exit;
};

static void first_changed(struct watch *w, int status) {
    if (WIFSTOPPED(status)) {
        char message[2] = {R_STOPPED, (char)WSTOPSIG(status)};
        control_send(message, 2);
    } else if (WIFCONTINUED(status)) {
        char message = R_CONTINUED;
        control_send(&message, 1);
    } else {
        w->first_ended = true;
        w->exit.tag = R_EXITED;
        w->exit.how = WIFSIGNALED(status);
        w->exit.code = (unsigned char)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        w->exit.core = WIFSIGNALED(status) && WCOREDUMP(status);
    }
}

/// Reaps all there is. Ends the process when the last process of the namespace is gone.
static void reap(struct watch *w) {
    bool ended_before = w->first_ended;
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED);
        if (pid == 0)
            break;
        if (pid < 0 && errno == EINTR)
            continue;
        if (pid < 0) { // ECHILD: the namespace is empty
            w->exit.gone = 1;
            break;
        }
        if (pid == w->first)
            first_changed(w, status);
    }
    if (w->report_fd >= 0)
        return; // it did not come as far as exec: that is told elsewhere
    fill_usage(&w->exit);
    if (w->first_ended && !ended_before)
        control_send(&w->exit, sizeof w->exit);
    else if (w->exit.gone) {
        w->exit.tag = R_GONE;
        control_send(&w->exit, sizeof w->exit);
    }
    if (w->exit.gone)
        _exit(0);
}

/// The report pipe closed by exec means success; a message on it is the failure.
static void read_report(struct watch *w) {
    char message[1024];
    message[0] = R_FAILED;
    ssize_t n = read(w->report_fd, message + 1, sizeof message - 1);
    if (n < 0)
        return;
    close(w->report_fd);
    w->report_fd = -1;
    if (n > 0) {
        control_send(message, 1 + (size_t)n);
        _exit(125);
    }
    char started = R_STARTED;
    control_send(&started, 1);
    root_leave_stage(w->prepared);
    sandbox_keep_only_kill();
    if (w->first_ended) { // killed between fork and exec, or so short that its end came first
        fill_usage(&w->exit);
        control_send(&w->exit, sizeof w->exit);
        if (w->exit.gone)
            _exit(0);
    }
}

static void obey(struct watch *w) {
    uint8_t message[16];
    ssize_t n = recv(w->before >= 0 ? w->before : CONTROL_FD, message, sizeof message, MSG_DONTWAIT);
    bool ended = n == 0 || (n < 0 && errno == ECONNRESET);
    if (ended && w->before >= 0) {
        close(w->before);
        w->before = -1;
        return;
    }
    if (ended)
        _exit(0); // the keeper is gone: so is the guest
    if (n == 2 && message[0] == I_SIGNAL && !w->first_ended) {
        int signo = message[1] & 0x7f;
        if (kill(message[1] & SIGNAL_TO_GROUP ? -w->first : w->first, signo) < 0 && errno == ESRCH)
            kill(w->first, signo);
    } else if (n == 1 && message[0] == I_STOP)
        kill(-1, SIGSTOP);
    else if (n == 1 && message[0] == I_CONTINUE)
        kill(-1, SIGCONT);
}

static _Noreturn void watch_over(struct watch *w, int signal_fd) {
    for (;;) {
        int control = w->before >= 0 ? w->before : CONTROL_FD;
        struct pollfd ready[3] = {{control, POLLIN, 0}, {signal_fd, POLLIN, 0}, {w->report_fd, POLLIN, 0}};
        if (poll(ready, 3, -1) < 0 && errno != EINTR)
            _exit(125);
        if (ready[2].revents) // first, so that "started" precedes "exited"
            read_report(w);
        if (ready[1].revents) {
            struct signalfd_siginfo batch[8];
            if (read(signal_fd, batch, sizeof batch) > 0)
                reap(w);
        }
        if (ready[0].revents)
            obey(w);
    }
}

/// Makes the namespaces, and all in them that needs no START.
static _Noreturn void prepare(int argc, char **argv) {
    char stage[4096];
    snprintf(stage, sizeof stage, "%s/mnt", argv[1]);
    be_first_to_go();
    int i = 2;
    for (; i < argc && strcmp(argv[i], NAMESPACE_HERE) != 0; i++)
        join_cgroup(argv[i]);
    if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP) < 0)
        refuse(125, "cannot make", "namespaces", errno);
    for (i++; i < argc; i++)
        join_cgroup(argv[i]);
    if (!guestnet_raise_loopback())
        refuse(125, "cannot raise", "the loopback", errno);
    if (!guestnet_keep_ipv6_off())
        refuse(125, "cannot switch off", "IPv6 on the guest's network device", errno);
    syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL); // ENOSYS: a kernel without keyrings has none to share
    int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (program < 0)
        refuse(125, "cannot open", "the program of init", errno);
    struct prepared prepared;
    root_prepare(stage, &prepared);
    inside_go_on(program, argv[1], &prepared);
}

int main(int argc, char **argv) {
    if (argc < 2 || getpid() != 1) {
        fprintf(stderr, "drover-init: this is pid 1 of a guest; only drover-keeper starts it\n");
        return 2;
    }
    sigset_t all;
    sigfillset(&all);
    if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 || sigprocmask(SIG_SETMASK, &all, NULL) < 0)
        refuse(125, "cannot prepare", "pid 1", errno);
    if (strcmp(argv[1], INSIDE) != 0)
        prepare(argc, argv);
    if (argc != INSIDE_ARGUMENTS)
        refuse(125, "cannot understand", "its own arguments", EPROTO);
    struct prepared prepared;
    const char *run_dir = inside_arrive(argv, &prepared);
    int signal_fd = signalfd(-1, &all, SFD_CLOEXEC);
    if (signal_fd < 0)
        refuse(125, "cannot watch", "signals", errno);

    struct start_fds fds;
    int memory = receive_start(&fds);
    struct stat st;
    void *blob = fstat(memory, &st) < 0 ? MAP_FAILED : mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, memory, 0);
    if (blob == MAP_FAILED)
        refuse(125, "cannot read", "the job's description", errno);
    close(memory);
    struct reader reader = {blob, (size_t)st.st_size, false};
    struct start start = {0};
    if (!start_parse(&reader, &start))
        refuse(125, "cannot understand", "the job's description", EPROTO);
    if (sethostname(start.hostname, strlen(start.hostname)) < 0)
        refuse(125, "cannot set the host name", start.hostname, errno);
    if (start.network.kind == NETWORK_NODE && setns(fds.net, CLONE_NEWNET) < 0)
        refuse(125, "cannot enter", "the node's network", errno);
    if (start.network.kind == NETWORK_HOME)
        network_make(&start);
    int before = inside_renew_control();
    root_enter(run_dir, &start, &fds, &prepared);
    if (start.network.kind == NETWORK_HOME)
        network_name_resolvers(&start);
    root_open_pty(&start, &fds);
    if (fds.pty_master >= 0) {
        control_send_fd(R_PTY, fds.pty_master, "the terminal");
        close(fds.pty_master);
        // The session is init's, so that the first process's group is not orphaned and ^Z stops it.
        if (ioctl(fds.pty_slave, TIOCSCTTY, 0) < 0)
            refuse(125, "cannot take", "the terminal", errno);
    }
    if (prepared.last_pid >= 0 && start.deputy_pid > 2) { // the first process has its deputy's pid, later ones follow
        char text[16];
        int n = snprintf(text, sizeof text, "%d", start.deputy_pid - 1);
        if (write(prepared.last_pid, text, (size_t)n) < 0 && errno != EINVAL)
            refuse(125, "cannot choose", "the pid", errno);
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        refuse(125, "cannot make", "a pipe", errno);
    pid_t first = fork();
    if (first < 0)
        refuse(125, "cannot start", "the first process", errno);
    if (first == 0)
        first_process(&start, &fds, report[1]);
    close(report[1]);
    for (int i = 0; i < 3; i++)
        if (fds.stdio[i] >= 0)
            close(fds.stdio[i]);
    if (fds.pty_slave >= 0)
        close(fds.pty_slave);
    if (fds.net >= 0)
        close(fds.net);
    if (fds.root >= 0)
        close(fds.root);
    munmap(blob, (size_t)st.st_size);
    struct watch watch = {.first = first, .before = before, .report_fd = report[0], .prepared = &prepared};
    watch_over(&watch, signal_fd);
}
