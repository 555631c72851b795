// drover-lab-node: started by the lab's commands (and by people, through the link /run/drover-lab/NAME/exec).
//   switch LAB                   becomes the lab's switch: holds the network namespace of its bridge and its disks
//   boot LAB NODE ...            becomes the first process of a node
//   exec LAB NODE [--] CMD ...   runs a command in a node, as if it had been started there
// It talks to nobody: files under LAB say what is where.

#include "lab-node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fail(const char *what, const char *subject) {
    int error = errno;
    fprintf(stderr, "drover-lab-node: cannot %s %s: %s\n", what, subject, strerror(error));
    errno = error;
    return -1;
}

int path_of(char *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, PATH_MAX, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return fail("name", format);
    }
    return 0;
}

unsigned long long start_ticks_of(pid_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return 0;
    text[length] = 0;
    char *field = strrchr(text, ')');   // the name may hold anything, also ')'
    unsigned long long ticks = 0;
    // After the name: state ppid ... ; the start time is the 20th field after it.
    if (!field || sscanf(field + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
                         &ticks) != 1)
        return 0;
    return ticks;
}

int read_process(const char *file, struct process_id *out) {
    FILE *in = fopen(file, "re");
    if (!in)
        return -1;   // silent: the caller knows what its absence means
    int fields = fscanf(in, "%d %llu", &out->pid, &out->start_ticks);
    fclose(in);
    if (fields != 2) {
        errno = EINVAL;
        return fail("understand", file);
    }
    return 0;
}

int write_process(const char *file, struct process_id id) {
    char fresh[PATH_MAX];
    if (path_of(fresh, "%s.new", file) < 0)
        return -1;
    FILE *out = fopen(fresh, "we");
    if (!out)
        return fail("write", fresh);
    bool written = fprintf(out, "%d %llu\n", id.pid, id.start_ticks) > 0;
    if (fclose(out) != 0 || !written || rename(fresh, file) != 0)
        return fail("write", file);
    return 0;
}

int open_groups(const char *file, int *fds) {
    FILE *in = fopen(file, "re");
    if (!in)
        return fail("read", file);
    int count = 0;
    char line[PATH_MAX], path[PATH_MAX];
    while (fgets(line, sizeof line, in)) {
        line[strcspn(line, "\n")] = 0;
        if (count == MAXIMUM_GROUPS) {
            errno = E2BIG;
            fclose(in);
            return fail("join every group of", file);
        }
        if (path_of(path, "%s/cgroup.procs", line) < 0 || (fds[count] = open(path, O_WRONLY | O_CLOEXEC)) < 0) {
            fclose(in);
            return fail("open", path);
        }
        count++;
    }
    fclose(in);
    return count;
}

int join_groups(const int *fds, int count) {
    for (int i = 0; i < count; i++) {
        if (write(fds[i], "0", 1) != 1)
            return fail("join", "a control group of the node");
        close(fds[i]);
    }
    return 0;
}

int make_directories(const char *path) {
    char part[PATH_MAX];
    if (path_of(part, "%s", path) < 0)
        return -1;
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != 0)
            continue;
        char kept = *at;
        *at = 0;
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return fail("make the directory", part);
        if (kept == 0)
            return 0;
        *at = kept;
    }
}

int main(int argc, char **argv) {
    char own_name[PATH_MAX];
    if (argc >= 1 && path_of(own_name, "%s", argv[0]) == 0) {
        char *slash = strrchr(own_name, '/');
        if (slash && strcmp(slash + 1, "exec") == 0) {
            *slash = 0;
            return exec_main(argc - 1, argv + 1, own_name);
        }
    }
    if (argc >= 3 && strcmp(argv[1], "switch") == 0)
        return switch_main(argc - 2, argv + 2);
    if (argc >= 3 && strcmp(argv[1], "boot") == 0)
        return boot_main(argc - 2, argv + 2);
    if (argc >= 3 && strcmp(argv[1], "exec") == 0)
        return exec_main(argc - 3, argv + 3, argv[2]);
    fprintf(stderr, "drover-lab-node is started by `drover lab`; see: drover lab --help\n");
    return 2;
}
