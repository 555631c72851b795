// drover-lab-node switch | boot: the two processes of a lab that stay. Started by `drover lab`, they talk to nobody.
// The switch holds the namespaces in which the lab's bridge and the nodes' disks live, so that both outlive a node.
// A node's first process reaps; killing it is the node's power cut, since its pid namespace dies with it.

#include "lab-node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Detaches from whoever started us, but keeps stderr until `ready` was told: failures must be read by someone.
static int detach_input(void) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return fail("open", "/dev/null");
    if (setsid() < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
        return fail("detach from", "the terminal");
    close(null);
    return 0;
}

static int tell_ready(int ready_fd) {
    if (dup2(0, 2) < 0 || write(ready_fd, "r", 1) != 1)
        return -1;
    close(ready_fd);
    return 0;
}

// Waits until the child says it is ready, then records it in `file`.
static int await_ready(int ready_fd, pid_t child, const char *file) {
    char byte;
    ssize_t got;
    do
        got = read(ready_fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    close(ready_fd);
    if (got != 1) {
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        return -1;   // the child has said why
    }
    struct process_id id = {.pid = child, .start_ticks = start_ticks_of(child)};
    if (write_process(file, id) == 0)
        return 0;
    kill(child, SIGKILL);   // unrecorded, nobody would ever end it
    waitpid(child, NULL, 0);
    return -1;
}

static int join_named_groups(const char *lab, const char *file) {
    int fds[MAXIMUM_GROUPS];
    char path[PATH_MAX];
    if (path_of(path, "%s/%s", lab, file) < 0)
        return -1;
    int count = open_groups(path, fds);
    return count < 0 ? -1 : join_groups(fds, count);
}

int switch_main(int argc, char **argv) {
    (void)argc;
    const char *lab = argv[0];
    char record[PATH_MAX];
    int ready[2];
    if (path_of(record, "%s/switch/process", lab) < 0 || join_named_groups(lab, "switch/groups") < 0)
        return EXIT_LAB_FAILED;
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0)
        return fail("make namespaces for", "the switch"), EXIT_LAB_FAILED;
    if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0)
        return fail("separate the mounts of", "the switch"), EXIT_LAB_FAILED;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return fail("make", "a pipe"), EXIT_LAB_FAILED;
    pid_t child = fork();
    if (child < 0)
        return fail("fork", "the switch"), EXIT_LAB_FAILED;
    if (child > 0) {
        close(ready[1]);
        return await_ready(ready[0], child, record) < 0 ? EXIT_LAB_FAILED : 0;
    }
    prctl(PR_SET_NAME, "lab-switch");
    if (chdir("/") != 0 || detach_input() < 0 || tell_ready(ready[1]) < 0)
        return EXIT_LAB_FAILED;
    for (;;)
        pause();
}

int bring_up_loopback(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail("open", "a socket");
    struct ifreq request = {.ifr_flags = IFF_UP | IFF_RUNNING};
    strcpy(request.ifr_name, "lo");
    int result = ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
    return result == 0 ? 0 : fail("bring up", "lo");
}

// A quiet wire: what crosses it is what the cluster sends, since the experiments count it.
static void silence_ipv6(void) {
    static const char *const settings[] = {"/proc/sys/net/ipv6/conf/all/disable_ipv6",
                                           "/proc/sys/net/ipv6/conf/default/disable_ipv6"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        int fd = open(settings[i], O_WRONLY | O_CLOEXEC);
        if (fd < 0)
            continue;   // a kernel without IPv6 is as quiet
        if (write(fd, "1", 1) != 1)
            fail("write", settings[i]);
        close(fd);
    }
}

static int set_clocks(long offset_seconds) {
    char text[128];
    int length = snprintf(text, sizeof text, "monotonic %ld 0\nboottime %ld 0\n", offset_seconds, offset_seconds);
    int fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return fail("open", "/proc/self/timens_offsets");
    ssize_t written = write(fd, text, (size_t)length);
    close(fd);
    return written == length ? 0 : fail("set the clocks by", "/proc/self/timens_offsets");
}

