// Process: drover-keeper. The target of a move whose memory follows (post-copy): two children of the keeper fetch it,
// `criu lazy-pages` and drover-pager (src/pager), until all is there. If that fails the guest is ended: it must not go on with
// empty pages.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/// More than any guest's threads ask at once; CRIU takes a full socket for an error.
#define QUESTIONS_BYTES (64 << 20)

/// They are to be the last to be ended when memory runs out; not everywhere may even root say so.
#define OOM_SCORE "-900"

// ---- whether the keeper waits for such a guest

/// A guest that waits for a page while the kernel copies into a pipe from it, or the other way, holds that pipe, and the keeper,
/// which reads it, may wait for the guest. If the page does not come, nobody looks after leases. So a thread, which touches nothing
/// but numbers, sees whether the keeper's loop goes round, and if not ends the guests whose memory follows. A lease may be looked
/// after so much later.
#define STUCK_S 4
#define WATCHED_LIMIT 1024

static _Atomic unsigned long rounds; // odd: the loop is at work
static _Atomic int watched[WATCHED_LIMIT]; // pids of inits; 0: none; negative: of one that was ended

void pages_round(void) { rounds++; }

static bool exchange(int before, int after) {
    for (size_t i = 0; i < WATCHED_LIMIT; i++) {
        int expected = before;
        if (atomic_compare_exchange_strong(&watched[i], &expected, after))
            return true;
    }
    return false;
}

void pages_watch(const struct guest *g) {
    if (g->pages > 0)
        exchange(0, g->cradle.pid);
}

/// Whether it was ended by the thread.
static bool unwatch(const struct guest *g) {
    return g->cradle.pid > 0 && !exchange(g->cradle.pid, 0) && exchange(-g->cradle.pid, 0);
}

static void *watch(void *nothing) {
    unsigned long seen = 0;
    for (int stuck = 0;; sleep(1)) {
        unsigned long now = rounds;
        stuck = now == seen && now % 2 == 1 ? stuck + 1 : 0;
        seen = now;
        if (stuck <= STUCK_S)
            continue;
        for (size_t i = 0; i < WATCHED_LIMIT; i++)
            if (watched[i] > 0) {
                int pid = watched[i];
                watched[i] = -pid;
                kill(pid, SIGKILL);
            }
    }
    return nothing;
}

static void start_watching(void) {
    static bool started;
    pthread_t thread;
    if (!started && pthread_create(&thread, NULL, watch, NULL) == 0) {
        pthread_detach(thread);
        started = true;
    }
}

// ---- what fetches it

static _Noreturn void run_criu(struct guest *g, const struct criu *c, int page_server, int ready) {
    char page_server_text[16], ready_text[16];
    fcntl(page_server, F_SETFD, 0);
    fcntl(ready, F_SETFD, 0);
    snprintf(page_server_text, sizeof page_server_text, "%d", page_server);
    snprintf(ready_text, sizeof ready_text, "%d", ready);
    const char *arguments[] = {
        "criu", "lazy-pages", "--no-default-config", "-D", g->move->image, "-o", "lazy-pages.log", "-v2",
        "--page-server", "--ps-socket", page_server_text, "--status-fd", ready_text, NULL,
    };
    move_exec(g, c, arguments);
}

static _Noreturn void run_pager(struct guest *g, const struct criu *c, int listener, int page_server, const char *path, const char *source) {
    char program[4200], listener_text[16], page_server_text[16], job[24], epoch[16];
    fcntl(listener, F_SETFD, 0);
    fcntl(page_server, F_SETFD, 0);
    snprintf(listener_text, sizeof listener_text, "%d", listener);
    snprintf(page_server_text, sizeof page_server_text, "%d", page_server);
    snprintf(job, sizeof job, "%llu", (unsigned long long)g->job);
    snprintf(epoch, sizeof epoch, "%u", g->epoch);
    const char *end = strrchr(c->gate, '/'); // they are installed together
    snprintf(program, sizeof program, "%.*s/drover-pager", end ? (int)(end - c->gate) : 0, c->gate);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execl(program, "drover-pager", listener_text, page_server_text, path, g->home, job, epoch, source, NULL);
    note("cannot run %s: %s", program, strerror(errno));
    _exit(127);
}

/// In the child.
static void be_spared(void) {
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (score >= 0) {
        ssize_t n = write(score, OOM_SCORE, strlen(OOM_SCORE));
        (void)n;
        close(score);
    }
}

static int listen_at(struct keeper *k, unsigned number, struct sockaddr_un *address) {
    char directory[4100];
    snprintf(directory, sizeof directory, "%s/pages", k->run_dir);
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return -1;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path, sizeof address->sun_path, "%s/%u.sock", directory, number);
    if ((size_t)length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    unlink(address->sun_path); // of a keeper before
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)address, sizeof *address) < 0 || listen(fd, 4) < 0)) {
        int error = errno;
        close(fd);
        fd = -1;
        errno = error;
    }
    umask(before);
    return fd;
}

/// Returns criu's pid; -1: cannot fork.
static pid_t start(struct guest *g, const struct criu *c, const char *source, int listener, const char *path, const int pair[2], int ready) {
    int room = QUESTIONS_BYTES;
    if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) < 0)
        setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    pid_t pager = fork();
    if (pager == 0) {
        be_spared();
        run_pager(g, c, listener, pair[0], path, source);
    }
    pid_t criu = pager > 0 ? fork() : -1;
    if (criu == 0) {
        be_spared();
        run_criu(g, c, pair[1], ready);
    }
    return criu; // without it the pager sees its socket end
}

int pages_begin(struct guest *g, const struct criu *c, const char *source) {
    struct sockaddr_un address;
    int pair[2] = {-1, -1}, ready[2] = {-1, -1};
    int listener = listen_at(g->keeper, g->move->number, &address);
    if (listener >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0 && pipe2(ready, O_CLOEXEC) == 0)
        g->pages = start(g, c, source, listener, address.sun_path, pair, ready[1]);
    int error = errno;
    const int ours[] = {listener, pair[0], pair[1], ready[1]};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ours[i] >= 0)
            close(ours[i]);
    errno = error;
    if (g->pages <= 0) {
        if (ready[0] >= 0)
            close(ready[0]);
        g->pages = 0;
        return -1;
    }
    start_watching();
    size_t mark = guest_frame(g, K_PAGER);
    put_text(&g->keeper->daemon.out, address.sun_path);
    daemon_end(g->keeper, mark);
    return ready[0];
}

bool pages_stop(struct guest *g) {
    if (g->pages > 0)
        kill(g->pages, SIGKILL);
    return unwatch(g);
}

void pages_tell_whole(struct guest *g, bool whole) {
    size_t mark = guest_frame(g, K_WHOLE);
    put_u8(&g->keeper->daemon.out, whole);
    daemon_end(g->keeper, mark);
}

bool pages_reaped(struct keeper *k, pid_t pid, int status) {
    struct guest *g = k->guests;
    while (g && g->pages != pid)
        g = g->next;
    if (!g)
        return false;
    g->pages = 0;
    unwatch(g);
    bool lost = status != 0 && !g->forgotten && g->cradle.pid > 0;
    if (lost) {
        note("job %llu of %s is ended: what fetches its memory has ended with status %#x", (unsigned long long)g->job, g->home,
             (unsigned)status);
        cgroup_kill(&k->cgroups, g->cradle.number);
        guest_kill(g);
    }
    if (!g->forgotten)
        pages_tell_whole(g, !lost);
    return true;
}
