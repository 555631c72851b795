// drover-lab-node boot: builds the root directory of a node. Runs in the node's first process, in its own mount namespace.
// overlay: the machine's / below a disk of the node's own. bare: only the node's disk, with nothing of a distribution but
// the libraries that the JDK needs (copied there once by the lab's command), the JDK and drover itself.

#include "lab-node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// A path below the node's future root, made if missing.
static int place(char *out, const char *root, const char *path) {
    if (path_of(out, "%s%s", root, path) < 0)
        return -1;
    return make_directories(out);
}

static int mount_at(const char *root, const char *path, const char *type, unsigned long flags, const char *options) {
    char target[PATH_MAX];
    if (place(target, root, path) < 0)
        return -1;
    return mount(type, target, type, flags, options) == 0 ? 0 : fail("mount", target);
}

static int bind_read_only(const char *root, const char *path) {
    char target[PATH_MAX];
    if (place(target, root, path) < 0)
        return -1;
    if (mount(path, target, NULL, MS_BIND, NULL) != 0
        || mount(NULL, target, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) != 0)
        return fail("show the node", path);
    return 0;
}

/// A bind, not mknod: it also works where the machine itself is a container that may not make devices.
static int show_device(const char *root, const char *name) {
    char from[PATH_MAX], to[PATH_MAX];
    if (path_of(from, "/dev/%s", name) < 0 || path_of(to, "%s/dev/%s", root, name) < 0)
        return -1;
    int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail("make", to);
    close(fd);
    if (mount(from, to, NULL, MS_BIND, NULL) != 0)
        return fail("show the node", from);
    return 0;
}

static int show_devices(const char *root) {
    static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty", "fuse"};
    static const char *const links[][2] = {
        {"/proc/self/fd", "fd"}, {"fd/0", "stdin"}, {"fd/1", "stdout"}, {"fd/2", "stderr"}, {"pts/ptmx", "ptmx"}};
    char to[PATH_MAX];
    if (mount_at(root, "/dev", "tmpfs", MS_NOSUID, "mode=755,size=1m") < 0)
        return -1;
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
        if (show_device(root, devices[i]) < 0)
            return -1;
    if (access("/dev/net/tun", F_OK) == 0) { // else jobs go without their home's network, as on such a machine
        if (path_of(to, "%s/dev/net", root) < 0)
            return -1;
        if (mkdir(to, 0755) != 0)
            return fail("make", to);
        if (show_device(root, "net/tun") < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (path_of(to, "%s/dev/%s", root, links[i][1]) < 0)
            return -1;
        if (symlink(links[i][0], to) != 0)
            return fail("make", to);
    }
    if (mount_at(root, "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=666,mode=620,gid=5") < 0
        || mount_at(root, "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m") < 0
        || mount_at(root, "/dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return -1;
    return 0;
}

static int mount_disk(const struct node_spec *spec, const char *root) {
    char options[4 * PATH_MAX];
    if (spec->bare) {
        char disk[PATH_MAX];
        if (path_of(disk, "%s/disks/%s/bare", spec->lab, spec->name) < 0)
            return -1;
        return mount(disk, root, NULL, MS_BIND, NULL) == 0 ? 0 : fail("mount", root);
    }
    snprintf(options, sizeof options, "lowerdir=/,upperdir=%s/disks/%s/upper,workdir=%s/disks/%s/work", spec->lab,
             spec->name, spec->lab, spec->name);
    return mount("overlay", root, "overlay", 0, options) == 0 ? 0 : fail("mount an overlay at", root);
}

static int copy_file(const char *from, const char *to) {
    char buffer[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return fail("read", from);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
    if (out < 0) {
        close(in);
        return fail("write", to);
    }
    ssize_t got;
    while ((got = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)got) != got) {
            got = -1;
            break;
        }
    close(in);
    if (close(out) != 0 || got < 0)
        return fail("copy", from);
    return 0;
}

// Fills a bare disk at its first boot: LAB/bare-files lists absolute paths of libraries; LAB/bare-etc holds small files.
static int fill_bare(const struct node_spec *spec, const char *root) {
    char path[PATH_MAX], line[PATH_MAX], target[PATH_MAX];
    if (path_of(path, "%s/bare-files", spec->lab) < 0)
        return -1;
    FILE *list = fopen(path, "re");
    if (!list)
        return fail("read", path);
    int result = 0;
    while (result == 0 && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        char *tab = strchr(line, '\t');   // SOURCE<tab>TARGET
        if (!tab)
            continue;
        *tab = 0;
        result = path_of(target, "%s%s", root, tab + 1);
        if (result == 0 && access(target, F_OK) != 0) {
            char *slash = strrchr(target, '/');
            *slash = 0;
            result = make_directories(target);
            *slash = '/';
            if (result == 0)
                result = copy_file(line, target);
        }
    }
    fclose(list);
    return result;
}

static int write_hosts(const struct node_spec *spec, const char *root) {
    char from[PATH_MAX], to[PATH_MAX];
    if (place(to, root, "/etc") < 0 || path_of(from, "%s/hosts", spec->lab) < 0 || path_of(to, "%s/etc/hosts", root) < 0)
        return -1;
    if (unlink(to) != 0 && errno != ENOENT)
        return fail("replace", to);
    if (copy_file(from, to) < 0)
        return -1;
    if (chmod(to, 0644) != 0)
        return fail("set the mode of", to);
    if (path_of(to, "%s/etc/hostname", root) < 0)
        return -1;
    if (unlink(to) != 0 && errno != ENOENT)
        return fail("replace", to);
    FILE *out = fopen(to, "we");
    if (!out || fprintf(out, "%s\n", spec->name) < 0 || fclose(out) != 0)
        return fail("write", to);
    return 0;
}

int enter_root(const struct node_spec *spec) {
    char root[PATH_MAX], target[PATH_MAX], temporary[64];
    if (path_of(root, "%s/nodes/%s/root", spec->lab, spec->name) < 0 || mount_disk(spec, root) < 0)
        return -1;
    if (spec->bare && fill_bare(spec, root) < 0)
        return -1;
    if (write_hosts(spec, root) < 0)
        return -1;
    snprintf(temporary, sizeof temporary, "mode=1777,size=%llu", spec->disk_bytes);
    if (mount_at(root, "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0
        || mount_at(root, "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0
        || mount_at(root, "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m") < 0
        || mount_at(root, "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, temporary) < 0 || show_devices(root) < 0)
        return -1;
    if (path_of(target, "%s/sys/fs/cgroup", root) < 0)
        return -1;
    if (mount("/sys/fs/cgroup", target, NULL, MS_BIND | MS_REC, NULL) != 0)
        return fail("show the node", "/sys/fs/cgroup");
    if (bind_read_only(root, spec->image) < 0 || bind_read_only(root, spec->jdk) < 0)
        return -1;
    if (chdir(root) != 0)
        return fail("enter", root);
    // Both roots on one place: the old one lies on top afterwards and is let go; pivot_root(2) describes it.
    if (syscall(SYS_pivot_root, ".", ".") != 0)
        return fail("make the root", root);
    if (umount2(".", MNT_DETACH) != 0)
        return fail("let go of", "the machine's root");
    return chdir("/") == 0 ? 0 : fail("enter", "/");
}