// Enters the mount namespace of the switch and makes sure this node's disk is mounted there.
static int attach_disk(const struct node_spec *spec) {
    char path[PATH_MAX], upper[PATH_MAX], options[64];
    struct process_id holder;
    if (path_of(path, "%s/switch/process", spec->lab) < 0)
        return -1;
    if (read_process(path, &holder) < 0)
        return fail("read", path);
    if (path_of(path, "/proc/%d/ns/mnt", holder.pid) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || start_ticks_of(holder.pid) != holder.start_ticks) {
        errno = ESRCH;
        return fail("find the switch of", spec->lab);
    }
    if (setns(fd, CLONE_NEWNS) != 0)
        return fail("enter", path);
    close(fd);
    struct stat disk, parent;
    if (path_of(path, "%s/disks/%s", spec->lab, spec->name) < 0 || path_of(upper, "%s/disks", spec->lab) < 0)
        return -1;
    if (stat(path, &disk) != 0 || stat(upper, &parent) != 0)
        return fail("look at", path);
    if (disk.st_dev != parent.st_dev)
        return 0;   // booted before: same disk
    snprintf(options, sizeof options, "size=%llu,mode=755", spec->disk_bytes);
    if (mount("disk", path, "tmpfs", MS_NODEV, options) != 0)
        return fail("mount", path);
    static const char *const parts[] = {"upper", "work", "bare"};
    for (size_t i = 0; i < 3; i++) {
        if (path_of(upper, "%s/%s", path, parts[i]) < 0)
            return -1;
        if (mkdir(upper, 0755) != 0)
            return fail("make", upper);
    }
    return 0;
}

// First process of the node: does nothing but reap.
static _Noreturn void reap_forever(void) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        siginfo_t info;
        sigwaitinfo(&children, &info);
    }
}

static bool parse_spec(int argc, char **argv, struct node_spec *spec) {
    if (argc != 8)
        return false;
    *spec = (struct node_spec){.lab = argv[0], .name = argv[1], .image = argv[2], .jdk = argv[3]};
    char *end;
    spec->bare = strcmp(argv[4], "bare") == 0;
    errno = 0;
    spec->disk_bytes = strtoull(argv[5], &end, 10);
    if (*end || errno || spec->disk_bytes == 0)
        return false;
    spec->clock_offset_seconds = strtol(argv[6], &end, 10);
    return !*end && !errno && spec->clock_offset_seconds >= 0 && strcmp(argv[7], "--") == 0;
}

int boot_main(int argc, char **argv) {
    struct node_spec spec;
    char path[PATH_MAX];
    int ready[2];
    if (!parse_spec(argc, argv, &spec)) {
        fprintf(stderr, "drover-lab-node: usage: boot LAB NODE IMAGE JDK overlay|bare DISK-BYTES CLOCK-OFFSET --\n");
        return 2;
    }
    if (path_of(path, "nodes/%s/groups.system", spec.name) < 0 || join_named_groups(spec.lab, path) < 0
        || attach_disk(&spec) < 0)
        return EXIT_LAB_FAILED;
    if (unshare(CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWTIME) != 0)
        return fail("make namespaces for", spec.name), EXIT_LAB_FAILED;
    if (set_clocks(spec.clock_offset_seconds) < 0)
        return EXIT_LAB_FAILED;
    if (pipe2(ready, O_CLOEXEC) != 0)
        return fail("make", "a pipe"), EXIT_LAB_FAILED;
    pid_t child = fork();
    if (child < 0)
        return fail("fork", spec.name), EXIT_LAB_FAILED;
    if (child > 0) {
        close(ready[1]);
        if (path_of(path, "%s/nodes/%s/init", spec.lab, spec.name) < 0)
            return EXIT_LAB_FAILED;
        return await_ready(ready[0], child, path) < 0 ? EXIT_LAB_FAILED : 0;
    }
    prctl(PR_SET_NAME, "lab-init");
    close(ready[0]);
    umask(022);
    // Only here: pivot_root moves every process of the mount namespace, and our parent still has to write below LAB.
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return fail("separate the mounts of", spec.name), EXIT_LAB_FAILED;
    if (sethostname(spec.name, strlen(spec.name)) != 0)
        return fail("set the host name", spec.name), EXIT_LAB_FAILED;
    if (detach_input() < 0 || enter_root(&spec) < 0 || bring_up_loopback() < 0)
        return EXIT_LAB_FAILED;
    silence_ipv6();
    if (tell_ready(ready[1]) < 0)
        return EXIT_LAB_FAILED;
    reap_forever();
}
