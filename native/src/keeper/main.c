// Process: drover-keeper. Started by the daemon when nobody answers on the socket; the daemon is its only client. Here:
// the command line, the one-keeper lock, its own mount namespace, and the epoll loop.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/// The log is cut when it is longer at a start of the keeper: it holds only rare troubles.
#define LOG_LIMIT_BYTES (1 << 20)

#define QUIET_MS 2

#define CONTAINER(w, member) ((struct keeper *)((char *)(w) - offsetof(struct keeper, member)))

void note(const char *format, ...) {
    char when[32], text[1024];
    time_t now = time(NULL);
    struct tm calendar;
    strftime(when, sizeof when, "%FT%TZ", gmtime_r(&now, &calendar));
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s drover-keeper: %s\n", when, text);
}

int64_t boottime_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void watch_add(struct keeper *k, struct watch *w, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t)) {
    w->ready = ready;
    struct epoll_event e = {.events = events, .data.ptr = w};
    if (epoll_ctl(k->epoll, EPOLL_CTL_ADD, fd, &e) < 0)
        die("cannot watch a descriptor");
}

void watch_close(struct keeper *k, int fd) {
    if (epoll_ctl(k->epoll, EPOLL_CTL_DEL, fd, NULL) < 0 && errno != ENOENT)
        die("cannot stop watching a descriptor");
    close(fd);
}

static void reap(struct keeper *k) {
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid <= 0)
            return;
        struct guest *g = k->guests;
        while (g && g->cradle.pid != pid)
            g = g->next;
        if (g)
            guest_reaped(g);
        else if (!move_reaped(k, pid, status) && !pages_reaped(k, pid, status) && cradle_pool_reaped(k, pid))
            k->pool_failed = true; // what failed once fails again: until the next START, which says so to its job
    }
}

static void on_signal(struct watch *w, uint32_t events) {
    (void)events;
    struct keeper *k = CONTAINER(w, signal_watch);
    struct signalfd_siginfo info;
    while (read(k->signal_fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo == SIGCHLD)
            reap(k);
        else
            k->ending = true;
}

static void on_lease(struct watch *w, uint32_t events) {
    (void)events;
    struct keeper *k = CONTAINER(w, lease_watch);
    uint64_t expirations;
    if (read(k->lease_timer, &expirations, sizeof expirations) == sizeof expirations)
        home_check_leases(k);
}

static void on_tick(struct watch *w, uint32_t events) {
    (void)events;
    struct keeper *k = CONTAINER(w, tick_watch);
    uint64_t expirations;
    if (read(k->tick_timer, &expirations, sizeof expirations) == sizeof expirations)
        usage_tick(k);
}

static void prepare_mounts(struct keeper *k) {
    char path[4096];
    snprintf(path, sizeof path, "%s/mnt", k->run_dir);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        die("cannot make a mount namespace (is this root?)");
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        die("cannot make the directory of mounts");
    // One mount above all homes', so that a guest's init can drop them all by one call.
    if (mount("homes", path, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=700,size=1m") < 0)
        die("cannot mount the directory of homes");
}

static void lock(const struct keeper *k, const char *socket_path) {
    char path[4096];
    snprintf(path, sizeof path, "%s/keeper.lock", k->run_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        die("cannot open the lock in the run directory");
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        fprintf(stderr, "drover-keeper: another keeper serves %s; stop it with SIGTERM first\n", socket_path);
        exit(1);
    }
}

/// The parent waits until the child listens, so whoever started us can connect at once.
static void daemonise(const struct keeper *k, int *told) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        die("cannot make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("cannot fork");
    if (pid > 0) {
        close(pair[1]);
        char byte;
        _exit(read(pair[0], &byte, 1) == 1 ? 0 : 1);
    }
    close(pair[0]);
    *told = pair[1];
    setsid();
    if (chdir("/") < 0)
        die("cannot enter /");
    char path[4096];
    snprintf(path, sizeof path, "%s/keeper.log", k->run_dir);
    int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (log < 0 || null < 0)
        die("cannot open the log");
    struct stat st;
    if (fstat(log, &st) == 0 && st.st_size > LOG_LIMIT_BYTES && ftruncate(log, 0) < 0)
        die("cannot cut the log");
    dup2(null, 0);
    dup2(null, 1);
    dup2(log, 2);
}

static void loop(struct keeper *k) {
    pages_round(); // it is at work
    while (!k->ending) {
        struct epoll_event events[64];
        // A quiet moment: then the pool is filled, so that preparing never competes with a guest that is starting.
        // After a fault the next START makes its own, and the next quiet moment tries again.
        bool fill = !k->pool_failed && !cradle_pool_is_full(k);
        pages_round();
        int n = epoll_wait(k->epoll, events, 64, fill ? QUIET_MS : -1);
        pages_round();
        if (n == 0)
            cradle_fill_pool(k);
        for (int i = 0; i < n; i++) {
            struct watch *w = events[i].data.ptr;
            w->ready(w, events[i].events);
        }
        daemon_flush(k);
        guest_sweep(k);
    }
}

static void end_all(struct keeper *k) {
    for (struct guest *g = k->guests; g; g = g->next)
        guest_kill(g);
    cradle_end_pool(k);
    for (struct home *h = k->homes; h; h = h->next)
        if (h->fuse >= 0) {
            close(h->fuse); // aborts what guests still wait for, so that they can die
            h->fuse = -1;
        }
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, 0)) > 0;) {
        for (struct guest *g = k->guests; g; g = g->next)
            if (g->cradle.pid == pid) {
                cradle_removed(k, &g->cradle);
                pages_stop(g); // it would wait for its source
            }
        for (struct cradle *c = k->pool; c; c = c->next)
            if (c->pid == pid)
                cradle_removed(k, c);
    }
}

