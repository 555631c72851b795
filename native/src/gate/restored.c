// Process: drover-criu-gate, on the target of a move. CRIU runs as root and believes its image, which comes from another node.
// So before the guest is let go, what came of it is looked at from outside: it may be no more than a guest that this node
// started itself. What an image can do to CRIU while it is read is not seen here (docs/trust.md).
#define _GNU_SOURCE
#include "gate.h"
#include "../common/hidden.h"
#include "../common/rights.h"

#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *const NAMESPACES[] = {"mnt", "pid", "ipc", "uts", "net", "cgroup"};
#define NAMESPACES_COUNT (sizeof NAMESPACES / sizeof *NAMESPACES)

static bool object(char *why, const char *format, const char *what, const char *more) {
    snprintf(why, OBJECTION_BYTES, format, what, more);
    return false;
}

static bool is_in(const char *word, const char *list) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == ',') && (at[length] == ',' || at[length] == 0))
            return true;
    return false;
}

// ---- processes

/// All numbers of a line of /proc/PID/status are among the job's.
static bool are_the_jobs(char *numbers, const char *allowed) {
    for (char *rest, *word = strtok_r(numbers, " \t\n", &rest); word; word = strtok_r(NULL, " \t\n", &rest))
        if (!is_in(word, allowed))
            return false;
    return true;
}

/// Of a process, or a thread as PID/task/TID: CRIU gives each thread its own rights.
static bool look_at_rights(const char *process, bool is_init, const struct whose *job, char *why) {
    char path[300], line[4096], kind[32];
    bool filtered = false, root = strcmp(job->uid, "0") == 0;
    uint64_t most = is_init ? RIGHT(CAP_KILL) : root ? ROOT_KEEPS | ROOT_KEEPS_IN_OWN_NETWORK : 0;
    snprintf(path, sizeof path, "/proc/%s/status", process);
    FILE *status = fopen(path, "re");
    if (!status)
        return object(why, "process %.50s cannot be looked at%s", process, "");
    bool ok = true, has_ended = false;
    while (ok && !has_ended && fgets(line, sizeof line, status)) {
        char *value = strchr(line, ':');
        if (!value)
            continue;
        *value++ = 0;
        if (strcmp(line, "State") == 0)
            has_ended = value[strspn(value, "\t ")] == 'Z'; // CRIU gives it no ids; it runs nothing any more
        else if (strncmp(line, "Cap", 3) == 0)
            ok = (strtoull(value, NULL, 16) & ~most) == 0;
        else if (strcmp(line, "Uid") == 0 && !root)
            ok = are_the_jobs(value, is_init ? "0" : job->uid);
        else if ((strcmp(line, "Gid") == 0 || strcmp(line, "Groups") == 0) && !root && !is_init)
            ok = are_the_jobs(value, job->groups);
        else if (strcmp(line, "Seccomp") == 0)
            filtered = atoi(value) == 2;
        if (!ok)
            object(why, "process %.50s has rights that its job has not (%.40s)", process, line);
    }
    fclose(status);
    if (has_ended)
        return true;
    if (ok && !filtered && !is_init)
        ok = object(why, "process %.50s has no call filter%s", process, "");
    snprintf(kind, sizeof kind, "%d", job->init);
    for (size_t i = 0; i < NAMESPACES_COUNT && ok; i++)
        if (!is_same_namespace(process, kind, NAMESPACES[i]))
            ok = object(why, "process %.50s is in another %s namespace than its init", process, NAMESPACES[i]);
    if (ok && !is_same_namespace(process, "self", "user"))
        ok = object(why, "process %.50s is in another %s namespace than its node", process, "user");
    return ok;
}

static bool look_at_namespaces(const struct whose *job, char why[OBJECTION_BYTES]) {
    char init[32], keeper[32];
    snprintf(init, sizeof init, "%d", job->init);
    snprintf(keeper, sizeof keeper, "%d", job->keeper);
    for (size_t i = 0; i < NAMESPACES_COUNT; i++)
        if (is_same_namespace(init, keeper, NAMESPACES[i]))
            return object(why, "it is in the %s namespace of its node%s", NAMESPACES[i], "");
    return true;
}

static bool end_process(const char *process, void *with) {
    (void)with;
    kill(atoi(process), SIGKILL);
    return true;
}

/// From the outside in: whoever has SIGKILL pending runs nothing any more, also when nobody traces it. Then CRIU, which
/// would wait for an init that waits for zombies that CRIU traces.
void end_guest(int init) {
    char number[32], path[64], line[256];
    int tracer = 0;
    snprintf(number, sizeof number, "%d", init);
    snprintf(path, sizeof path, "/proc/%d/status", init);
    FILE *status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status))
        sscanf(line, "TracerPid: %d", &tracer);
    if (status)
        fclose(status);
    if (!is_same_namespace(number, "self", "pid"))
        each_process(init, end_process, NULL);
    kill(init, SIGKILL);
    if (tracer > 0)
        kill(tracer, SIGKILL);
}

struct look {
    const struct whose *job;
    char *why;
    const char *process;
    int seen;
};

static bool look_at_thread(const char *thread, void *with) {
    struct look *look = with;
    char name[64];
    snprintf(name, sizeof name, "%.20s/task/%.20s", look->process, thread);
    look->seen++;
    return look_at_rights(name, atoi(look->process) == look->job->init, look->job, look->why);
}

static bool look_at_process(const char *process, void *with) {
    struct look *look = with;
    look->process = process;
    return each_thread(process, look_at_thread, look);
}

