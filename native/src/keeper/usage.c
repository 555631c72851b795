// Process: drover-keeper. What running guests use, told each second when it changed.
#define _GNU_SOURCE
#include "keeper.h"

#include <stdio.h>
#include <unistd.h>

/// A guest that does not change is told again this often, so that a lost frame does not last.
#define REPEAT_MS 10000

/// Without cgroups: the first process's own use, from /proc.
static bool read_first(const struct guest *g, struct cgroup_usage *u) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)g->first_pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    unsigned long user = 0, system = 0;
    long resident = 0;
    int got = fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
                     &user, &system, &resident);
    fclose(f);
    uint64_t tick_us = 1000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    *u = (struct cgroup_usage){user * tick_us, system * tick_us, (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE), 1};
    return got == 3;
}

static bool differs(uint64_t now, uint64_t told) {
    uint64_t change = now > told ? now - told : told - now;
    return change * 100 > told;
}

/// Less of a core than this is a shell at its prompt, or a server that waits.
#define IDLE_PERMILLE 10

/// Whether the guest uses the processor, or would if it got it. One that was idle and used nothing still is: so idle
/// guests cost nothing to look at.
static bool is_busy(struct guest *g, uint64_t cpu_us, int64_t now, bool in_cgroup) {
    uint64_t used = cpu_us - g->seen_cpu_us;
    int64_t elapsed_ms = now - g->seen_at_ms;
    g->seen_cpu_us = cpu_us;
    g->seen_at_ms = now;
    if (used >= (uint64_t)elapsed_ms * IDLE_PERMILLE)
        return true;
    if (used == 0 && g->told_idle)
        return false;
    return in_cgroup ? cgroup_is_runnable(&g->keeper->cgroups, g->cradle.number) : task_is_runnable(g->first_pid);
}

bool usage_of_here(const struct guest *g, struct cgroup_usage *u) {
    if (!cgroup_read_usage(&g->keeper->cgroups, g->cradle.number, u))
        return false;
    u->utime_us -= g->base.utime_us < u->utime_us ? g->base.utime_us : u->utime_us;
    u->stime_us -= g->base.stime_us < u->stime_us ? g->base.stime_us : u->stime_us;
    return true;
}

static void tell(struct guest *g) {
    struct cgroup_usage u;
    bool in_cgroup = true;
    if (usage_of_here(g, &u)) {
        u.process_count -= u.process_count > 0; // the init is ours
    } else if (!read_first(g, &u))
        return;
    else
        in_cgroup = false;
    u.utime_us += g->carried.utime_us;
    u.stime_us += g->carried.stime_us;
    int64_t now = boottime_ms();
    bool idle = !is_busy(g, u.utime_us + u.stime_us, now, in_cgroup);
    if (idle == g->told_idle && now - g->told_at_ms < REPEAT_MS && !differs(u.utime_us + u.stime_us, g->told.utime_us + g->told.stime_us)
        && !differs(u.rss_bytes, g->told.rss_bytes) && u.process_count == g->told.process_count)
        return;
    g->told = u;
    g->told_at_ms = now;
    g->told_idle = idle;
    struct bytes *out = &g->keeper->daemon.out;
    size_t mark = session_frame(g, S_USAGE);
    put_u64(out, u.utime_us);
    put_u64(out, u.stime_us);
    put_u64(out, u.rss_bytes);
    put_u32(out, u.process_count);
    put_u8(out, !idle);
    daemon_end(g->keeper, mark);
}

void usage_tick(struct keeper *k) {
    if (!daemon_has_room(k))
        return;
    for (struct guest *g = k->guests; g; g = g->next)
        if (!g->forgotten && !guest_is_held(g) && (g->state == GUEST_RUNNING || g->state == GUEST_LINGERING) && g->cradle.pid > 0)
            tell(g);
}

/// The cgroup has counted what rusage cannot see: processes that were never waited for.
void usage_of_end(struct guest *g, struct init_exit *e) {
    struct cgroup_usage u;
    if (g->cradle.pid > 0 && cgroup_read_usage(&g->keeper->cgroups, g->cradle.number, &u)
        && u.utime_us >= g->base.utime_us && u.stime_us >= g->base.stime_us) {
        e->utime_us = u.utime_us - g->base.utime_us;
        e->stime_us = u.stime_us - g->base.stime_us;
    }
    e->utime_us += g->carried.utime_us;
    e->stime_us += g->carried.stime_us;
}
