// Process: drover-keeper. The target of a move: what CRIU cannot bring along is made anew, CRIU makes the guest from its
// image and holds it, until home decides.
#define _GNU_SOURCE
#include "keeper.h"
#include "../common/guestnet.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define INHERITED_LIMIT 7 // control socket, network namespace, three pipes, terminal twice

/// What CRIU gives to the guest instead of what it had on the source.
struct inherited {
    int fd[INHERITED_LIMIT];
    char name[INHERITED_LIMIT][96];
    unsigned count;
};

static void inherit(struct inherited *i, int fd, const char *what, uint64_t inode) {
    i->fd[i->count] = fd;
    if (inode)
        snprintf(i->name[i->count++], sizeof i->name[0], "fd[%d]:%s:[%llu]", fd, what, (unsigned long long)inode);
    else
        snprintf(i->name[i->count++], sizeof i->name[0], "fd[%d]:%s", fd, what);
}

/// The device of its home's network, with the job's address as before: so its connections go on. What it sends passes nobody
/// before home has decided that the job is here.
static bool make_device(struct guest *g) {
    if (g->terms.net != NETWORK_HOME)
        return true;
    g->network = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (g->network < 0) {
        guest_fail_here(g, "open /dev/net/tun (as root: modprobe tun)");
        return false;
    }
    const char *failed = guestnet_make_device(g->network, g->move->address);
    if (failed)
        guest_fail_here(g, failed);
    return !failed;
}

/// The guest's network, and a control socket that belongs to it: by that CRIU finds the socket at the next move.
static bool make_network(struct guest *g, struct inherited *i, const struct handoff *h) {
    int pair[2] = {-1, -1}, network = -1, on = 1;
    if (unshare(CLONE_NEWNET) < 0)
        return false;
    bool ok = guestnet_raise_loopback() && guestnet_keep_ipv6_off() && make_device(g)
        && (network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) >= 0
        && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0
        && setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0;
    int error = errno;
    if (setns(g->keeper->node_net, CLONE_NEWNET) < 0)
        die("cannot return to the node's network");
    errno = error;
    if (network >= 0)
        inherit(i, network, "guestnet", 0);
    if (pair[1] >= 0) {
        inherit(i, pair[1], "socket", h->control);
        g->cradle.control = pair[0];
    }
    return ok;
}

static bool make_pipes(struct guest *g, struct inherited *i, const uint64_t *before) {
    for (int number = 0; number < 3; number++) {
        struct stream *s = number == 0 ? &g->in : &g->out[number - 1];
        if (s->kind != KIND_PIPE)
            continue;
        int theirs;
        if (!guest_make_pipe(g, number, &theirs))
            return false;
        inherit(i, theirs, "pipe", before[number]);
        // It is empty yet, and as large as the one before.
        if (s->left.length > 0 && write(theirs, s->left.at, s->left.length) != (ssize_t)s->left.length)
            return false;
        s->left = (struct slice){0};
        if (!s->was_open) { // the offsets stay: they may be asked for again
            watch_close(g->keeper, s->fd);
            s->fd = -1;
        }
    }
    return true;
}

static bool make_terminal(struct guest *g, struct inherited *i, const struct terminal *t) {
    if (!t->there)
        return true;
    int slave = terminal_make(g, t);
    if (slave < 0)
        return false;
    i->fd[i->count] = slave;
    snprintf(i->name[i->count++], sizeof i->name[0], "fd[%d]:%s", slave, t->name);
    int control = fcntl(slave, F_DUPFD_CLOEXEC, 0);
    if (control < 0)
        return false;
    i->fd[i->count] = control;
    snprintf(i->name[i->count++], sizeof i->name[0], "fd[%d]:%s", control, t->control);
    g->move->foreground = t->foreground;
    return (g->move->terminal = fcntl(slave, F_DUPFD_CLOEXEC, 0)) >= 0; // CRIU is not to take this one for the guest's
}

/// CRIU wants the root of the guest to be a mount.
static bool mount_root(struct guest *g) {
    struct move *m = g->move;
    char path[4200];
    snprintf(m->root, sizeof m->root, ".move-%u", m->number);
    snprintf(path, sizeof path, "%s/mnt/%s", g->keeper->run_dir, m->root);
    int tree = home_clone_tree(g->keeper, g->home);
    bool ok = tree >= 0 && (mkdir(path, 0700) == 0 || errno == EEXIST)
        && syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
    int error = errno;
    if (tree >= 0)
        close(tree);
    errno = error;
    return ok;
}

