// Process: drover-keeper. See cgroup.h.
#define _GNU_SOURCE
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// The most tasks of a group that are looked at for a runnable one.
#define TASKS_LOOKED_AT 256

static bool write_text(const char *directory, const char *file, const char *text) {
    char path[1400];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return ok;
}

/// The file's text in `to`; empty if there is none.
static void read_text(const char *directory, const char *file, char *to, size_t size) {
    char path[1400];
    to[0] = 0;
    snprintf(path, sizeof path, "%s/%s", directory, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, to, size - 1);
    to[n > 0 ? n : 0] = 0;
    close(fd);
}

static bool has_word(const char *list, const char *word) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || strchr(", \n", at[-1])) && (at[length] == 0 || strchr(", \n", at[length])))
            return true;
    return false;
}

/// The keeper's own path in the hierarchy whose controllers include `controller` ("" for v2).
static void own_path(const char *controller, char *to, size_t size) {
    snprintf(to, size, "/");
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return;
    char line[1400];
    while (fgets(line, sizeof line, f)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = 0;
        path[strcspn(path, "\n")] = 0;
        controllers++;
        if (*controller ? has_word(controllers, controller) : *controllers == 0)
            snprintf(to, size, "%s", path);
    }
    fclose(f);
}

static bool make_directories(char *path) {
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        bool ok = mkdir(path, 0755) == 0 || errno == EEXIST || errno == EROFS;
        *slash = '/';
        if (!ok)
            return false;
    }
    return mkdir(path, 0755) == 0 || errno == EEXIST;
}

/// v2 hands a controller down level by level. A level with processes of its own refuses: the guests go without it.
static void hand_down(const char *mount_point, const char *directory) {
    char path[1024];
    snprintf(path, sizeof path, "%s", directory);
    size_t top = strlen(mount_point);
    for (char *slash = path + top;; *slash = '/') {
        char *next = strchr(slash + 1, '/');
        *slash = 0;
        write_text(path, "cgroup.subtree_control", "+cpu");
        write_text(path, "cgroup.subtree_control", "+memory");
        write_text(path, "cgroup.subtree_control", "+pids");
        *slash = '/';
        if (!next)
            break;
        slash = next;
    }
    write_text(directory, "cgroup.subtree_control", "+cpu");
    write_text(directory, "cgroup.subtree_control", "+memory");
    write_text(directory, "cgroup.subtree_control", "+pids");
}

/// The nearest group that is above both.
static void find_above(struct hierarchy *h) {
    size_t length = 0, last = 0;
    while (h->own[length] && h->own[length] == h->directory[length]) {
        if (h->own[length] == '/')
            last = length;
        length++;
    }
    if ((!h->own[length] || h->own[length] == '/') && (!h->directory[length] || h->directory[length] == '/'))
        last = length;
    snprintf(h->above, sizeof h->above, "%.*s", (int)last, h->own);
}

static void remove_left_over(const struct cgroups *c, const char *directory) {
    DIR *d = opendir(directory);
    if (!d)
        return;
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_type == DT_DIR && e->d_name[0] == 'k' && strncmp(e->d_name, c->prefix, strlen(c->prefix)) != 0)
            unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR); // EBUSY: another keeper's, alive
    closedir(d);
}

