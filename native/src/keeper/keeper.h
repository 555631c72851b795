// Process: drover-keeper, one per node, root. It outlives the daemon, its only client (a Unix socket it listens on), and
// is the parent of every guest's drover-init. One epoll loop; it never looks into a homefs, so a stalled home cannot stall it.
#pragma once
#include "../common/channel.h"
#include "../common/protocol.h"
#include "../common/ring.h"
#include "../common/start.h"
#include "../gate/gate.h"
#include "cgroup.h"

#include <sys/ioctl.h>
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
    uint8_t kind; // of enum stdio_kind
    uint64_t pipe; // its inode, by which the guest's end is found in an image
    bool was_open;      // on the node before, when it moves here
    struct slice left;  // what was in its pipe there
    uint64_t exit_mark; // output that must be acknowledged before the exit is told
    struct ring ring;
};

/// A guest on its way to another node, or from one.
struct move {
    unsigned number; // by which CRIU's action scripts name it
    pid_t criu;      // 0: it has ended
    char *image;     // the directory
    bool arrives;    // this node is the target
    enum gate at;    // CRIU waits here, for `gate` to be told
    int gate;
    int go;        // CRIU is started when a byte comes out of this pipe
    bool held;     // source: all is in the image
    bool lazy;     // source: but its memory
    bool committed; // target: it may run
    bool checked;   // target: its processes have their job's rights and no more
    bool abandoned, init_reaped;
    const char *objection; // source: why it stays after all
    char root[64], devpts[64]; // target: where home's files and its terminal are mounted for CRIU, below the directory of homes
    char uid[16], *groups; // target: whose it is, as home says; groups with commas between
    uint32_t address;      // target: of its device in home's network, as home says
    char *resolvers;       // target: the file that may be covered in the guest, so that it reads home's servers of names; NULL: none
    int ready; // target: criu lazy-pages says here that CRIU may begin; -1: all memory is in the image
    int terminal, foreground;  // target: for CRIU to make it the controlling one; -1, 0: none
};

/// What a START asked for and a move takes along.
struct terms {
    uint8_t root, net;
    uint32_t uid, gid;
    uint64_t memory_limit_bytes;
    uint32_t cpu_weight;
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
    struct terms terms;
    struct move *move;           // NULL: it stays
    pid_t pages;                 // of criu lazy-pages, which fetches its memory; 0: all is here
    struct cgroup_usage carried; // used on the nodes before this one
    uint32_t signal_seen;
    uint8_t stopped; // the signal, or 0
    struct cgroup_usage base, told;
    int64_t told_at_ms;
    bool told_idle;
    uint64_t seen_cpu_us; // at the tick before
    int64_t seen_at_ms;

