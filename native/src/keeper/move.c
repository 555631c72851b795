// Process: drover-keeper. A guest on its way to another node, or from one: what source and target have in common. CRIU runs
// as the keeper's child, outside of the guest, and waits at its gates (src/gate) for what home decides.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/// What an action script has waited for longer than this was never said to it.
#define GATE_SAYS_WITHIN_S 5

struct move *move_begin(struct guest *g, const char *image) {
    struct move *m = calloc(1, sizeof *m);
    if (!m || !(m->image = strdup(image)))
        die("no memory for a move");
    m->number = ++g->keeper->next_move;
    m->gate = m->go = m->terminal = m->ready = -1;
    g->move = m;
    return m;
}

void move_end(struct guest *g) {
    struct move *m = g->move;
    move_answer(g, 1);
    if (m->go >= 0)
        close(m->go);
    if (m->ready >= 0)
        close(m->ready);
    free(m->image);
    free(m->groups);
    free(m->resolvers);
    free(m);
    g->move = NULL;
}

bool criu_parse(struct reader *r, struct criu *c) {
    c->program = slice_text(get_str(r));
    c->shim = slice_text(get_str(r));
    c->gate = slice_text(get_str(r));
    return c->program && c->shim && c->gate && !r->bad;
}

void criu_free(struct criu *c) {
    free(c->program);
    free(c->shim);
    free(c->gate);
    *c = (struct criu){0};
}

pid_t move_fork(struct guest *g) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        close(pair[1]);
        if (read(pair[0], &byte, 1) != 1)
            _exit(125); // given up before it began
        return 0;
    }
    close(pair[0]);
    if (pid < 0) {
        close(pair[1]);
        return -1;
    }
    g->move->criu = pid;
    g->move->go = pair[1];
    return pid;
}

