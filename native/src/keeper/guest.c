// Process: drover-keeper. A guest's life: START to FORGET, and what its init reports.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct guest *guest_find(struct keeper *k, struct slice home, uint64_t job, uint32_t epoch) {
    for (struct guest *g = k->guests; g; g = g->next)
        if (g->job == job && g->epoch == epoch && !g->forgotten && strlen(g->home) == home.length
            && memcmp(g->home, home.at, home.length) == 0)
            return g;
    return NULL;
}

void guest_tell_start(struct guest *g) {
    struct bytes *out = &g->keeper->daemon.out;
    size_t mark = guest_frame(g, g->state == GUEST_FAILED ? K_START_FAILED : K_STARTED);
    if (g->state == GUEST_FAILED) {
        put_u8(out, g->fail_status);
        put_text(out, g->fail_message);
    } else {
        put_u32(out, (uint32_t)g->cradle.pid);
        put_u32(out, (uint32_t)g->first_pid);
        put_u64(out, g->pid_namespace);
    }
    daemon_end(g->keeper, mark);
}

void guest_tell_created(struct guest *g) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/ns/pid", (int)g->cradle.pid);
    if (stat(path, &st) == 0)
        g->pid_namespace = st.st_ino;
    struct bytes *out = &g->keeper->daemon.out;
    size_t mark = guest_frame(g, K_CREATED);
    put_u32(out, (uint32_t)g->cradle.pid);
    put_u64(out, g->pid_namespace);
    daemon_end(g->keeper, mark);
}

void guest_tell_network(struct guest *g) {
    if (g->keeper->daemon.fd < 0)
        return; // the next daemon is told with the inventory
    if (g->network < 0 || (g->move && !g->move->arrives))
        return; // a guest that is held hears nothing: what it got then would be in no image
    int passed = fcntl(g->network, F_DUPFD_CLOEXEC, 0);
    if (passed < 0) {
        note("cannot pass the network of job %llu of %s on: %s", (unsigned long long)g->job, g->home, strerror(errno));
        return;
    }
    daemon_pass(g->keeper, passed);
    daemon_end(g->keeper, guest_frame(g, K_NETWORK));
}

void guest_close_network(struct guest *g) {
    if (g->network >= 0)
        close(g->network);
    g->network = -1;
}

static void close_streams(struct guest *g) {
    stream_close(&g->in);
    for (int i = 0; i < 3; i++)
        stream_close(&g->out[i]);
}

static void failed(struct guest *g, uint8_t status, const char *message, size_t length) {
    if (g->state != GUEST_STARTING)
        return;
    g->state = GUEST_FAILED;
    g->fail_status = status;
    g->fail_message = strndup(message, length);
    if (!g->fail_message)
        die("no memory for a message");
    guest_kill(g);
    close_streams(g);
    guest_tell_start(g);
}

void guest_fail(struct guest *g, uint8_t status, const char *message) {
    failed(g, status, message, strlen(message));
}

void guest_fail_here(struct guest *g, const char *what) {
    char message[256];
    int n = snprintf(message, sizeof message, "cannot %s: %s", what, strerror(errno));
    failed(g, 125, message, n > 0 && (size_t)n < sizeof message ? (size_t)n : sizeof message - 1);
}

bool guest_is_held(const struct guest *g) { return g->move && (g->move->arrives || g->move->held); }

static void ended(struct guest *g, const struct init_exit *e) {
    if (!g->has_exit) {
        g->has_exit = true;
        g->exit = *e;
        usage_of_end(g, &g->exit);
    }
    if (e->gone) {
        g->has_gone = true;
        g->gone = *e;
        usage_of_end(g, &g->gone);
        if (!g->exit_ever_told) { // one message says both
            struct init_exit both = g->gone;
            both.how = g->exit.how;
            both.code = g->exit.code;
            both.core = g->exit.core;
            both.gone = 1;
            g->exit = both;
        }
    }
    if (g->state == GUEST_RUNNING || g->state == GUEST_STARTING)
        g->state = GUEST_LINGERING;
    if (e->gone)
        g->state = GUEST_EXITED;
    stream_mark_exit(g);
    session_tell_end(g);
}

