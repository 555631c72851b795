// Process: drover-keeper. The source of a move: CRIU writes the guest into an image and holds it, until home decides.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/// Content of files without a name travels in the image: of the guest's own, for home's are still there.
#define GHOST_LIMIT "64M"

/// The most there is.
#define WEIGHT_OF_WHO_LEAVES 10000

static void tell_failed(struct guest *g, const char *why) {
    guest_tell_network(g); // the daemon has let go of it
    struct bytes *out = &g->keeper->daemon.out;
    size_t mark = guest_frame(g, K_DUMP_FAILED);
    put_text(out, why);
    daemon_end(g->keeper, mark);
}

/// NULL: none.
static const char *objection(const struct guest *g) {
    if (g->state != GUEST_RUNNING)
        return "it has ended, or only what its command left behind goes on";
    if (g->move)
        return "it moves already";
    if (g->pages)
        return "its memory is still on its way here";
    if (g->terms.root != 1)
        return "it runs at home, on home's own files";
    if (g->terms.net == NETWORK_NODE)
        return "it uses the network of its node (--net node)";
    return NULL;
}

static uint64_t inode_of(pid_t pid, const char *what) {
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

static void add(const char **arguments, const char *const *more) {
    while (*arguments)
        arguments++;
    while ((*arguments++ = *more++))
        ;
}

/// `page_server`: where CRIU is to serve its memory, instead of writing it down; -1: not.
static _Noreturn void run(struct guest *g, const struct criu *c, int page_server) {
    char init[16], network[64], control[64];
    snprintf(init, sizeof init, "%d", (int)g->cradle.pid);
    snprintf(network, sizeof network, "net[%llu]:guestnet", (unsigned long long)inode_of(g->cradle.pid, "ns/net"));
    snprintf(control, sizeof control, "unix[%llu]", (unsigned long long)inode_of(g->cradle.pid, "fd/3"));
    const char *arguments[40] = {
        "criu", "dump", "--no-default-config", "-t", init, "-D", g->move->image, "-o", "dump.log", "-v2",
        "--manage-cgroups=ignore", "--network-lock", "skip", "--tcp-established", "--file-locks",
        "--file-validation", "filesize", // build ids want files opened that their user may not open any more
        "--ghost-limit", GHOST_LIMIT,
        "--external", "mnt[/]:root", "--external", network, "--external", control, "--action-script", c->gate,
    };
    char socket[16], terminal[64], control_terminal[64];
    if (page_server >= 0) {
        fcntl(page_server, F_SETFD, 0);
        snprintf(socket, sizeof socket, "%d", page_server);
        add(arguments, (const char *const[]){"--lazy-pages", "--ps-socket", socket, NULL});
    }
    if (terminal_of(g) >= 0) {
        terminal_names(g, terminal, control_terminal);
        add(arguments, (const char *const[]){"--external", terminal, "--external", control_terminal, "--external", "mnt[/dev/pts]:pts", NULL});
    }
    move_exec(g, c, arguments);
}

/// Nobody asks CRIU for pages: they are read from the held processes, and what it does when it is told to go on, or to end, is
/// done when it sees that nobody asks.
static int page_server_for_nobody(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -1;
    close(pair[1]);
    return pair[0];
}

void dump_start(struct guest *g, struct reader *r, bool lazy) {
    struct criu criu = {0};
    char *image = NULL;
    if (!criu_parse(r, &criu) || !(image = slice_text(get_str(r))) || r->bad) {
        r->bad = true;
    } else {
        const char *why = objection(g);
        if (why)
            tell_failed(g, why);
        else {
            // what is lent has to be frozen without CRIU's help
            lazy = lazy && cgroup_freeze(&g->keeper->cgroups, g->cradle.number, g->frozen != 0);
            move_begin(g, image)->lazy = lazy;
            int page_server = lazy ? page_server_for_nobody() : -1;
            pid_t pid = lazy && page_server < 0 ? -1 : move_fork(g);
            if (pid == 0)
                run(g, &criu, page_server);
            int error = errno;
            if (page_server >= 0)
                close(page_server);
            errno = error;
            if (pid < 0) {
                tell_failed(g, strerror(errno));
                move_end(g);
            } else {
                move_tell_caller(g, pid);
                // it has to run to stand still for CRIU: among many busy guests under a quota one waited for 100 s
                cgroup_leave_quota(&g->keeper->cgroups, g->cradle.number);
                cgroup_weigh_guest(&g->keeper->cgroups, g->cradle.number, WEIGHT_OF_WHO_LEAVES);
            }
        }
    }
    free(image);
    criu_free(&criu);
}

void dump_held(struct guest *g) {
    g->move->held = true;
    struct bytes *out = &g->keeper->daemon.out;
    struct bytes handoff = {0};
    g->move->objection = handoff_put(g, &handoff);
    if (g->move->objection) {
        bytes_free(&handoff);
        move_answer(g, 1);
        return;
    }
    size_t mark = guest_frame(g, K_DUMPED);
    put_raw(out, bytes_first(&handoff), bytes_length(&handoff));
    daemon_end(g->keeper, mark);
    bytes_free(&handoff);
}

void dump_ended(struct guest *g, int status) {
    struct move *m = g->move;
    move_tell_caller(g, 0);
    char why[1024] = "home gave it up";
    if (m->objection)
        snprintf(why, sizeof why, "%s", m->objection);
    else if (!m->abandoned && !(m->held && WIFEXITED(status)))
        move_complaint(g, "dump.log", why, sizeof why);
    if (g->lent && !g->left) {
        note("CRIU has ended; job %llu of %s stays frozen", (unsigned long long)g->job, g->home);
        return;
    }
    bool was_held = m->held;
    if (g->left && g->cradle.pid > 0)
        return; // its init is dying
    move_end(g);
    if (g->forgotten || g->left)
        return;
    cgroup_enter_quota(&g->keeper->cgroups, g->cradle.number, 0);
    cgroup_weigh_guest(&g->keeper->cgroups, g->cradle.number, g->terms.cpu_weight);
    tell_failed(g, why);
    if (!was_held)
        return;
    session_resync(g); // what was said to it meanwhile was not taken
    stream_feed(g);
    for (int i = 0; i < 3; i++)
        stream_pump_out(&g->out[i]);
}
