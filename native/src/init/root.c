// Process: drover-init. The guest's mounts: the root (homefs, or the node's own /) and, local to the node, /proc, /sys,
// /dev and /run. They are built ahead of time, because each unmount costs an RCU grace period.
#define _GNU_SOURCE
#include "init.h"
#include "../common/hidden.h"
#include "../common/protocol.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MNT_DETACH 2 // sys/mount.h, which does not go together with linux/mount.h
#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)

extern int mount(const char *, const char *, const char *, unsigned long, const void *);
extern int umount2(const char *, int);

static void must(int result, const char *what, const char *name) {
    if (result < 0)
        refuse(125, what, name, errno);
}

static int prepare_proc(void) {
    must(mkdir("proc", 0755), "cannot make", "stage/proc");
    must(mount("proc", "proc", "proc", SAFE, NULL), "cannot mount", "/proc");
    int last_pid = open("proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC); // before it becomes read-only
    char path[64];
    for (const char *const *name = MASKED; *name; name++) {
        snprintf(path, sizeof path, "proc/%s", *name);
        if (access(path, F_OK) == 0)
            must(mount("dev/null", path, NULL, MS_BIND, NULL), "cannot mask", path);
    }
    for (const char *const *name = READ_ONLY; *name; name++) {
        snprintf(path, sizeof path, "proc/%s", *name);
        if (access(path, F_OK) != 0)
            continue;
        must(mount(path, path, NULL, MS_BIND | MS_REC, NULL), "cannot bind", path);
        must(mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | SAFE, NULL), "cannot make read-only", path);
    }
    return last_pid;
}

static void node(const char *name, unsigned major_number, unsigned minor_number) {
    must(mknod(name, S_IFCHR | 0666, makedev(major_number, minor_number)), "cannot make", name);
    must(chmod(name, 0666), "cannot open up", name);
}

static void prepare_dev(void) {
    must(mkdir("dev", 0755), "cannot make", "stage/dev");
    must(mount("dev", "dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k,nr_inodes=64"), "cannot mount", "/dev");
    node("dev/null", 1, 3);
    node("dev/zero", 1, 5);
    node("dev/full", 1, 7);
    node("dev/random", 1, 8);
    node("dev/urandom", 1, 9);
    node("dev/tty", 5, 0);
    must(symlink("pts/ptmx", "dev/ptmx"), "cannot link", "/dev/ptmx");
    must(symlink("/proc/self/fd", "dev/fd"), "cannot link", "/dev/fd");
    must(symlink("/proc/self/fd/0", "dev/stdin"), "cannot link", "/dev/stdin");
    must(symlink("/proc/self/fd/1", "dev/stdout"), "cannot link", "/dev/stdout");
    must(symlink("/proc/self/fd/2", "dev/stderr"), "cannot link", "/dev/stderr");
    must(mkdir("dev/pts", 0755), "cannot make", "/dev/pts");
    must(mkdir("dev/shm", 01777), "cannot make", "/dev/shm");
    must(mkdir("dev/mqueue", 01777), "cannot make", "/dev/mqueue");
    must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,gid=5,mode=620,ptmxmode=666"),
         "cannot mount", "/dev/pts");
    must(mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"), "cannot mount", "/dev/shm");
    if (mount("mqueue", "dev/mqueue", "mqueue", SAFE, NULL) < 0 && errno != ENODEV)
        refuse(125, "cannot mount", "/dev/mqueue", errno); // ENODEV: a kernel without message queues
}

static void mount_sys(void) {
    must(mount("sysfs", "sys", "sysfs", SAFE | MS_RDONLY, NULL), "cannot mount", "/sys");
}

/// The guest's own /run, empty but for what tells `drover run` that it is inside a guest.
static void prepare_run(void) {
    must(mkdir("run", 0755), "cannot make", "stage/run");
    must(mount("run", "run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"), "cannot mount", "/run");
    must(mkdir(GUEST_MARK_DIRECTORY + 1, 0755), "cannot make", GUEST_MARK_DIRECTORY);
    int mark = open(GUEST_MARK + 1, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
    must(mark, "cannot make", GUEST_MARK);
    close(mark);
}

/// A detached copy of the node's own tree, without its /dev, /proc and /sys, on which nothing is a device or setuid.
static int copy_node_root(void) {
    umount2("/dev", MNT_DETACH);
    umount2("/sys", MNT_DETACH);
    umount2("/proc", MNT_DETACH);
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (unsigned)AT_RECURSIVE);
    must(tree, "cannot hold", "the node's root");
    struct mount_attr safe = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    must((int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &safe, sizeof safe), "cannot restrict",
         "the node's root");
    return tree;
}

