// Part of the keeper: a cgroup for each guest in every hierarchy that serves one: v1 (cpu, cpuacct, memory, pids,
// freezer apart) and v2.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HIERARCHY_LIMIT 8 // v1's five, v2, and room

struct hierarchy {
    char directory[1024]; // the guests' parent
    bool v2, cpu, cpuacct, memory, pids, freezer;
};

struct cgroups {
    size_t count;
    struct hierarchy at[HIERARCHY_LIMIT];
    char prefix[32]; // of a guest's directory: one keeper's never meet another's
};

struct cgroup_usage {
    uint64_t utime_us, stime_us, rss_bytes;
    uint32_t process_count;
};

/// Finds the hierarchies under root; guests' groups become children of `parent` (relative to each hierarchy's root),
/// or of "drover-guests" in the keeper's own group if NULL. Removes what a killed keeper left there.
void cgroup_find(struct cgroups *c, const char *root, const char *parent);
/// Of all guests together against the rest of the machine; 100 is normal. Where the hierarchy has no cpu controller
/// to give, they weigh as much as the keeper's own group.
void cgroup_weigh(const struct cgroups *c, uint32_t weight);
void cgroup_path(const struct cgroups *c, size_t i, unsigned number, char *to, size_t size);
/// Also for a guest whose init has not come as far as making its groups.
void cgroup_limit(const struct cgroups *c, unsigned number, uint64_t memory_limit_bytes, uint32_t cpu_weight);
/// Of one guest among the others; 100 is normal.
void cgroup_weigh_guest(const struct cgroups *c, unsigned number, uint32_t weight);
/// False: no freezer.
bool cgroup_freeze(const struct cgroups *c, unsigned number, bool frozen);
/// False: not measured here.
bool cgroup_read_usage(const struct cgroups *c, unsigned number, struct cgroup_usage *u);
bool task_is_runnable(pid_t task);
/// Whether a task of the group wants the processor or waits for a file. It may get little of it for long: under a quota,
/// one task can have the whole share of the others.
bool cgroup_is_runnable(const struct cgroups *c, unsigned number);
/// Kills all that is in it, now and once more: what was born meanwhile.
void cgroup_kill(const struct cgroups *c, unsigned number);
/// False: still busy, try later.
bool cgroup_remove(const struct cgroups *c, unsigned number);
