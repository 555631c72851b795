// Process: drover-keeper, one per node, root. It outlives the daemon, its only client (a Unix socket it listens on), and
// is the parent of every guest's drover-init. One epoll loop; it never looks into a homefs, so a stalled home cannot stall it.
#pragma once
#include "../common/channel.h"
#include "../common/protocol.h"
#include "../common/ring.h"
#include "../common/start.h"
#include "cgroup.h"

#include <sys/types.h>

/// What epoll calls back.
struct watch {
    void (*ready)(struct watch *w, uint32_t events);
};

/// A drover-init that has its namespaces and cgroups and waits for a START.
struct cradle {
    pid_t pid;
    int control;
    unsigned number; // names its cgroups
    struct cradle *next;
};

/// One of the guest's descriptors 0..2, or its pty.
struct stream {
    struct watch watch;
    struct guest *guest;
    int fd; // our end; -1 when closed
    bool ready;   // epoll said so, and no EAGAIN since
    bool ended;   // output: EOF read; stdin: the deputy sent END
    bool refused; // nobody takes more: output: the deputy; stdin: the guest
    bool end_told;
    bool is_pty;
    uint64_t exit_mark; // output that must be acknowledged before the exit is told
    struct ring ring;
};

enum guest_state { GUEST_STARTING, GUEST_RUNNING, GUEST_EXITED, GUEST_LINGERING, GUEST_FAILED };

struct guest {
    struct guest *next;
    struct keeper *keeper;
    char *home;
    uint64_t job;
    uint32_t epoch;

    enum guest_state state;
    struct cradle cradle; // pid 0: reaped
    struct watch control_watch;
    pid_t first_pid; // on the node
    uint64_t pid_namespace;
    int network; // the descriptor of its device in home's network, held so that a daemon's death is no cut; -1: none
    struct stream in, out[3]; // out[i] is stream i + 1
    uint32_t signal_seen;
    uint8_t stopped; // the signal, or 0
    struct cgroup_usage base, told;
    int64_t told_at_ms;
    bool told_idle;
    uint64_t seen_cpu_us; // at the tick before
    int64_t seen_at_ms;

    bool has_exit, has_gone, exit_ever_told, exit_told, gone_told, forgotten, frozen;
    struct init_exit exit, gone;
    uint8_t fail_status;
    char *fail_message;
};

/// A mounted homefs.
struct home {
    struct home *next;
    char *name;
    int fuse; // a duplicate of the daemon's, so that its death is no unmount; -1: not mounted
    uint64_t connection;
    int64_t lease_deadline_ms; // CLOCK_BOOTTIME; 0: none
    bool expired;
};

#define PASSED_LIMIT 12000 // descriptors waiting for room in the socket: one for each guest and each mounted home

struct keeper {
    int epoll;
    const char *run_dir, *init_path, *guest_cgroup;
    struct cgroups cgroups;
    int node_net; // for --net node
    unsigned next_number;
    struct cradle *pool;

    int listener;
    struct watch listener_watch, daemon_watch, signal_watch, lease_watch, tick_watch;
    int signal_fd, lease_timer, tick_timer;
    bool ticking, ending, waits_for_room, pool_failed;
    struct channel daemon;
    uint64_t sent_total; // bytes that left daemon.out
    struct passed {
        uint64_t position; // of the byte it goes with
        int fd;
    } *passed; // PASSED_LIMIT; untouched memory costs nothing
    unsigned passed_count;

    struct guest *guests;
    struct home *homes;
};

// main.c
void watch_add(struct keeper *k, struct watch *w, int fd, uint32_t events, void (*ready)(struct watch *, uint32_t));
/// Stops watching and closes. A close alone is not enough: a child between fork and exec still holds the same open file,
/// and epoll would go on calling what may be freed.
void watch_close(struct keeper *k, int fd);
int64_t boottime_ms(void);
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

// daemon.c: the socket
void daemon_listen(struct keeper *k, const char *path);
void daemon_flush(struct keeper *k);
bool daemon_has_room(const struct keeper *k);
size_t guest_frame(struct guest *g, uint8_t type);
size_t session_frame(struct guest *g, uint8_t kind);
void daemon_end(struct keeper *k, size_t mark);
void daemon_pass(struct keeper *k, int fd);

// cradle.c
bool cradle_pool_is_full(const struct keeper *k);
/// Adds one.
void cradle_fill_pool(struct keeper *k);
/// False: the kernel refused (errno).
bool cradle_take(struct keeper *k, struct cradle *c);
bool cradle_send(struct cradle *c, const void *message, size_t length, const int *fds, size_t fd_count);
void cradle_removed(struct keeper *k, const struct cradle *c);
bool cradle_pool_reaped(struct keeper *k, pid_t pid);
void cradle_end_pool(struct keeper *k);

// guest.c
void guest_start(struct keeper *k, struct reader *r);
struct guest *guest_find(struct keeper *k, struct slice home, uint64_t job, uint32_t epoch);
void guest_kill(struct guest *g);
void guest_forget(struct guest *g);
void guest_freeze(struct guest *g, bool frozen);
void guest_reaped(struct guest *g);
void guest_tell_start(struct guest *g);
/// Gives the daemon the guest's network device, if it has one.
void guest_tell_network(struct guest *g);
void guest_sweep(struct keeper *k);

// session.c
void session_receive(struct guest *g, struct reader *r);
void session_tell_stop(struct guest *g);
/// Tells EXITED and GONE when all output before them is acknowledged.
void session_tell_end(struct guest *g);

// stream.c
void stream_open(struct stream *s, struct guest *g, int fd, uint32_t events);
void stream_close(struct stream *s);
void stream_pump_out(struct stream *s);
void stream_feed(struct guest *g);
void stream_data(struct guest *g, uint64_t offset, const uint8_t *data, size_t length);
void stream_ack_input(struct guest *g);
void stream_send(struct stream *s);
void stream_mark_exit(struct guest *g);
uint8_t stream_number(const struct stream *s);

// home.c
void home_mount(struct keeper *k, struct slice name, uint32_t max_read);
void home_unmount(struct keeper *k, struct slice name);
int home_clone_tree(struct keeper *k, const char *name);
void home_lease(struct keeper *k, struct slice name, uint64_t milliseconds);
void home_check_leases(struct keeper *k);
struct home *home_find(struct keeper *k, const char *name);

// usage.c
void usage_tick(struct keeper *k);
void usage_of_end(struct guest *g, struct init_exit *e);
