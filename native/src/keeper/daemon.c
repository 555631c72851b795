// Process: drover-keeper. The socket to the daemon: one daemon at a time, a new connection replaces the old one. While
// there is none, guests go on until their streams are full; everything is told again to the next.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/// Stream data waits in the streams' own rings beyond this, so one slow daemon costs no memory.
#define OUT_SOFT_LIMIT_BYTES (1u << 20)

#define CONTAINER(w, member) ((struct keeper *)((char *)(w) - offsetof(struct keeper, member)))

bool daemon_has_room(const struct keeper *k) {
    return k->daemon.fd >= 0 && bytes_length(&k->daemon.out) < OUT_SOFT_LIMIT_BYTES;
}

static void disconnect(struct keeper *k) {
    if (k->daemon.fd >= 0)
        watch_close(k, k->daemon.fd);
    k->daemon.fd = -1;
    channel_close(&k->daemon);
    for (unsigned i = 0; i < k->passed_count; i++)
        close(k->passed[i].fd);
    k->passed_count = 0;
}

/// Sends up to the next descriptor's byte, or that byte and what follows with the descriptor.
static ssize_t send_some(struct keeper *k) {
    struct bytes *out = &k->daemon.out;
    struct iovec part = {bytes_first(out), bytes_length(out)};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    bool with_fd = k->passed_count > 0 && k->passed[0].position == k->sent_total;
    if (with_fd) {
        m.msg_control = &control;
        m.msg_controllen = sizeof control;
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &k->passed[0].fd, sizeof(int));
    }
    unsigned next = with_fd ? 1 : 0;
    if (next < k->passed_count && k->passed[next].position - k->sent_total < part.iov_len)
        part.iov_len = (size_t)(k->passed[next].position - k->sent_total);
    ssize_t n = sendmsg(k->daemon.fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0 && with_fd) {
        close(k->passed[0].fd);
        k->passed_count--;
        memmove(k->passed, k->passed + 1, k->passed_count * sizeof k->passed[0]);
    }
    return n;
}

static void refill(struct keeper *k) {
    for (struct guest *g = k->guests; g && daemon_has_room(k); g = g->next)
        for (int i = 0; i < 3; i++)
            if (g->out[i].ring.base)
                stream_send(&g->out[i]);
}

static void wait_for_room(struct keeper *k, bool wait) {
    if (k->waits_for_room == wait)
        return;
    k->waits_for_room = wait;
    struct epoll_event e = {.events = EPOLLIN | (wait ? (uint32_t)EPOLLOUT : 0), .data.ptr = &k->daemon_watch};
    if (epoll_ctl(k->epoll, EPOLL_CTL_MOD, k->daemon.fd, &e) < 0)
        die("cannot watch the daemon's socket");
}

void daemon_flush(struct keeper *k) {
    bool was_full = bytes_length(&k->daemon.out) >= OUT_SOFT_LIMIT_BYTES;
    while (k->daemon.fd >= 0 && bytes_length(&k->daemon.out) > 0) {
        ssize_t n = send_some(k);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            wait_for_room(k, true);
            return;
        }
        if (n < 0) {
            disconnect(k);
            return;
        }
        k->sent_total += (uint64_t)n;
        bytes_consume(&k->daemon.out, (size_t)n);
        if (was_full && bytes_length(&k->daemon.out) == 0) {
            was_full = false;
            refill(k);
        }
    }
    if (k->daemon.fd >= 0)
        wait_for_room(k, false);
}

void daemon_end(struct keeper *k, size_t mark) {
    frame_end(&k->daemon.out, mark);
    if (k->daemon.fd < 0) // nobody listens: the next daemon is told from the guests' state
        bytes_free(&k->daemon.out);
}

void daemon_pass(struct keeper *k, int fd) {
    if (k->passed_count == PASSED_LIMIT) {
        note("too many descriptors wait for the daemon: its connection is cut");
        close(fd);
        disconnect(k);
        return;
    }
    k->passed[k->passed_count].position = k->sent_total + bytes_length(&k->daemon.out);
    k->passed[k->passed_count++].fd = fd;
}

static void put_key(struct bytes *b, const struct guest *g) {
    put_text(b, g->home);
    put_u64(b, g->job);
    put_u32(b, g->epoch);
}

size_t guest_frame(struct guest *g, uint8_t type) {
    size_t mark = frame_begin(&g->keeper->daemon.out, type);
    put_key(&g->keeper->daemon.out, g);
    return mark;
}

size_t session_frame(struct guest *g, uint8_t kind) {
    size_t mark = guest_frame(g, K_SESSION_BACK);
    put_u8(&g->keeper->daemon.out, kind);
    return mark;
}

/// 0: not told of.
static uint8_t inventory_state(const struct guest *g) {
    if (g->forgotten)
        return 0;
    switch (g->state) {
        case GUEST_RUNNING: return g->lent ? INVENTORY_LENT : g->move ? INVENTORY_LEAVING : INVENTORY_RUNNING;
        case GUEST_EXITED: return INVENTORY_EXITED;
        case GUEST_LINGERING: return INVENTORY_LINGERING;
        case GUEST_STARTING: return g->move ? INVENTORY_ARRIVING : 0;
        case GUEST_FAILED: return 0;
    }
    return 0;
}