static void consider(struct cgroups *c, const char *mount_root, const char *mount_point, const char *type,
                     const char *options, const char *parent) {
    if (c->count == HIERARCHY_LIMIT)
        return;
    struct hierarchy h = {.v2 = strcmp(type, "cgroup2") == 0};
    char controllers[512], own[1000];
    if (h.v2)
        read_text(mount_point, "cgroup.controllers", controllers, sizeof controllers);
    else
        snprintf(controllers, sizeof controllers, "%s", options);
    h.cpu = has_word(controllers, "cpu");
    h.cpuacct = h.v2 || has_word(controllers, "cpuacct");
    h.memory = has_word(controllers, "memory");
    h.pids = has_word(controllers, "pids");
    h.freezer = h.v2 || has_word(controllers, "freezer");
    if (!h.cpu && !h.cpuacct && !h.memory && !h.pids && !h.freezer)
        return;
    own_path(h.v2 ? "" : h.cpu ? "cpu" : h.cpuacct ? "cpuacct" : h.memory ? "memory" : h.pids ? "pids" : "freezer", own,
             sizeof own);
    const char *inside = own;
    size_t root_length = strcmp(mount_root, "/") == 0 ? 0 : strlen(mount_root);
    if (strncmp(own, mount_root, root_length) == 0)
        inside += root_length;
    int n;
    if (parent)
        n = snprintf(h.directory, sizeof h.directory, "%s/%s", mount_point, parent);
    else
        n = snprintf(h.directory, sizeof h.directory, "%s%s%sdrover-guests", mount_point, inside,
                     inside[0] && inside[strlen(inside) - 1] == '/' ? "" : "/");
    int m = snprintf(h.own, sizeof h.own, "%s%s", mount_point, inside);
    if (n < 0 || (size_t)n >= sizeof h.directory || m < 0 || (size_t)m >= sizeof h.own || !make_directories(h.directory))
        return;
    if (h.v2)
        hand_down(mount_point, h.directory);
    find_above(&h);
    remove_left_over(c, h.directory);
    c->at[c->count++] = h;
}

void cgroup_find(struct cgroups *c, const char *root, const char *parent) {
    c->count = 0;
    snprintf(c->prefix, sizeof c->prefix, "k%d-", (int)getpid());
    FILE *f = fopen("/proc/self/mountinfo", "re");
    if (!f)
        return;
    char line[4096];
    while (fgets(line, sizeof line, f)) {
        char mount_root[1024], mount_point[1024], type[64], options[512];
        const char *dash = strstr(line, " - ");
        if (!dash || sscanf(line, "%*d %*d %*s %1023s %1023s", mount_root, mount_point) != 2
            || sscanf(dash, " - %63s %*s %511s", type, options) != 2)
            continue;
        if (strncmp(type, "cgroup", 6) == 0 && strncmp(mount_point, root, strlen(root)) == 0)
            consider(c, mount_root, mount_point, type, options, parent);
    }
    fclose(f);
    bool v1_freezer = false;
    for (size_t i = 0; i < c->count; i++)
        v1_freezer |= c->at[i].freezer && !c->at[i].v2;
    for (size_t i = 0; i < c->count && v1_freezer;) // v2 beside v1, without controllers: nothing it adds
        if (c->at[i].v2 && !c->at[i].cpu && !c->at[i].memory && !c->at[i].pids) {
            rmdir(c->at[i].directory);
            c->at[i] = c->at[--c->count];
        } else
            i++;
    for (size_t i = 0; i < c->count; i++) {
        struct hierarchy *h = &c->at[i];
        h->apart = h->cpu && !h->v2 && !h->memory && !h->pids && !h->freezer && c->count > 1;
        if (!h->apart)
            c->members = i;
    }
}

static void weigh(const struct hierarchy *h, const char *directory, uint32_t weight) {
    char text[32];
    if (!h->cpu || weight == 0)
        return;
    snprintf(text, sizeof text, "%u", h->v2 ? weight : weight * 1024 / 100);
    write_text(directory, h->v2 ? "cpu.weight" : "cpu.shares", text);
}

void cgroup_weigh(const struct cgroups *c, uint32_t weight) {
    for (size_t i = 0; i < c->count; i++)
        weigh(&c->at[i], c->at[i].directory, weight);
}

void cgroup_path(const struct cgroups *c, size_t i, unsigned number, char *to, size_t size) {
    snprintf(to, size, "%s/%s%u", c->at[i].directory, c->prefix, number);
}

static uint64_t number_in(const char *directory, const char *file) {
    char text[32];
    read_text(directory, file, text, sizeof text);
    return strtoull(text, NULL, 10);
}