static _Noreturn void usage(void) {
    fprintf(stderr, "usage: drover-keeper --socket S --run-dir R --init PATH [--cgroup-root P] [--guest-cgroup NAME] "
                    "[--guest-weight N] [--foreground]\n");
    exit(2);
}

int main(int argc, char **argv) {
    struct keeper k = {.daemon.fd = -1};
    const char *socket_path = NULL, *cgroup_root = "/sys/fs/cgroup", *weight = "100";
    bool foreground = false;
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--socket") == 0   ? &socket_path
            : strcmp(argv[i], "--run-dir") == 0                 ? &k.run_dir
            : strcmp(argv[i], "--init") == 0                    ? &k.init_path
            : strcmp(argv[i], "--cgroup-root") == 0             ? &cgroup_root
            : strcmp(argv[i], "--guest-cgroup") == 0            ? &k.guest_cgroup
            : strcmp(argv[i], "--guest-weight") == 0            ? &weight
                                                                : NULL;
        if (strcmp(argv[i], "--foreground") == 0)
            foreground = true;
        else if (value && i + 1 < argc)
            *value = argv[++i];
        else
            usage();
    }
    if (!socket_path || !k.run_dir || !k.init_path)
        usage();
    if (access(k.init_path, X_OK) < 0) {
        fprintf(stderr, "drover-keeper: cannot run %s: %s; give the installed drover-init by --init\n", k.init_path,
                strerror(errno));
        return 1;
    }
    umask(022);
    lock(&k, socket_path);
    int told = -1;
    if (!foreground)
        daemonise(&k, &told);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { // five descriptors a guest
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    prctl(PR_SET_DUMPABLE, 0);
    signal(SIGPIPE, SIG_IGN);
    sigset_t handled;
    sigemptyset(&handled);
    sigaddset(&handled, SIGCHLD);
    sigaddset(&handled, SIGTERM);
    sigaddset(&handled, SIGINT);
    sigprocmask(SIG_BLOCK, &handled, NULL);
    prepare_mounts(&k);
    cgroup_find(&k.cgroups, cgroup_root, k.guest_cgroup);
    cgroup_weigh(&k.cgroups, (uint32_t)strtoul(weight, NULL, 10));
    if (k.cgroups.count == 0)
        note("no cgroups under %s: guests are frozen by signals, and their use is known only at their end", cgroup_root);
    k.epoll = epoll_create1(EPOLL_CLOEXEC);
    k.node_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    k.signal_fd = signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
    k.lease_timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    k.tick_timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (k.epoll < 0 || k.node_net < 0 || k.signal_fd < 0 || k.lease_timer < 0 || k.tick_timer < 0)
        die("cannot make the event loop");
    watch_add(&k, &k.signal_watch, k.signal_fd, EPOLLIN, on_signal);
    watch_add(&k, &k.lease_watch, k.lease_timer, EPOLLIN, on_lease);
    watch_add(&k, &k.tick_watch, k.tick_timer, EPOLLIN, on_tick);
    move_listen(&k);
    daemon_listen(&k, socket_path);
    if (told >= 0 && write(told, "", 1) != 1)
        die("cannot report to the starter");
    if (told >= 0)
        close(told);
    loop(&k);
    end_all(&k);
    unlink(socket_path);
    unlink(k.gate_path);
    return 0;
}
