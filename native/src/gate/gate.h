// Part of the keeper and of drover-criu-gate: what they say to each other, as datagrams on a SOCK_SEQPACKET socket. They are
// of one build.
#pragma once
#include <stdbool.h>

/// How far CRIU has come when it waits.
enum gate {
    GATE_NONE = 0,
    GATE_DUMPED = 1,     // source: all is in the image, and the guest is held
    GATE_NAMESPACES = 2, // target: init is there, and has touched nothing of home yet
    GATE_RESTORED = 3,   // target: the guest is complete but for its rights, and does not run
    GATE_CHECKED = 4,    // target: home has decided; it has its rights, no more than it may have, and is about to run
};

struct gate_message {
    unsigned move;
    enum gate step;
    int init; // its pid on the node
};

/// By whom the guest on the target is to be, as the job's home says: numbers as texts, groups with commas between.
struct whose {
    int init, keeper;
    const char *uid, *groups, *root; // root: where home's files are mounted for CRIU
    const char *resolvers;           // the file that is covered by one of the guest's own; empty: none
};

// processes.c: a guest's, as the node's /proc names them

/// Two processes and a kind of namespace.
bool is_same_namespace(const char *a, const char *b, const char *kind);
/// What is done with each, by its number as a text; false: no more of them.
typedef bool visit(const char *number, void *with);
/// False if the visit said so.
bool each_process(int init, visit *look, void *with);
bool each_thread(const char *process, visit *look, void *with);
bool each_descriptor(const char *process, visit *look, void *with);
/// The same open file in this process; -1: errno says why not.
int take_descriptor(const char *process, const char *fd);
/// Whether what it is open on is called so, or begins so, in /proc/PID/fd.
bool descriptor_is(const char *process, const char *fd, const char *start);

/// Tells the daemon, by home's file system, which descriptors of the guest with this init are which of its open files.
void tell_descriptors(int init);

#define OBJECTION_BYTES 512
/// Whether what was restored is where a guest of this node is, and no more is there. If not, why.
bool is_in_its_place(const struct whose *job, char why[OBJECTION_BYTES]);
/// Whether its processes have no more rights than their job. CRIU gives them theirs at the very last.
bool has_its_rights_only(const struct whose *job, char why[OBJECTION_BYTES]);
/// Ends the guest with this init, though CRIU would let it run, and CRIU.
void end_guest(int init);
/// CRIU restores a periodic timer that has run out and was not read as one that never runs again: those of the guest with this
/// init go on. If one does not, why.
bool keep_timers_going(int init, char why[OBJECTION_BYTES]);

/// On the source: what CRIU does not write down of the guest with this init. If that does not do, why.
bool note_attributes(int init, char why[OBJECTION_BYTES]);
/// On the target, the same again, as far as it can be.
void give_attributes(int init);