/// Half of what the node can have: a guest that forks without end leaves the other half to the node and its neighbours.
static uint64_t processes_of_one_guest(void) {
    uint64_t pids = number_in("/proc/sys/kernel", "pid_max"), threads = number_in("/proc/sys/kernel", "threads-max");
    return (pids < threads || threads == 0 ? pids : threads) / 2;
}

void cgroup_limit(const struct cgroups *c, unsigned number, uint64_t memory_limit_bytes, uint32_t cpu_weight) {
    char path[1100], text[32];
    for (size_t i = 0; i < c->count; i++) {
        const struct hierarchy *h = &c->at[i];
        cgroup_path(c, i, number, path, sizeof path);
        if (mkdir(path, 0755) < 0 && errno != EEXIST)
            continue; // its init fails at the same, and says so
        if (h->memory && memory_limit_bytes > 0) {
            snprintf(text, sizeof text, "%" PRIu64, memory_limit_bytes);
            write_text(path, h->v2 ? "memory.max" : "memory.limit_in_bytes", text);
        }
        uint64_t processes = h->pids ? processes_of_one_guest() : 0;
        if (processes > 0) {
            snprintf(text, sizeof text, "%" PRIu64, processes);
            write_text(path, "pids.max", text);
        }
        if (cpu_weight != 100)
            weigh(h, path, cpu_weight);
    }
}

void cgroup_weigh_guest(const struct cgroups *c, unsigned number, uint32_t weight) {
    char path[1100];
    for (size_t i = 0; i < c->count; i++) {
        cgroup_path(c, i, number, path, sizeof path);
        weigh(&c->at[i], path, weight);
    }
}

/// The text of a group's processes, one a line; NULL: there is no such group.
static char *processes_in(const char *directory) {
    char path[1400], *text = NULL;
    size_t size = 0;
    snprintf(path, sizeof path, "%s/cgroup.procs", directory);
    FILE *f = fopen(path, "re");
    if (f && getdelim(&text, &size, 0, f) < 0) { // nobody is in it
        free(text);
        text = strdup("");
    }
    if (f)
        fclose(f);
    return text;
}

bool cgroup_join_but_quota(const struct cgroups *c, unsigned number, char *path, size_t size) {
    for (size_t i = 0; i < c->count; i++) {
        if (c->at[i].apart)
            snprintf(path, size, "%s", c->at[i].above);
        else
            cgroup_path(c, i, number, path, size);
        if (!write_text(path, "cgroup.procs", "0"))
            return false;
    }
    snprintf(path, size, "a cgroup namespace");
    if (unshare(CLONE_NEWCGROUP) < 0)
        return false;
    for (size_t i = 0; i < c->count; i++)
        if (c->at[i].apart && !write_text(c->at[i].own, "cgroup.procs", "0"))
            return false;
    return true;
}

/// Where processor time is apart.
static void carry(const struct cgroups *c, unsigned number, bool into_quota, pid_t apart) {
    char path[1100], pid[24], *end;
    cgroup_path(c, c->members, number, path, sizeof path);
    char *processes = processes_in(path);
    for (char *at = processes; at && *at; at = end + (*end == '\n')) {
        long process = strtol(at, &end, 10);
        if (end == at)
            break;
        if (process <= 1 || process == apart)
            continue;
        snprintf(pid, sizeof pid, "%ld", process);
        for (size_t i = 0; i < c->count; i++)
            if (c->at[i].apart) {
                cgroup_path(c, i, number, path, sizeof path);
                write_text(into_quota ? path : c->at[i].own, "cgroup.procs", pid);
            }
    }
    free(processes);
}

void cgroup_leave_quota(const struct cgroups *c, unsigned number) { carry(c, number, false, 0); }

void cgroup_enter_quota(const struct cgroups *c, unsigned number, pid_t apart) { carry(c, number, true, apart); }