static void unmount_root(struct guest *g) {
    char path[4200];
    terminal_unmount(g);
    if (g->move->terminal >= 0)
        close(g->move->terminal);
    g->move->terminal = -1;
    if (!g->move->root[0])
        return;
    snprintf(path, sizeof path, "%s/mnt/%s", g->keeper->run_dir, g->move->root);
    umount2(path, MNT_DETACH);
    rmdir(path);
    g->move->root[0] = 0;
}

/// CRIU makes no cgroup namespace for a guest whose groups it leaves alone: it is to have its own already.
static void join_cgroups(const struct guest *g) {
    char path[1100];
    if (!cgroup_join_but_quota(&g->keeper->cgroups, g->cradle.number, path, sizeof path)) {
        note("cannot join %s: %s", path, strerror(errno));
        _exit(126);
    }
}

static _Noreturn void run(struct guest *g, const struct criu *c, const struct inherited *i) {
    join_cgroups(g);
    char root[4200], pid_file[4200];
    snprintf(root, sizeof root, "%s/mnt/%s", g->keeper->run_dir, g->move->root);
    snprintf(pid_file, sizeof pid_file, "%s/init.pid", g->move->image);
    char devpts[4200];
    enum { FIXED = 19 };
    const char *arguments[FIXED + 2 * INHERITED_LIMIT + 4] = {
        "criu", "restore", "--no-default-config", "-D", g->move->image, "-o", "restore.log", "-v2", "-d", "-S",
        "--pidfile", pid_file, "--manage-cgroups=ignore", "--root", root, "--tcp-established", "--file-locks", "--action-script",
        c->gate,
    };
    for (unsigned n = 0; n < i->count; n++) {
        fcntl(i->fd[n], F_SETFD, 0);
        arguments[FIXED + 2 * n] = "--inherit-fd";
        arguments[FIXED + 1 + 2 * n] = i->name[n];
    }
    unsigned count = FIXED + 2 * i->count;
    if (g->move->terminal >= 0) {
        snprintf(devpts, sizeof devpts, "mnt[pts]:%s/mnt/%s", g->keeper->run_dir, g->move->devpts);
        fcntl(g->move->terminal, F_SETFD, 0);
        arguments[count++] = "--external";
        arguments[count++] = devpts;
    }
    if (g->move->ready >= 0) {
        char byte;
        arguments[count] = "--lazy-pages";
        if (read(g->move->ready, &byte, 1) != 1)
            note("criu lazy-pages has ended before it began"); // CRIU says so as well, in its own words
    }
    move_exec(g, c, arguments);
}

/// `source`: where its memory is; NULL: in the image.
static void make(struct guest *g, const struct criu *c, const char *source, struct reader *r) {
    struct keeper *k = g->keeper;
    struct handoff handoff;
    struct inherited inherited = {.count = 0};
    if (!handoff_take(g, r, &handoff)) {
        r->bad = false; // an honest daemon only passes it on
        guest_fail(g, 125, "cannot understand the keeper of the node before");
        return;
    }
    uint64_t pipes[3] = {g->in.pipe, g->out[0].pipe, g->out[1].pipe};
    g->terms.uid = (uint32_t)strtoul(g->move->uid, NULL, 10); // the node before is not asked
    g->terms.gid = (uint32_t)strtoul(g->move->groups, NULL, 10);
    g->cradle.number = k->next_number++;
    cgroup_limit(&k->cgroups, g->cradle.number, g->terms.memory_limit_bytes, g->terms.cpu_weight);
    g->first_pid = handoff.first; // in its namespace, until that is there
    bool ok = make_network(g, &inherited, &handoff) && make_pipes(g, &inherited, pipes)
        && make_terminal(g, &inherited, &handoff.terminal) && mount_root(g);
    if (ok && source)
        ok = (g->move->ready = pages_begin(g, c, source)) >= 0;
    pid_t pid = ok ? move_fork(g) : -1;
    if (pid == 0)
        run(g, c, &inherited);
    int error = errno;
    for (unsigned i = 0; i < inherited.count; i++)
        close(inherited.fd[i]);
    errno = error;
    if (pid < 0) {
        guest_fail_here(g, "prepare what it cannot bring along"); // if nothing more exact was said
        guest_close_network(g);
        pages_stop(g);
        if (g->cradle.control >= 0)
            close(g->cradle.control);
        g->cradle.control = -1;
        unmount_root(g);
        move_end(g);
        cradle_removed(k, &g->cradle);
        return;
    }
    guest_tell_network(g);
    move_tell_caller(g, pid); // its last look at the guest goes through home's files
}