static void tell_inventory(struct keeper *k) {
    struct bytes *out = &k->daemon.out;
    size_t mark = frame_begin(out, K_INVENTORY);
    uint32_t n = 0;
    for (struct guest *g = k->guests; g; g = g->next)
        n += inventory_state(g) != 0;
    put_u32(out, n);
    for (struct guest *g = k->guests; g; g = g->next) {
        uint8_t state = inventory_state(g);
        if (state == 0)
            continue;
        put_key(out, g);
        put_u8(out, state);
        put_u32(out, (uint32_t)g->cradle.pid);
        put_u64(out, g->pid_namespace);
    }
    put_u8(out, KEEPER_POST_COPY);
    daemon_end(k, mark);
    for (struct guest *g = k->guests; g; g = g->next) {
        if (!g->forgotten && g->state == GUEST_FAILED)
            guest_tell_start(g);
        if (!g->forgotten)
            guest_tell_network(g);
    }
}

/// False: malformed, and the connection must end.
static bool obey(struct keeper *k, struct frame *f) {
    struct reader *r = &f->body;
    if (f->type == K_LIST) {
        tell_inventory(k);
        return true;
    }
    if (f->type == K_START) {
        guest_start(k, r);
        return !r->bad;
    }
    if (f->type == K_RESTORE || f->type == K_RESTORE_LAZY) {
        restore_start(k, r, f->type == K_RESTORE_LAZY);
        return !r->bad;
    }
    struct slice home = get_str(r);
    if (home.length == 0 || home.length > 64 || memchr(home.at, '/', home.length) || memchr(home.at, 0, home.length)
        || home.at[0] == '.')
        return false;
    switch (f->type) {
        case K_MOUNT: home_mount(k, home, get_u32(r)); return !r->bad;
        case K_UNMOUNT: home_unmount(k, home); return true;
        case K_LEASE: {
            uint64_t milliseconds = get_u64(r);
            if (!r->bad)
                home_lease(k, home, milliseconds);
            return !r->bad;
        }
        case K_SESSION:
        case K_KILL:
        case K_FORGET:
        case K_DUMP:
        case K_DUMP_LAZY:
        case K_LEND:
        case K_KNOWN:
        case K_RESUME:
        case K_LEFT:
        case K_ABANDON: {
            uint64_t job = get_u64(r);
            uint32_t epoch = get_u32(r);
            struct guest *g = guest_find(k, home, job, epoch);
            if (r->bad)
                return false;
            if (!g)
                return true; // its end crossed this on the way
            switch (f->type) {
                case K_SESSION: session_receive(g, r); break;
                case K_KILL: guest_kill(g); break;
                case K_FORGET: guest_forget(g); break;
                case K_DUMP:
                case K_DUMP_LAZY: dump_start(g, r, f->type == K_DUMP_LAZY); break;
                case K_LEND: move_lend(g); break;
                case K_KNOWN: move_known(g); break;
                case K_RESUME: move_resume(g); break;
                case K_LEFT: move_left(g); break;
                default: move_abandon(g); break;
            }
            return !r->bad;
        }
        default: return false;
    }
}

static void on_daemon(struct watch *w, uint32_t events) {
    struct keeper *k = CONTAINER(w, daemon_watch);
    if (k->daemon.fd < 0)
        return;
    if (events & EPOLLOUT)
        daemon_flush(k);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || k->daemon.fd < 0)
        return;
    bool alive = channel_fill(&k->daemon);
    struct frame f;
    int got = 0;
    while (k->daemon.fd >= 0 && (got = channel_next(&k->daemon, &f)) > 0)
        if (!obey(k, &f)) {
            note("a malformed frame of type %u from the daemon: its connection is cut", f.type);
            disconnect(k);
            return;
        }
    if (k->daemon.fd < 0)
        return;
    bytes_consume(&k->daemon.in, 0);
    if (got < 0)
        note("a frame beyond the limit from the daemon: its connection is cut");
    if (got < 0 || !alive)
        disconnect(k);
}

static void on_connect(struct watch *w, uint32_t events) {
    (void)events;
    struct keeper *k = CONTAINER(w, listener_watch);
    int fd = accept4(k->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != 0) {
        close(fd);
        return;
    }
    disconnect(k);
    k->daemon.fd = fd;
    // A burst of starts comes with their environments: room for them spares waiting.
    int room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    watch_add(k, &k->daemon_watch, fd, EPOLLIN, on_daemon);
    k->waits_for_room = false;
    tell_inventory(k);
}

void daemon_listen(struct keeper *k, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        die("cannot listen");
    }
    strcpy(address.sun_path, path);
    k->passed = calloc(PASSED_LIMIT, sizeof *k->passed);
    if (!k->passed)
        die("no memory for descriptors");
    unlink(path); // the lock says that nobody serves it
    k->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    if (k->listener < 0 || bind(k->listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(k->listener, 16) < 0)
        die("cannot listen on the keeper's socket");
    umask(before);
    watch_add(k, &k->listener_watch, k->listener, EPOLLIN, on_connect);
}