bool cgroup_freeze(const struct cgroups *c, unsigned number, bool frozen) {
    char path[1100];
    for (size_t i = 0; i < c->count; i++) {
        const struct hierarchy *h = &c->at[i];
        if (!h->freezer)
            continue;
        cgroup_path(c, i, number, path, sizeof path);
        if (h->v2)
            return write_text(path, "cgroup.freeze", frozen ? "1" : "0");
        return write_text(path, "freezer.state", frozen ? "FROZEN" : "THAWED");
    }
    return false;
}

/// The number after `word` at the start of a line.
static uint64_t number_after(const char *text, const char *word) {
    size_t length = strlen(word);
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, word, length) == 0)
            return strtoull(line + length, NULL, 10);
    return 0;
}

bool cgroup_read_usage(const struct cgroups *c, unsigned number, struct cgroup_usage *u) {
    char path[1100], text[2048];
    bool measured = false;
    *u = (struct cgroup_usage){0};
    for (size_t i = 0; i < c->count; i++) {
        const struct hierarchy *h = &c->at[i];
        cgroup_path(c, i, number, path, sizeof path);
        if (h->cpuacct && h->v2) {
            read_text(path, "cpu.stat", text, sizeof text);
            u->utime_us = number_after(text, "user_usec ");
            u->stime_us = number_after(text, "system_usec ");
            measured |= text[0] != 0;
        } else if (h->cpuacct) {
            read_text(path, "cpuacct.usage_user", text, sizeof text);
            u->utime_us = strtoull(text, NULL, 10) / 1000;
            measured |= text[0] != 0;
            read_text(path, "cpuacct.usage_sys", text, sizeof text);
            u->stime_us = strtoull(text, NULL, 10) / 1000;
        }
        if (h->memory) {
            read_text(path, "memory.stat", text, sizeof text);
            u->rss_bytes = h->v2 ? number_after(text, "anon ") : number_after(text, "rss ");
        }
        if (h->pids) {
            read_text(path, "pids.current", text, sizeof text);
            u->process_count = (uint32_t)strtoul(text, NULL, 10);
        }
    }
    return measured;
}

bool task_is_runnable(pid_t task) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d", (int)task);
    read_text(path, "stat", text, sizeof text);
    const char *name_end = strrchr(text, ')'); // the name may hold anything
    return name_end && name_end[1] == ' ' && (name_end[2] == 'R' || name_end[2] == 'D');
}

bool cgroup_is_runnable(const struct cgroups *c, unsigned number) {
    if (c->count == 0)
        return false;
    char path[1100], text[TASKS_LOOKED_AT * 8];
    cgroup_path(c, c->members, number, path, sizeof path);
    read_text(path, c->at[c->members].v2 ? "cgroup.threads" : "tasks", text, sizeof text);
    char *end = text;
    for (char *at = text; *at; at = end) {
        long task = strtol(at, &end, 10);
        if (end == at || *end != '\n') // the last may be cut off
            return false;
        if (task_is_runnable((pid_t)task))
            return true;
        end++;
    }
    return false;
}

void cgroup_kill(const struct cgroups *c, unsigned number) {
    char path[1100], text[TASKS_LOOKED_AT * 8], *end;
    if (c->count == 0)
        return;
    cgroup_path(c, c->members, number, path, sizeof path);
    for (int turn = 0; turn < 2; turn++) {
        read_text(path, "cgroup.procs", text, sizeof text);
        for (char *at = text; *at; at = end + (*end == '\n')) {
            long pid = strtol(at, &end, 10);
            if (end == at)
                break;
            if (pid > 1 && *end == '\n') // the last may be cut off
                kill((pid_t)pid, SIGKILL);
        }
    }
}

bool cgroup_remove(const struct cgroups *c, unsigned number) {
    char path[1100];
    bool gone = true;
    for (size_t i = 0; i < c->count; i++) {
        cgroup_path(c, i, number, path, sizeof path);
        gone &= rmdir(path) == 0 || errno == ENOENT;
    }
    return gone;
}
