// Part of the keeper and of drover-init: what a START asks for.
#pragma once
#include "wire.h"

#include <sys/ioctl.h>

struct limit {
    uint32_t resource;
    uint64_t soft, hard;
};

/// Which network a guest is given. The daemon says it in the same words for a START and for a guest from another node.
struct network {
    uint8_t kind; // network_kind
    // Of home's network only:
    uint32_t address;                     // the job's own, in the network's byte order
    char *resolver_path, *resolver_lines; // the file that names servers of names, and what it is to say; empty: as at home
};

/// A START as the keeper got it from the daemon, plus the spec blob the deputy made.
struct start {
    uint8_t root; // 0: the node's own /, 1: the homefs
    uint32_t uid, gid, group_count;
    uint32_t *groups;
    char *hostname;
    uint64_t memory_limit_bytes; // 0: none
    uint32_t cpu_weight;         // 100 is normal
    struct network network;

    uint32_t umask;
    int32_t nice;
    uint32_t limit_count;
    struct limit *limits;
    uint64_t ignored, blocked;
    int32_t deputy_pid;
    char *cwd, *path;
    char **arguments, **environment;
    uint8_t kind[3];
    struct winsize window;
    struct slice termios;
    uint8_t raw_terminal;
};

/// Reads a START after its key. False: malformed. The texts and arrays stay allocated.
bool start_parse(struct reader *r, struct start *s);
void start_free(struct start *s);
/// Reads a network's part. False: malformed. The texts stay allocated.
bool network_parse(struct reader *r, struct network *n);
void network_free(struct network *n);
