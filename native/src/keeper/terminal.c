// Process: drover-keeper. A guest's terminal on its way to another node. CRIU brings along neither a terminal whose master
// is held outside of the guest nor the file system it is in: the source's keeper tells what the terminal is like, the
// target's makes one like it, and CRIU gives that to the guest (src/criu has it become the controlling one).
#define _GNU_SOURCE
#include "keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/// What a terminal holds at most of what was typed and not read: the kernel's N_TTY_BUF_SIZE.
#define TYPED_BYTES 4096
/// What was typed again is in the terminal within this: the kernel has a worker do it.
#define SETTLE_MS 100
/// /dev/tty, which a shell keeps open. CRIU looks for the terminal behind it among those that it dumps itself: so it is given
/// from outside as well, as that terminal.
#define CONTROL_DEVICE makedev(5, 0)

int terminal_of(const struct guest *g) {
    for (int i = 0; i < 3; i++)
        if (g->out[i].is_pty && g->out[i].fd >= 0)
            return g->out[i].fd;
    return -1;
}

static int open_slave(int master) { return ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC); }

/// Waits until what was typed before is in the terminal: poll has the worker do it where nothing can be read yet.
static void settle(int slave, int readable) {
    struct timespec millisecond = {0, 1000000};
    for (int i = 0; i < SETTLE_MS; i++) {
        struct pollfd p = {slave, POLLIN, 0};
        int there = 0;
        poll(&p, 1, 0);
        if (ioctl(slave, FIONREAD, &there) < 0 || there >= readable)
            break;
        nanosleep(&millisecond, NULL);
    }
}

static bool type_again(int master, int slave, const struct termios *modes, const uint8_t *typed, size_t length) {
    if (length == 0)
        return true;
    uint8_t again[TYPED_BYTES];
    bool lines = modes->c_lflag & ICANON;
    int readable = lines ? 0 : (int)length;
    for (size_t i = 0; i < length; i++) {
        again[i] = lines && typed[i] == 0 ? modes->c_cc[VEOF] : typed[i]; // so the kernel keeps an end of file
        if (lines && typed[i] == '\n')
            readable = (int)i + 1;
    }
    struct termios plain = *modes; // it was echoed, and its characters were given their meaning, when it was typed
    plain.c_iflag = 0;
    plain.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ISIG | IEXTEN);
    bool ok = tcsetattr(slave, TCSANOW, &plain) == 0 && write(master, again, length) == (ssize_t)length;
    settle(slave, readable);
    return tcsetattr(slave, TCSANOW, modes) == 0 && ok;
}

/// Leaves it there: the guest may go on here.
static size_t look_at_typed(int master, int slave, const struct termios *modes, uint8_t typed[TYPED_BYTES]) {
    struct termios all = *modes;
    all.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    all.c_cc[VMIN] = all.c_cc[VTIME] = 0;
    settle(slave, 0);
    if (tcsetattr(slave, TCSANOW, &all) < 0)
        return 0;
    size_t got = 0;
    while (got < TYPED_BYTES) {
        ssize_t n = read(slave, typed + got, TYPED_BYTES - got);
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    tcsetattr(slave, TCSANOW, modes);
    if (!type_again(master, slave, modes, typed, got))
        note("what was typed and not read yet cannot be put back: %s", strerror(errno));
    return got;
}

/// The number inside the guest of a process group that is known by its number here; 0: it has no process.
static int32_t group_inside(pid_t group) {
    DIR *all = opendir("/proc");
    int32_t found = 0;
    for (struct dirent *e; all && !found && (e = readdir(all));) {
        char path[300], line[256];
        if (e->d_name[0] < '1' || e->d_name[0] > '9')
            continue;
        snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
        FILE *f = fopen(path, "re");
        while (f && fgets(line, sizeof line, f))
            if (strncmp(line, "NSpgid:", 7) == 0 && atoi(line + 7) == group)
                found = atoi(strrchr(line, '\t') + 1);
        if (f)
            fclose(f);
    }
    if (all)
        closedir(all);
    return found;
}

/// By which CRIU knows it.
static void name_it(char *to, size_t size, uint64_t device, uint64_t files) {
    snprintf(to, size, "tty[%llx:%llx]", (unsigned long long)device, (unsigned long long)files);
}

/// The guest's /dev, as st_dev has it; from its mount table, since a look at the path would be a question to home.
static uint64_t files_of_dev(const struct guest *g) {
    char path[64], line[1024], where[256];
    unsigned major, minor;
    uint64_t found = 0;
    snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)g->cradle.pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "%*d %*d %u:%u %*s %255s", &major, &minor, where) == 3 && strcmp(where, "/dev") == 0)
            found = makedev(major, minor);
    if (f)
        fclose(f);
    return found;
}

void terminal_names(const struct guest *g, char name[64], char control[64]) {
    struct stat st;
    int slave = open_slave(terminal_of(g));
    name[0] = 0;
    if (slave >= 0 && fstat(slave, &st) == 0)
        name_it(name, 64, st.st_rdev, st.st_dev);
    if (slave >= 0)
        close(slave);
    name_it(control, 64, CONTROL_DEVICE, files_of_dev(g));
}