bool has_its_rights_only(const struct whose *job, char why[OBJECTION_BYTES]) {
    struct look look = {job, why, NULL, 0};
    if (!look_at_namespaces(job, why) || !each_process(job->init, look_at_process, &look))
        return false;
    return look.seen > 0 || object(why, "%s cannot be read%s", "/proc", "");
}

// ---- mounts

struct mounted {
    char device[32], point[1024], options[256], type[64];
};

static bool parse_mount(const char *line, struct mounted *m) {
    const char *rest = strstr(line, " - ");
    return rest && sscanf(line, "%*d %*d %31s %*s %1023s %255s", m->device, m->point, m->options) == 3
        && sscanf(rest, " - %63s", m->type) == 1;
}

static bool device_of_mount(const char *process, const char *point, char device[32]) {
    char path[64], line[4096];
    struct mounted m;
    bool found = false;
    snprintf(path, sizeof path, "/proc/%s/mountinfo", process);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (parse_mount(line, &m) && strcmp(m.point, point) == 0) {
            snprintf(device, 32, "%s", m.device);
            found = true;
        }
    if (f)
        fclose(f);
    return found;
}

static bool is_one_of(const char *name, const char *const *list) {
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list;
}

/// Where its mounts are, by what they are mounted from.
struct places {
    char home[32], dev[32], run[32];
    const char *resolvers;
};

static bool may_be_mounted(const struct mounted *m, const struct places *p) {
    bool on_dev = strcmp(m->device, p->dev) == 0, read_only = is_in("ro", m->options);
    if (!is_in("nosuid", m->options))
        return false;
    if (strcmp(m->point, "/dev") == 0)
        return on_dev && strcmp(m->type, "tmpfs") == 0;
    if (strcmp(m->point, "/dev/pts") == 0)
        return strcmp(m->type, "devpts") == 0;
    if (strncmp(m->point, "/proc/", 6) == 0 && on_dev)
        return is_one_of(m->point + 6, MASKED);
    if (!is_in("nodev", m->options))
        return false;
    if (strcmp(m->point, "/") == 0)
        return strcmp(m->device, p->home) == 0;
    if (strcmp(m->point, "/proc") == 0)
        return strcmp(m->type, "proc") == 0;
    if (strncmp(m->point, "/proc/", 6) == 0)
        return strcmp(m->type, "proc") == 0 && read_only && is_one_of(m->point + 6, READ_ONLY);
    if (strcmp(m->point, "/sys") == 0)
        return strcmp(m->type, "sysfs") == 0 && read_only;
    if (strcmp(m->point, p->resolvers) == 0)
        return strcmp(m->device, p->run) == 0 && strcmp(m->type, "tmpfs") == 0;
    if (strcmp(m->point, "/run") == 0 || strcmp(m->point, "/dev/shm") == 0)
        return strcmp(m->type, "tmpfs") == 0;
    return strcmp(m->point, "/dev/mqueue") == 0 && strcmp(m->type, "mqueue") == 0;
}

/// Each of a list that this node has is covered in the guest.
static bool are_covered(const char *init, const char *const *names, char *why) {
    char here[64], device[32];
    for (; *names; names++) {
        snprintf(here, sizeof here, "/proc/%s", *names);
        if (access(here, F_OK) == 0 && !device_of_mount(init, here, device))
            return object(why, "its %s is open%s", here, "");
    }
    return true;
}

static bool look_at_mounts(const struct whose *job, char *why) {
    char init[32], path[64], line[4096];
    struct places places = {.resolvers = job->resolvers};
    snprintf(init, sizeof init, "%d", job->init);
    snprintf(path, sizeof path, "/proc/%s/mountinfo", init);
    if (!device_of_mount("self", job->root, places.home) || !device_of_mount(init, "/dev", places.dev)
        || !device_of_mount(init, "/run", places.run))
        return object(why, "its mounts cannot be compared: %s%s", job->root, "");
    FILE *f = fopen(path, "re");
    bool ok = f || object(why, "%s cannot be read%s", path, "");
    while (ok && fgets(line, sizeof line, f)) {
        struct mounted m;
        if (!parse_mount(line, &m) || !may_be_mounted(&m, &places))
            ok = object(why, "no guest has such a mount: %.300s%s", line, "");
    }
    if (f)
        fclose(f);
    return ok && are_covered(init, MASKED, why) && are_covered(init, READ_ONLY, why);
}

// ---- devices

static int is_harmless(const char *path, const struct stat *st, int kind, struct FTW *at) {
    (void)path, (void)kind, (void)at;
    if (S_ISBLK(st->st_mode))
        return 1;
    unsigned minor_number = minor(st->st_rdev);
    bool null_and_such = major(st->st_rdev) == 1 && (minor_number == 3 || minor_number == 5 || (minor_number >= 7 && minor_number <= 9));
    return S_ISCHR(st->st_mode) && !null_and_such && st->st_rdev != makedev(5, 0);
}

static bool look_at_devices(const struct whose *job, char *why) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/root/dev", job->init);
    // musl goes no deeper than it may have directories open
    return nftw(path, is_harmless, PATH_MAX, FTW_PHYS | FTW_MOUNT) == 0
        || object(why, "there is a device in its %s%s", "/dev", "");
}

bool is_in_its_place(const struct whose *job, char why[OBJECTION_BYTES]) {
    return look_at_namespaces(job, why) && look_at_mounts(job, why) && look_at_devices(job, why);
}