static void on_control(struct watch *w, uint32_t events);

static void on_message(struct guest *g, const uint8_t *m, size_t length, pid_t sender, int fd) {
    switch ((enum from_init)m[0]) {
        case R_CONTROL:
            watch_close(g->keeper, g->cradle.control);
            g->cradle.control = fd;
            watch_add(g->keeper, &g->control_watch, fd, EPOLLIN, on_control);
            return;
        case R_PTY:
            fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK);
            int index = g->out[0].fd == -2 ? 0 : 2; // fd 1 is the terminal, or the terminal is a stream of its own
            g->out[index].is_pty = true;
            stream_open(&g->out[index], g, fd, EPOLLIN | EPOLLET);
            if (g->in.fd == -2) {
                int again = fcntl(fd, F_DUPFD_CLOEXEC, 0);
                if (again < 0)
                    guest_fail_here(g, "hold the terminal");
                else {
                    g->in.is_pty = true;
                    stream_open(&g->in, g, again, EPOLLOUT | EPOLLET);
                }
            }
            return; // the descriptor is the stream's now
        case R_NETWORK:
            guest_close_network(g);
            g->network = fd;
            guest_tell_network(g);
            return;
        case R_MAIN: g->first_pid = sender; break;
        case R_STARTED:
            if (g->state == GUEST_STARTING) {
                g->state = GUEST_RUNNING;
                guest_tell_start(g);
                for (int i = 0; i < 3; i++)
                    stream_send(&g->out[i]);
            }
            break;
        case R_FAILED: failed(g, length > 1 ? m[1] : 125, (const char *)m + 2, length > 2 ? length - 2 : 0); break;
        case R_STOPPED:
            g->stopped = m[1];
            session_tell_stop(g);
            break;
        case R_CONTINUED:
            g->stopped = 0;
            session_tell_stop(g);
            break;
        case R_EXITED:
        case R_GONE: {
            struct init_exit e;
            memcpy(&e, m, sizeof e);
            if (e.tag == R_GONE)
                e.gone = 1;
            if (g->state != GUEST_FAILED)
                ended(g, &e);
            break;
        }
    }
    if (fd >= 0)
        close(fd);
}