    bool left; // another node has it: its end is told as K_DEAD
    bool lent; // another node has it, and asks for its memory: it never runs here again
    bool has_exit, has_gone, exit_ever_told, exit_told, gone_told, forgotten;
    uint8_t frozen; // by which of enum freeze_reason
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
    int gate_listener;
    char *gate_path;
    unsigned next_move;
    struct watch gate_watch, listener_watch, daemon_watch, signal_watch, lease_watch, tick_watch;
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
/// A new one, with nothing of it there yet.
struct guest *guest_add(struct keeper *k, struct slice home, uint64_t job, uint32_t epoch);
void guest_fail(struct guest *g, uint8_t status, const char *message);
/// As guest_fail, with what errno says.
void guest_fail_here(struct guest *g, const char *what);
/// Says which pid namespace is the guest's before anything runs in it, so that its first file calls are known as its own.
void guest_tell_created(struct guest *g);
void guest_watch_control(struct guest *g);
bool guest_make_pipe(struct guest *g, int number, int *theirs);
struct guest *guest_find(struct keeper *k, struct slice home, uint64_t job, uint32_t epoch);
void guest_kill(struct guest *g);
void guest_forget(struct guest *g);
/// Why a guest stands still; while there is any reason, it does.
enum freeze_reason { FREEZE_LEASE = 1, FREEZE_USER = 2, FREEZE_LENT = 4 };
void guest_freeze(struct guest *g, enum freeze_reason why, bool frozen);
void guest_reaped(struct guest *g);
void guest_tell_start(struct guest *g);
/// Gives the daemon the guest's network device, if it has one.
void guest_tell_network(struct guest *g);
void guest_close_network(struct guest *g);
void guest_sweep(struct keeper *k);
bool guest_is_held(const struct guest *g);
/// No process is left of one that another node has.
void guest_left(struct guest *g);

// move.c: what source and target have in common
void move_listen(struct keeper *k);
struct move *move_begin(struct guest *g, const char *image);
/// A program to run as CRIU, with what it needs to hear.
struct criu {
    char *program, *shim, *gate;
};
bool criu_parse(struct reader *r, struct criu *c);
void criu_free(struct criu *c);
/// Forks; returns 0 in the child, which ends in move_exec.
pid_t move_fork(struct guest *g);
_Noreturn void move_exec(struct guest *g, const struct criu *c, const char *const *arguments);
/// This process and its children act for the guest; CRIU waits until that is known. 0: no more.
void move_tell_caller(struct guest *g, pid_t pid);
/// Has CRIU go on (0) or undo, if it waits.
void move_answer(struct guest *g, uint8_t status);
/// What CRIU complained of last.
void move_complaint(const struct guest *g, const char *log, char *to, size_t size);
void move_known(struct guest *g);
void move_resume(struct guest *g);
void move_left(struct guest *g);
void move_lend(struct guest *g);
void move_abandon(struct guest *g);
void move_kill(struct guest *g);
bool move_reaped(struct keeper *k, pid_t pid, int status);
void move_end(struct guest *g);

// dump.c: the source
void dump_start(struct guest *g, struct reader *r, bool lazy);
void dump_held(struct guest *g);
void dump_ended(struct guest *g, int status);

// restore.c: the target
void restore_start(struct keeper *k, struct reader *r, bool lazy);
void restore_reached(struct guest *g);
void restore_ended(struct guest *g, int status);

// pages.c: memory that follows
/// Begins to fetch it, and returns where criu lazy-pages says that it is ready; -1: it cannot (errno).
int pages_begin(struct guest *g, const struct criu *c, const char *source);
/// The guest's init is there.
void pages_watch(const struct guest *g);
/// Before and after the keeper's loop waits.
void pages_round(void);
/// Nobody wants it any more: no process of the guest is left. True if it was ended because the keeper waited for it.
bool pages_stop(struct guest *g);
/// Else it is lost.
void pages_tell_whole(struct guest *g, bool whole);
bool pages_reaped(struct keeper *k, pid_t pid, int status);

// terminal.c: the guest's terminal, which moves with it
struct terminal {
    bool there, reads;
    char name[64], control[64]; // by which CRIU knows it and /dev/tty: device and file system on the source
    uint8_t stream; // of out[]
    uint32_t uid, gid, mode;
    struct winsize window;
    int32_t foreground; // process group in the guest's namespace; 0: none
    struct slice modes, typed;
};
/// The master's descriptor; -1: it has none.
int terminal_of(const struct guest *g);
void terminal_names(const struct guest *g, char name[64], char control[64]);
/// Returns why it cannot move; NULL: nothing is against it.
const char *terminal_put(struct guest *g, struct bytes *to);
bool terminal_take(struct terminal *t, struct reader *r);
/// Makes one like it, and takes its master. Returns the guest's end; -1: the kernel refused (errno).
int terminal_make(struct guest *g, const struct terminal *t);
void terminal_unmount(struct guest *g);

// handoff.c: what the keepers tell each other of a guest that moves
/// Returns why it cannot move; NULL: nothing is against it.
const char *handoff_put(struct guest *g, struct bytes *to);
struct handoff {
    uint64_t control, network; // inodes on the source
    int32_t first;             // pid in the guest's namespace
    struct terminal terminal;
};
/// Takes everything but what `h` names. False: malformed.
bool handoff_take(struct guest *g, struct reader *r, struct handoff *h);

// session.c
/// Asks for all that is not acknowledged, and sends all that is not.
void session_resync(struct guest *g);
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
/// What the guest has used here; false: not measured.
bool usage_of_here(const struct guest *g, struct cgroup_usage *u);
void usage_tick(struct keeper *k);
void usage_of_end(struct guest *g, struct init_exit *e);
