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
    /// It is about processor time alone (v1): a guest can be out of its quota there while the other groups still hold it.
    bool apart;
    char own[1024];   // the keeper's group
    char above[1024]; // the nearest group that holds both
};

struct cgroups {
    size_t count;
    struct hierarchy at[HIERARCHY_LIMIT];
    size_t members; // where a guest's processes are found whatever happens
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
/// Puts the calling process into all groups of a guest, and in a cgroup namespace below which these are. Where processor time
/// is apart, into the keeper's own group instead: see cgroup_leave_quota. False: `path` cannot be joined.
bool cgroup_join_but_quota(const struct cgroups *c, unsigned number, char *path, size_t size);
/// Takes a guest that is to move out of the quota of guests, where processor time is apart. CRIU says much to each of its tasks;
/// under a quota that neighbours use up each word waits for the next period, or for minutes.
void cgroup_leave_quota(const struct cgroups *c, unsigned number);
/// Brings a guest that stands still, or a former one, into its quota: all of its groups' processes but `apart` (0: none).
void cgroup_enter_quota(const struct cgroups *c, unsigned number, pid_t apart);
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