static void on_control(struct watch *w, uint32_t events) {
    (void)events;
    struct guest *g = (struct guest *)((char *)w - offsetof(struct guest, control_watch));
    while (g->cradle.control >= 0) {
        uint8_t message[1200];
        union {
            struct cmsghdr align;
            char space[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec part = {message, sizeof message};
        struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg(g->cradle.control, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n <= 0) { // its end is reported by SIGCHLD
            watch_close(g->keeper, g->cradle.control);
            g->cradle.control = -1;
            return;
        }
        pid_t sender = 0;
        int fd = -1;
        for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
            struct ucred credentials;
            if (h->cmsg_type == SCM_CREDENTIALS) {
                memcpy(&credentials, CMSG_DATA(h), sizeof credentials);
                sender = credentials.pid;
            } else if (h->cmsg_type == SCM_RIGHTS)
                memcpy(&fd, CMSG_DATA(h), sizeof fd);
        }
        on_message(g, message, (size_t)n, sender, fd);
    }
}

void guest_watch_control(struct guest *g) {
    watch_add(g->keeper, &g->control_watch, g->cradle.control, EPOLLIN, on_control);
}

/// Nothing is said of its end.
static void vanish(struct guest *g) {
    close_streams(g);
    guest_close_network(g);
    if (g->cradle.control >= 0)
        watch_close(g->keeper, g->cradle.control);
    g->cradle.control = -1;
    if (g->cradle.pid > 0)
        cradle_removed(g->keeper, &g->cradle);
    g->cradle.pid = 0;
    g->forgotten = true;
}

/// Its next epoch runs on another node: what was said last is said there.
void guest_left(struct guest *g) {
    vanish(g);
    daemon_end(g->keeper, guest_frame(g, K_DEAD));
    if (g->move && g->move->criu == 0)
        move_end(g);
}

void guest_reaped(struct guest *g) {
    if (pages_stop(g) && !g->forgotten && !g->move) {
        note("job %llu of %s was ended: it waited for a page that did not come, and the keeper for it", (unsigned long long)g->job, g->home);
        pages_tell_whole(g, false);
        vanish(g);
        return;
    }
    if (g->move && g->move->arrives) {
        g->move->init_reaped = true; // CRIU's end says what that means
        g->cradle.pid = 0;
        return;
    }
    if (g->left) {
        guest_left(g);
        return;
    }
    on_control(&g->control_watch, 0); // what it said last
    if (g->cradle.control >= 0)
        watch_close(g->keeper, g->cradle.control);
    g->cradle.control = -1;
    struct init_exit killed = {.tag = R_EXITED, .how = ENDED_SIGNALLED, .code = SIGKILL, .gone = 1};
    if (g->state == GUEST_STARTING)
        failed(g, 125, "its first process was killed while it started", 45);
    else if (g->state != GUEST_FAILED && !g->has_gone) // pid 1 was killed, and the kernel killed the rest
        ended(g, &killed);
    guest_close_network(g);
    cradle_removed(g->keeper, &g->cradle);
    g->cradle.pid = 0;
}

/// Makes a pipe that belongs to the guest's user (so that /dev/stdout can be opened); ours is the non-blocking end.
bool guest_make_pipe(struct guest *g, int number, int *theirs) {
    bool input = number == 0;
    struct stream *s = input ? &g->in : &g->out[number - 1];
    struct stat st;
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return false;
    int ours = input ? pair[1] : pair[0];
    *theirs = input ? pair[0] : pair[1];
    // One slot: "writable" then means that the guest has taken everything, which is what is acknowledged.
    if ((input && fcntl(ours, F_SETPIPE_SZ, 4096) < 0) || fcntl(ours, F_SETFL, O_NONBLOCK) < 0
        || fchown(*theirs, g->terms.uid, g->terms.gid) < 0 || fstat(*theirs, &st) < 0) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    s->pipe = st.st_ino;
    stream_open(s, g, ours, (input ? EPOLLOUT : EPOLLIN) | EPOLLET);
    return true;
}

static int make_blob(struct slice s) {
    int fd = memfd_create("start", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < s.length) {
        ssize_t n = write(fd, s.at + done, s.length - done);
        if (n < 0) {
            close(fd);
            return -1;
        }
        done += (size_t)n;
    }
    return fd;
}

static bool send_start(struct guest *g, const struct start *start, struct slice blob) {
    int fds[8], theirs[3] = {-1, -1, -1};
    size_t count = 0;
    struct init_start head = {.tag = I_START};
    fds[count] = make_blob(blob);
    bool ok = fds[count++] >= 0;
    if (ok && start->root == 1) {
        fds[count] = home_clone_tree(g->keeper, g->home);
        head.has_root = 1;
        ok = fds[count] >= 0;
        count += ok;
    }
    size_t owned = count;
    if (start->network.kind == NETWORK_NODE) {
        fds[count++] = g->keeper->node_net;
        head.has_net = 1;
    }
    unsigned char *has[3] = {&head.has_stdin, &head.has_stdout, &head.has_stderr};
    for (int i = 0; i < 3 && ok; i++) {
        struct stream *s = i == 0 ? &g->in : &g->out[i - 1];
        s->kind = start->kind[i];
        if (start->kind[i] == KIND_TTY)
            s->fd = -2; // comes with R_PTY
        if (start->kind[i] != KIND_PIPE)
            continue;
        ok = guest_make_pipe(g, i, &theirs[i]);
        *has[i] = 1;
        fds[count] = theirs[i];
        count += ok;
    }
    ok = ok && cradle_send(&g->cradle, &head, sizeof head, fds, count);
    int error = errno;
    for (size_t i = 0; i < owned; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (int i = 0; i < 3; i++)
        if (theirs[i] >= 0)
            close(theirs[i]);
    errno = error;
    return ok;
}

static void start_ticking(struct keeper *k) {
    if (k->ticking)
        return;
    struct itimerspec second = {{1, 0}, {1, 0}};
    k->ticking = timerfd_settime(k->tick_timer, 0, &second, NULL) == 0;
}

struct guest *guest_add(struct keeper *k, struct slice home, uint64_t job, uint32_t epoch) {
    struct guest *g = calloc(1, sizeof *g);
    if (!g || !(g->home = slice_text(home)))
        die("no memory for a guest");
    g->keeper = k;
    g->job = job;
    g->epoch = epoch;
    g->in.fd = g->out[0].fd = g->out[1].fd = g->out[2].fd = g->cradle.control = g->network = -1;
    g->in.guest = g->out[0].guest = g->out[1].guest = g->out[2].guest = g;
    g->next = k->guests;
    k->guests = g;
    start_ticking(k);
    return g;
}

void guest_start(struct keeper *k, struct reader *r) {
    struct slice home = get_str(r);
    uint64_t job = get_u64(r);
    uint32_t epoch = get_u32(r);
    struct slice blob = {r->at, r->left};
    struct start start = {0};
    if (r->bad || home.length == 0)
        return;
    struct guest *g = guest_find(k, home, job, epoch);
    if (g) { // the daemon asks again after a new connection
        if (g->state != GUEST_STARTING)
            guest_tell_start(g);
        return;
    }
    g = guest_add(k, home, job, epoch);
    k->pool_failed = false;
    if (!start_parse(r, &start)) {
        failed(g, 125, "the job's description is malformed", 34);
        r->bad = false; // an honest daemon only passes it on: the job is refused, the connection stays
    } else if (!cradle_take(k, &g->cradle)) {
        g->cradle.control = -1;
        guest_fail_here(g, "make a process for it");
    } else {
        guest_watch_control(g);
        g->terms = (struct terms){start.root, start.network.kind, start.uid, start.gid, start.memory_limit_bytes, start.cpu_weight};
        guest_tell_created(g);
        cgroup_limit(&k->cgroups, g->cradle.number, start.memory_limit_bytes, start.cpu_weight);
        if (!cgroup_read_usage(&k->cgroups, g->cradle.number, &g->base))
            g->base = (struct cgroup_usage){0};
        g->told_at_ms = boottime_ms();
        if (!send_start(g, &start, blob))
            guest_fail_here(g, "hand it to its init");
        struct home *h = home_find(k, g->home);
        if (h && h->expired)
            guest_freeze(g, FREEZE_LEASE, true);
    }
    start_free(&start);
}

void guest_kill(struct guest *g) {
    if (g->lent && g->cradle.pid > 0) // while it is frozen: without CRIU it would run again, if only for a moment
        cgroup_kill(&g->keeper->cgroups, g->cradle.number);
    if (g->cradle.pid > 0)
        kill(g->cradle.pid, SIGKILL);
    move_kill(g);
    guest_freeze(g, FREEZE_LEASE | FREEZE_USER | FREEZE_LENT, false); // v1: nothing frozen dies
}

static void set_frozen(struct guest *g, bool frozen) {
    if (!cgroup_freeze(&g->keeper->cgroups, g->cradle.number, frozen)) {
        uint8_t message = frozen ? I_STOP : I_CONTINUE;
        if (!cradle_send(&g->cradle, &message, 1, NULL, 0))
            note("cannot %s job %llu of %s", frozen ? "freeze" : "thaw", (unsigned long long)g->job, g->home);
    }
}

void guest_freeze(struct guest *g, enum freeze_reason why, bool frozen) {
    if (g->cradle.pid <= 0)
        return;
    bool before = g->frozen;
    g->frozen = (uint8_t)(frozen ? g->frozen | why : g->frozen & ~why);
    if (before != (g->frozen != 0))
        set_frozen(g, !before);
}

void guest_forget(struct guest *g) {
    g->forgotten = true;
    guest_kill(g);
    close_streams(g);
}

void guest_sweep(struct keeper *k) {
    for (struct guest **at = &k->guests; *at;) {
        struct guest *g = *at;
        if (!g->forgotten || g->cradle.pid > 0 || g->move || g->pages) {
            at = &g->next;
            continue;
        }
        *at = g->next;
        free(g->home);
        free(g->fail_message);
        free(g);
    }
    if (!k->guests && k->ticking) {
        struct itimerspec never = {0};
        k->ticking = timerfd_settime(k->tick_timer, 0, &never, NULL) < 0;
    }
}
