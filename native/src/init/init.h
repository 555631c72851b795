// Process: drover-init, pid 1 of a guest's pid namespace (child of the keeper, which is its only correspondent).
// It prepares namespaces ahead of time, waits for a START, builds the guest's root, starts the first process, reaps.
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

// root.c: the mounts
/// Ahead of time: own mount namespace, and the guest's /proc, /sys, /dev, /run built on `stage`.
/// Returns a descriptor of ns_last_pid, or -1 on a kernel without it.
int root_prepare(const char *stage);
/// At START: puts them onto the guest's root and makes that the root.
void root_enter(const char *run_dir, const char *stage, const struct start *s, const struct start_fds *fds);
/// Opens the guest's terminal in its own devpts.
void root_open_pty(const struct start *s, struct start_fds *fds);

// sandbox.c: what a guest may not
void sandbox_drop_capabilities(uint32_t uid, uint8_t net);
void sandbox_keep_only_kill(void);
void sandbox_filter_calls(void);

// first.c: the first process, from fork to exec. Never returns; failures go to report_fd.
_Noreturn void first_process(const struct start *s, const struct start_fds *fds, int report_fd);