const char *terminal_put(struct guest *g, struct bytes *to) {
    int master = terminal_of(g);
    put_u8(to, master >= 0);
    if (master < 0)
        return NULL;
    struct pollfd unread = {master, POLLIN, 0};
    if (poll(&unread, 1, 0) > 0 && (unread.revents & POLLIN))
        return "its terminal has more output than was shown yet; try again";
    int slave = open_slave(master);
    struct stat st;
    struct termios modes;
    struct winsize window;
    bool ok = slave >= 0 && fstat(slave, &st) == 0 && tcgetattr(slave, &modes) == 0 && ioctl(master, TIOCGWINSZ, &window) == 0;
    if (ok) {
        uint8_t typed[TYPED_BYTES];
        pid_t group = 0;
        put_u64(to, st.st_rdev);
        put_u64(to, st.st_dev);
        put_u64(to, files_of_dev(g));
        put_u8(to, g->out[0].is_pty ? 0 : 2);
        put_u8(to, g->in.is_pty);
        put_u32(to, st.st_uid);
        put_u32(to, st.st_gid);
        put_u32(to, st.st_mode & 07777);
        put_str(to, &modes, sizeof modes);
        put_u16(to, window.ws_row);
        put_u16(to, window.ws_col);
        put_u16(to, window.ws_xpixel);
        put_u16(to, window.ws_ypixel);
        put_u32(to, ioctl(master, TIOCGPGRP, &group) == 0 && group > 0 ? (uint32_t)group_inside(group) : 0);
        put_str(to, typed, look_at_typed(master, slave, &modes, typed));
    }
    if (slave >= 0)
        close(slave);
    return ok ? NULL : "its terminal cannot be looked at";
}

bool terminal_take(struct terminal *t, struct reader *r) {
    *t = (struct terminal){.there = get_u8(r)};
    if (!t->there)
        return !r->bad;
    uint64_t device = get_u64(r), files = get_u64(r);
    name_it(t->name, sizeof t->name, device, files);
    name_it(t->control, sizeof t->control, CONTROL_DEVICE, get_u64(r));
    t->stream = get_u8(r);
    t->reads = get_u8(r);
    t->uid = get_u32(r);
    t->gid = get_u32(r);
    t->mode = get_u32(r);
    t->modes = get_str(r);
    t->window.ws_row = get_u16(r);
    t->window.ws_col = get_u16(r);
    t->window.ws_xpixel = get_u16(r);
    t->window.ws_ypixel = get_u16(r);
    t->foreground = (int32_t)get_u32(r);
    t->typed = get_str(r);
    return !r->bad && t->typed.length <= TYPED_BYTES && t->modes.length == sizeof(struct termios)
        && (t->stream == 0 || t->stream == 2);
}

static bool mount_devpts(struct guest *g, char *path, size_t size) {
    struct move *m = g->move;
    snprintf(m->devpts, sizeof m->devpts, ".pts-%u", m->number);
    snprintf(path, size, "%s/mnt/%s", g->keeper->run_dir, m->devpts);
    return (mkdir(path, 0700) == 0 || errno == EEXIST)
        && mount("devpts", path, "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,gid=5,mode=620,ptmxmode=666") == 0;
}

void terminal_unmount(struct guest *g) {
    struct move *m = g->move;
    char path[4200];
    if (!m->devpts[0])
        return;
    snprintf(path, sizeof path, "%s/mnt/%s", g->keeper->run_dir, m->devpts);
    umount2(path, MNT_DETACH);
    rmdir(path);
    m->devpts[0] = 0;
}

int terminal_make(struct guest *g, const struct terminal *t) {
    char path[4200];
    struct termios modes;
    int locked = 0, number = -1, slave = -1;
    memcpy(&modes, t->modes.at, sizeof modes);
    if (!mount_devpts(g, path, sizeof path))
        return -1;
    strcat(path, "/ptmx");
    int master = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    // The first in its file system, as before: its path in the guest is the same.
    bool ok = master >= 0 && ioctl(master, TIOCSPTLCK, &locked) == 0 && ioctl(master, TIOCGPTN, &number) == 0 && number == 0
        && (slave = open_slave(master)) >= 0 && fchown(slave, t->uid, t->gid) == 0 && fchmod(slave, t->mode) == 0
        && tcsetattr(slave, TCSANOW, &modes) == 0 && ioctl(master, TIOCSWINSZ, &t->window) == 0
        && type_again(master, slave, &modes, t->typed.at, t->typed.length) && fcntl(slave, F_SETFL, O_RDWR) == 0;
    int error = errno, again = -1;
    if (ok && t->reads)
        ok = (again = fcntl(master, F_DUPFD_CLOEXEC, 0)) >= 0;
    if (!ok) {
        if (master >= 0)
            close(master);
        if (slave >= 0)
            close(slave);
        errno = error;
        return -1;
    }
    g->out[t->stream].is_pty = true;
    stream_open(&g->out[t->stream], g, master, EPOLLIN | EPOLLET);
    if (t->reads) {
        g->in.is_pty = true;
        stream_open(&g->in, g, again, EPOLLOUT | EPOLLET);
    }
    return slave;
}
