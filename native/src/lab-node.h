// Shared by the parts of drover-lab-node, the program that makes one machine play a cluster's nodes.
#ifndef DROVER_LAB_NODE_H
#define DROVER_LAB_NODE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum { MAXIMUM_GROUPS = 16, EXIT_LAB_FAILED = 125 };

// What `boot` was asked for.
struct node_spec {
    const char *lab;        // directory of the lab, on the machine
    const char *name;       // the node's name
    const char *image;      // drover's installed layout, shown read-only at the same path
    const char *jdk;        // the JDK, likewise
    bool bare;              // no distribution below the node's own disk
    unsigned long long disk_bytes;
    long clock_offset_seconds;
};

// A process of the lab, told from a later one with the same number by its start time.
struct process_id {
    pid_t pid;
    unsigned long long start_ticks;
};

// All of these print what failed and why, and return -1, unless stated otherwise.
int fail(const char *what, const char *subject);           // always -1, prints errno
int path_of(char *out, const char *format, ...) __attribute__((format(printf, 2, 3)));   // out: PATH_MAX
int read_process(const char *file, struct process_id *out);
int write_process(const char *file, struct process_id id);
unsigned long long start_ticks_of(pid_t pid);              // 0: no such process; silent
int open_groups(const char *file, int *fds);               // number of descriptors of cgroup.procs
int join_groups(const int *fds, int count);                // moves the caller, closes the descriptors
int make_directories(const char *path);                    // mkdir -p

int enter_root(const struct node_spec *spec);              // lab-root.c: builds the node's / and makes it the caller's
int bring_up_loopback(void);                               // lab-boot.c

int boot_main(int argc, char **argv);                      // lab-boot.c
int switch_main(int argc, char **argv);                    // lab-boot.c
int exec_main(int argc, char **argv, const char *lab);     // lab-exec.c

#endif