void root_prepare(const char *stage, struct prepared *p) {
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "cannot make private", "/");
    while (umount2(stage, MNT_DETACH) == 0) // the homes' mounts: no guest keeps another home's alive
        ;
    p->node_root = copy_node_root();
    must(mount("stage", stage, "tmpfs", MS_NOSUID, "mode=755,size=64k,nr_inodes=64"), "cannot mount", stage);
    must(chdir(stage), "cannot enter", stage);
    must(mkdir("root", 0755), "cannot make", "stage/root");
    must(mkdir("sys", 0755), "cannot make", "stage/sys");
    must(mkdir("hidden", 0), "cannot make", "stage/hidden");
    prepare_dev();
    p->last_pid = prepare_proc();
    mount_sys();
    prepare_run();
    must(mount("hidden", "hidden", "tmpfs", SAFE | MS_RDONLY, "mode=000,size=4k"), "cannot mount", "stage/hidden");
    must((int)syscall(SYS_pivot_root, ".", "."), "cannot make the root of", stage);
    must(umount2(".", MNT_DETACH), "cannot leave", "the node's root");
    must(chdir("/"), "cannot enter", "the stage");
}

/// Moves a prepared mount into the guest's root; a home without the directory goes without.
static void place(const char *from, const char *root, const char *to) {
    char path[4200];
    snprintf(path, sizeof path, "%s%s", root, to);
    struct stat st;
    if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return;
    must(mount(from, path, NULL, MS_MOVE, NULL), "cannot mount onto the guest's", to);
}

void root_enter(const char *run_dir, const struct start *s, const struct start_fds *fds, const struct prepared *p) {
    if (s->network.kind == NETWORK_NODE) { // sysfs shows the network it was mounted in
        must(umount2("sys", MNT_DETACH), "cannot replace", "/sys");
        mount_sys();
    }
    int tree = s->root == 1 ? fds->root : p->node_root;
    must((int)syscall(SYS_move_mount, tree, "", AT_FDCWD, "root", MOVE_MOUNT_F_EMPTY_PATH), "cannot mount",
         s->root == 1 ? "the home's files" : "the node's root");
    if (s->root == 0) // the keeper's and the daemon's sockets are not for guests
        place("hidden", "root", run_dir);
    place("dev", "root", "/dev");
    place("proc", "root", "/proc");
    place("sys", "root", "/sys");
    place("run", "root", "/run");
    must(chdir("root"), "cannot enter", "the guest's root");
    must((int)syscall(SYS_pivot_root, ".", "."), "cannot make the root of", "the guest");
    // The stage, empty now, lies over the new root until root_leave_stage: an unmount waits for RCU, the guest need not.
}

void root_leave_stage(struct prepared *p) {
    must(umount2(".", MNT_DETACH), "cannot leave", "the stage");
    must(chdir("/"), "cannot enter", "/");
    if (p->node_root >= 0)
        close(p->node_root);
    if (p->last_pid >= 0)
        close(p->last_pid);
}

void root_open_pty(const struct start *s, struct start_fds *fds) {
    fds->pty_master = fds->pty_slave = -1;
    if (s->kind[0] != KIND_TTY && s->kind[1] != KIND_TTY && s->kind[2] != KIND_TTY)
        return;
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(master, "cannot open a terminal in", "/dev/pts");
    int locked = 0;
    unsigned number;
    must(ioctl(master, TIOCSPTLCK, &locked), "cannot unlock", "the terminal");
    must(ioctl(master, (int)TIOCGPTN, &number), "cannot number", "the terminal");
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(slave, "cannot open", "the terminal");
    must(fchown(slave, s->uid, 5), "cannot give away", "the terminal");
    struct termios modes;
    if (s->termios.length >= sizeof modes) {
        memcpy(&modes, s->termios.at, sizeof modes);
        if (!s->raw_terminal) { // home's terminal goes on doing these itself
            modes.c_oflag &= (tcflag_t)~OPOST;
            modes.c_lflag &= (tcflag_t) ~(ECHO | ECHONL);
        }
        must(ioctl(slave, TCSETS, &modes), "cannot set", "the terminal's modes");
    }
    ioctl(master, TIOCSWINSZ, &s->window);
    fds->pty_master = master;
    fds->pty_slave = slave;
}