/// Whose it is to be: its group first.
static bool parse_owner(struct reader *r, char uid[16], char **groups) {
    size_t size = 0;
    FILE *f = open_memstream(groups, &size);
    if (!f)
        die("no memory for groups");
    snprintf(uid, 16, "%u", get_u32(r));
    fprintf(f, "%u", get_u32(r));
    for (uint32_t left = get_u32(r); left > 0 && !r->bad; left--)
        fprintf(f, ",%u", get_u32(r));
    return fclose(f) == 0 && !r->bad;
}

void restore_start(struct keeper *k, struct reader *r, bool lazy) {
    struct slice home = get_str(r);
    uint64_t job = get_u64(r);
    uint32_t epoch = get_u32(r);
    struct criu criu = {0};
    char *image = NULL, *groups = NULL, *source = NULL, uid[16];
    struct network network = {0};
    if (!criu_parse(r, &criu) || !(image = slice_text(get_str(r))) || !parse_owner(r, uid, &groups)
        || !network_parse(r, &network) || (lazy && !(source = slice_text(get_str(r)))) || home.length == 0)
        r->bad = true;
    else if (!guest_find(k, home, job, epoch)) {
        struct guest *g = guest_add(k, home, job, epoch);
        struct move *m = move_begin(g, image);
        m->arrives = true;
        memcpy(m->uid, uid, sizeof uid);
        m->groups = groups;
        groups = NULL;
        g->terms.net = network.kind;
        m->address = network.address;
        m->resolvers = network.resolver_path; // NULL: it has none of its own
        network.resolver_path = NULL;
        make(g, &criu, source, r);
    }
    network_free(&network);
    free(source);
    free(groups);
    free(image);
    criu_free(&criu);
}

void restore_reached(struct guest *g) {
    struct keeper *k = g->keeper;
    if (g->move->at == GATE_NAMESPACES) {
        guest_tell_created(g);
    } else if (g->move->at == GATE_CHECKED) {
        g->move->checked = g->move->committed;
        cgroup_enter_quota(&k->cgroups, g->cradle.number, g->move->criu);
        move_answer(g, g->move->checked ? 0 : 1);
    } else {
        daemon_end(k, guest_frame(g, K_RESTORED));
    }
}

/// On the node, of a process that is known by its pid in the guest's namespace.
static pid_t find_first(const struct guest *g) {
    char path[64], line[256], wanted[16];
    int child;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)g->cradle.pid, (int)g->cradle.pid);
    snprintf(wanted, sizeof wanted, "%d", (int)g->first_pid);
    FILE *children = fopen(path, "re");
    pid_t found = 0;
    while (children && !found && fscanf(children, "%d", &child) == 1) {
        snprintf(path, sizeof path, "/proc/%d/status", child);
        FILE *f = fopen(path, "re");
        while (f && fgets(line, sizeof line, f))
            if (strncmp(line, "NSpid:", 6) == 0) {
                line[strcspn(line, "\n")] = 0;
                const char *last = strrchr(line, '\t');
                if (last && strcmp(last + 1, wanted) == 0)
                    found = child;
            }
        if (f)
            fclose(f);
    }
    if (children)
        fclose(children);
    return found;
}

void restore_ended(struct guest *g, int status) {
    struct keeper *k = g->keeper;
    bool done = g->move->committed && g->move->checked && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool reaped = g->move->init_reaped;
    move_tell_caller(g, 0);
    unmount_root(g);
    if (done) {
        move_end(g);
        pid_t first = find_first(g);
        if (first > 0)
            g->first_pid = first;
        if (!cgroup_read_usage(&k->cgroups, g->cradle.number, &g->base))
            g->base = (struct cgroup_usage){0};
        g->state = GUEST_RUNNING;
        guest_tell_start(g);
        guest_watch_control(g);
        struct home *h = home_find(k, g->home);
        if (h && h->expired)
            guest_freeze(g, FREEZE_LEASE, true);
        stream_feed(g);
        for (int i = 0; i < 3; i++)
            stream_pump_out(&g->out[i]);
        if (reaped)
            guest_reaped(g); // it was short
        return;
    }
    char why[1024], text[1200];
    move_complaint(g, "restore.log", why, sizeof why);
    snprintf(text, sizeof text, "CRIU cannot make it here: %s", why);
    cgroup_kill(&k->cgroups, g->cradle.number); // what CRIU had no time to kill
    pages_stop(g);
    guest_close_network(g);
    move_end(g);
    if (g->cradle.control >= 0)
        close(g->cradle.control);
    g->cradle.control = -1;
    if (!g->forgotten)
        guest_fail(g, 125, text);
    if (g->cradle.pid <= 0)
        cradle_removed(k, &g->cradle);
}
