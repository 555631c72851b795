// Process: drover-keeper. The homes' file systems and leases. Only mount(2) and open_tree(2) on a mount point touch a
// homefs here: neither sends it a request.
#define _GNU_SOURCE
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct home *home_find(struct keeper *k, const char *name) {
    for (struct home *h = k->homes; h; h = h->next)
        if (strcmp(h->name, name) == 0)
            return h;
    return NULL;
}

static struct home *home_get(struct keeper *k, struct slice name) {
    char *text = slice_text(name);
    struct home *h = text ? home_find(k, text) : NULL;
    if (h || !text) {
        free(text);
        return h;
    }
    h = calloc(1, sizeof *h);
    if (!h)
        die("no memory for a home");
    *h = (struct home){.next = k->homes, .name = text, .fuse = -1};
    k->homes = h;
    return h;
}

static void mount_point(const struct keeper *k, const char *name, char *to, size_t size) {
    snprintf(to, size, "%s/mnt/%s", k->run_dir, name);
}

/// The connection's number under /sys/fs/fuse/connections is the mount's minor device number.
static uint64_t connection_of(const char *path) {
    FILE *f = fopen("/proc/self/mountinfo", "re");
    char line[4096], at[2048];
    uint64_t found = 0;
    unsigned minor_number;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%*d %*d %*u:%u %*s %2047s", &minor_number, at) == 2 && strcmp(at, path) == 0)
            found = minor_number;
    if (f)
        fclose(f);
    return found;
}

static int mount_home(struct keeper *k, struct home *h, uint32_t max_read) {
    char path[4096], options[256];
    mount_point(k, h->name, path, sizeof path);
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return errno;
    int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fuse < 0)
        return errno;
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40755,user_id=0,group_id=0,allow_other,default_permissions,max_read=%u", fuse, max_read);
    if (mount("homefs", path, "fuse.homefs", MS_NODEV | MS_NOSUID, options) < 0) {
        int error = errno;
        close(fuse);
        return error;
    }
    h->fuse = fuse;
    h->connection = connection_of(path);
    return 0;
}

void home_mount(struct keeper *k, struct slice name, uint32_t max_read) {
    struct home *h = home_get(k, name);
    uint8_t already = h->fuse >= 0;
    int error = already ? 0 : mount_home(k, h, max_read);
    int passed = error ? -1 : fcntl(h->fuse, F_DUPFD_CLOEXEC, 0);
    if (!error && passed < 0)
        error = errno;
    if (passed >= 0)
        daemon_pass(k, passed);
    size_t mark = frame_begin(&k->daemon.out, K_MOUNTED);
    put_text(&k->daemon.out, h->name);
    put_u32(&k->daemon.out, (uint32_t)error);
    put_u64(&k->daemon.out, h->connection);
    put_u8(&k->daemon.out, already);
    daemon_end(k, mark);
}

void home_unmount(struct keeper *k, struct slice name) {
    struct home *h = home_get(k, name);
    char path[4096];
    mount_point(k, h->name, path, sizeof path);
    int error = h->fuse < 0 ? EINVAL : umount2(path, MNT_DETACH) < 0 ? errno : 0;
    if (!error) {
        close(h->fuse);
        rmdir(path);
    }
    size_t mark = frame_begin(&k->daemon.out, K_UNMOUNTED);
    put_text(&k->daemon.out, h->name);
    put_u32(&k->daemon.out, (uint32_t)error);
    daemon_end(k, mark);
    if (error)
        return;
    for (struct home **at = &k->homes; *at; at = &(*at)->next)
        if (*at == h) {
            *at = h->next;
            break;
        }
    free(h->name);
    free(h);
}

int home_clone_tree(struct keeper *k, const char *name) {
    struct home *h = home_find(k, name);
    if (!h || h->fuse < 0) {
        errno = ENOTCONN; // the daemon mounts before it starts
        return -1;
    }
    char path[4096];
    mount_point(k, name, path, sizeof path);
    return (int)syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static void freeze_all(struct keeper *k, const struct home *h, bool frozen) {
    for (struct guest *g = k->guests; g; g = g->next)
        if (!g->forgotten && strcmp(g->home, h->name) == 0)
            guest_freeze(g, FREEZE_LEASE, frozen);
}

static void arm(struct keeper *k) {
    int64_t next = 0;
    for (struct home *h = k->homes; h; h = h->next)
        if (h->lease_deadline_ms > 0 && !h->expired && (next == 0 || h->lease_deadline_ms < next))
            next = h->lease_deadline_ms;
    struct itimerspec at = {.it_value = {next / 1000, next % 1000 * 1000000}};
    if (timerfd_settime(k->lease_timer, TFD_TIMER_ABSTIME, &at, NULL) < 0)
        die("cannot set the lease timer");
}

void home_lease(struct keeper *k, struct slice name, uint64_t milliseconds) {
    struct home *h = home_get(k, name);
    if (milliseconds > 86400000) // a day: a longer lease is a mistake
        milliseconds = 86400000;
    h->lease_deadline_ms = boottime_ms() + (int64_t)milliseconds + 1;
    if (h->expired) {
        h->expired = false;
        note("the lease of %s is renewed: its guests go on", h->name);
        freeze_all(k, h, false);
    }
    arm(k);
}

void home_check_leases(struct keeper *k) {
    for (struct home *h = k->homes; h; h = h->next)
        if (h->lease_deadline_ms > 0 && !h->expired && h->lease_deadline_ms <= boottime_ms()) {
            h->expired = true;
            note("the lease of %s has run out: its guests are frozen", h->name);
            freeze_all(k, h, true);
        }
    arm(k);
}