_Noreturn void move_exec(struct guest *g, const struct criu *c, const char *const *arguments) {
    static char preload[4200], gate[4200], move[64], path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", c->shim);
    snprintf(gate, sizeof gate, "DROVER_GATE=%s", g->keeper->gate_path);
    snprintf(move, sizeof move, "DROVER_MOVE=%u", g->move->number);
    static char terminal[64], foreground[64], dumped[64];
    if (!g->move->arrives)
        snprintf(dumped, sizeof dumped, "DROVER_CRIU_DUMPED=%d", (int)g->cradle.pid);
    else
        snprintf(dumped, sizeof dumped, "DROVER_CRIU_DUMPED=");
    snprintf(terminal, sizeof terminal, "DROVER_CRIU_TERMINAL=%d", g->move->terminal);
    snprintf(foreground, sizeof foreground, "DROVER_CRIU_FOREGROUND=%d", g->move->foreground);
    char *keeper, *uid, *groups, *root, *resolvers;
    if (asprintf(&keeper, "DROVER_KEEPER=%d", (int)getppid()) < 0 || asprintf(&uid, "DROVER_UID=%s", g->move->uid) < 0
        || asprintf(&groups, "DROVER_GROUPS=%s", g->move->groups ? g->move->groups : "") < 0
        || asprintf(&root, "DROVER_ROOT=%s/mnt/%s", g->keeper->run_dir, g->move->root) < 0
        || asprintf(&resolvers, "DROVER_RESOLVERS=%s", g->move->resolvers ? g->move->resolvers : "") < 0)
        die("no memory for CRIU's environment");
    static char tar[] = "TAR_OPTIONS=--format=posix"; // what lies on a tmpfs keeps its times to the nanosecond
    static char gzip[] = "GZIP=-1"; // CRIU has tar compress what is to cross the network once; the guest waits
    // A process that ends while its memory follows has criu lazy-pages (4.1) use what it has freed; so it frees nothing.
    static char lazy[] = "DROVER_CRIU_FREES_NOTHING=1";
    char *environment[] = {preload, gate, move, path, terminal, foreground, dumped, keeper, uid, groups, root, resolvers, tar, gzip,
        strcmp(arguments[1], "lazy-pages") == 0 ? lazy : NULL, NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execve(c->program, (char *const *)(uintptr_t)arguments, environment);
    note("cannot run %s: %s", c->program, strerror(errno));
    _exit(127);
}

void move_answer(struct guest *g, uint8_t status) {
    struct move *m = g->move;
    if (!m || m->gate < 0)
        return;
    if (send(m->gate, &status, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        note("an action script of CRIU does not listen: %s", strerror(errno));
    close(m->gate);
    m->gate = -1;
    m->at = GATE_NONE;
}

static void reached(struct guest *g) {
    struct move *m = g->move;
    if (m->abandoned || g->forgotten)
        move_answer(g, 1);
    else if (m->arrives)
        restore_reached(g);
    else
        dump_held(g);
}

static void on_gate(struct watch *w, uint32_t events) {
    (void)events;
    struct keeper *k = (struct keeper *)((char *)w - offsetof(struct keeper, gate_watch));
    int fd = accept4(k->gate_listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct ucred peer;
    socklen_t length = sizeof peer;
    struct timeval limit = {GATE_SAYS_WITHIN_S, 0};
    struct gate_message message;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0 || peer.uid != 0
        || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0
        || recv(fd, &message, sizeof message, 0) != sizeof message) {
        close(fd);
        return;
    }
    struct guest *g = k->guests;
    while (g && !(g->move && g->move->number == message.move && g->move->criu > 0))
        g = g->next;
    if (!g || g->move->gate >= 0) {
        close(fd); // the script ends, and CRIU undoes
        return;
    }
    g->move->gate = fd;
    g->move->at = message.step;
    if (g->move->arrives && message.step == GATE_NAMESPACES) {
        g->cradle.pid = message.init;
        pages_watch(g);
    }
    reached(g);
}

void move_listen(struct keeper *k) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (asprintf(&k->gate_path, "%s/gate.sock", k->run_dir) < 0 || strlen(k->gate_path) >= sizeof address.sun_path)
        die("cannot name the gates' socket");
    strcpy(address.sun_path, k->gate_path);
    unlink(k->gate_path);
    k->gate_listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t before = umask(0177);
    if (k->gate_listener < 0 || bind(k->gate_listener, (struct sockaddr *)&address, sizeof address) < 0
        || listen(k->gate_listener, 16) < 0)
        die("cannot listen on the gates' socket");
    umask(before);
    watch_add(k, &k->gate_watch, k->gate_listener, EPOLLIN, on_gate);
}

void move_tell_caller(struct guest *g, pid_t pid) {
    size_t mark = guest_frame(g, K_CALLER);
    put_u32(&g->keeper->daemon.out, (uint32_t)pid);
    daemon_end(g->keeper, mark);
}

void move_known(struct guest *g) {
    struct move *m = g->move;
    if (!m)
        return;
    if (m->go >= 0) {
        if (write(m->go, "", 1) != 1)
            note("CRIU cannot be started: %s", strerror(errno));
        close(m->go);
        m->go = -1;
    } else if (m->at == GATE_NAMESPACES)
        move_answer(g, 0);
}

void move_resume(struct guest *g) {
    struct move *m = g->move;
    if (!m || !m->arrives || m->at != GATE_RESTORED || m->abandoned)
        return; // it runs already: home says so until it hears of it
    m->committed = true;
    move_answer(g, 0);
}

void move_left(struct guest *g) {
    if (g->state == GUEST_STARTING || g->state == GUEST_FAILED || g->left)
        return;
    g->left = true;
    if (g->cradle.pid > 0)
        guest_kill(g);
    else
        guest_left(g);
}

void move_lend(struct guest *g) {
    if (g->left)
        return;
    if (!g->move || !g->move->lazy || !g->move->held) {
        move_left(g);
        return;
    }
    g->lent = true;
    guest_freeze(g, FREEZE_LENT, true);
    stream_close(&g->in);
    for (int i = 0; i < 3; i++)
        stream_close(&g->out[i]);
    daemon_end(g->keeper, guest_frame(g, K_LENT));
}

void move_abandon(struct guest *g) {
    struct move *m = g->move;
    if (!m || m->arrives || g->left || g->lent)
        return;
    m->abandoned = true;
    if (m->go >= 0) {
        close(m->go);
        m->go = -1;
    }
    move_answer(g, 1);
}

/// Of a guest that is to end, its init first: CRIU with it, and on the target all that it has made so far.
void move_kill(struct guest *g) {
    struct move *m = g->move;
    if (!m)
        return;
    m->abandoned = true;
    if (m->held) {
        move_answer(g, 0); // CRIU kills all that it holds; without CRIU they would run again, if only for a moment
        return;
    }
    if (m->criu > 0)
        kill(m->criu, SIGKILL);
    if (m->arrives)
        cgroup_kill(&g->keeper->cgroups, g->cradle.number);
}

bool move_reaped(struct keeper *k, pid_t pid, int status) {
    struct guest *g = k->guests;
    while (g && !(g->move && g->move->criu == pid))
        g = g->next;
    if (!g)
        return false;
    g->move->criu = 0;
    if (g->move->arrives)
        restore_ended(g, status);
    else
        dump_ended(g, status);
    return true;
}

void move_complaint(const struct guest *g, const char *log, char *to, size_t size) {
    char path[4200], line[1024];
    snprintf(to, size, "it ended without a word");
    snprintf(path, sizeof path, "%s/%s", g->move->image, log);
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    // The first says what it was, those behind it what that led to. Two are in each log and harmless (ADR 15). Of a program
    // that CRIU has run (tar) the first says only how it ended, and the second what it was to do.
    bool found = false, more = true;
    while (more && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, "Error (");
        if (!at || strstr(line, "RLIMIT_NOFILE") || strstr(line, "Unable to create tun"))
            continue;
        const char *text = strstr(at, "): ");
        line[strcspn(line, "\n")] = 0;
        size_t length = found ? strlen(to) : 0;
        snprintf(to + length, size - length, "%s%s", found ? "; " : "", text ? text + 3 : at);
        more = !found && strncmp(to, "exited, status=", 15) == 0;
        found = true;
    }
    fclose(f);
}
