// Process: drover-init, pid 1 of a guest's pid namespace (child of the keeper, which is its only correspondent).
// It prepares namespaces ahead of time, goes on as a program inside of them, waits for a START, builds the guest's root,
// starts the first process, reaps.
#pragma once
#include "../common/start.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>

/// The descriptor the keeper hands over: its end of the SOCK_SEQPACKET pair.
#define CONTROL_FD 3

/// Descriptors that came with a START; -1 where there is none.
struct start_fds {
    int root, net, stdio[3], pty_master, pty_slave;
};

/// Says to the keeper why the guest cannot start, and ends this namespace.
_Noreturn void refuse(uint8_t exit_status, const char *what, const char *name, int error);
void control_send(const void *message, size_t length);
/// A message that is its tag, with a descriptor.
void control_send_fd(char tag, int fd);

// root.c: the mounts
/// What is made ahead of time.
struct prepared {
    int node_root; // the node's own tree, detached
    int last_pid;  // /proc/sys/kernel/ns_last_pid; -1 on a kernel without it
};
/// Ahead of time: the guest's /proc, /sys, /dev, /run on a tmpfs that becomes the root for now.
void root_prepare(const char *stage, struct prepared *p);
/// At START: mounts the guest's root, puts the prepared mounts onto it, and enters.
void root_enter(const char *run_dir, const struct start *s, const struct start_fds *fds, const struct prepared *p);
/// After the exec: takes away what the guest cannot reach any more.
void root_leave_stage(struct prepared *p);
/// Opens the guest's terminal in its own devpts.
void root_open_pty(const struct start *s, struct start_fds *fds);

// inside.c: init as a part of its guest
/// The first argument of the program that runs inside of the guest's mounts.
#define INSIDE "--inside"
#define INSIDE_ARGUMENTS 5
/// Goes on as a program in the guest's own mounts, with nothing of the node open but what is prepared.
_Noreturn void inside_go_on(int program, const char *run_dir, const struct prepared *p);
/// That program's beginning. Returns the keeper's run directory.
const char *inside_arrive(char **arguments, struct prepared *p);
/// Has the keeper take a control socket that belongs to the guest's network namespace. Returns the one before: what the
/// keeper has said on it is to be read first, to its end.
int inside_renew_control(void);

// sandbox.c: what a guest may not
void sandbox_drop_capabilities(uint32_t uid, uint8_t net);
void sandbox_keep_only_kill(void);
void sandbox_filter_calls(void);

// first.c: the first process, from fork to exec. Never returns; failures go to report_fd.
_Noreturn void first_process(const struct start *s, const struct start_fds *fds, int report_fd);
