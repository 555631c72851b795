// Part of every program here: the numbers of the wire. Daemon, deputy, keeper and init must agree on them.
#pragma once

/// The network that a guest has.
enum network_kind { NETWORK_NONE = 0, NETWORK_NODE = 1, NETWORK_HOME = 2 };

/// Session frames, end to end between deputy and keeper.
enum session_kind {
    S_DATA = 1,
    S_ACK = 2,
    S_END = 3,
    S_CLOSED = 4,
    S_SIGNAL = 5,
    S_SIGNAL_ACK = 6,
    S_WINSIZE = 7,
    S_STOPPED = 8,
    S_CONTINUED = 9,
    S_EXITED = 10,
    S_GONE = 11,
    S_RESYNC = 12,
    S_USAGE = 13,
    S_FREEZE = 14, // home asks, with u8 whether it is to stand still
    S_FROZEN = 15, // the same, as the keeper has done it
};

/// Stream numbers of DATA, ACK, END, CLOSED. The terminal is what the guest's pty prints while fd 1 is no terminal.
enum { STREAM_STDIN = 0, STREAM_STDOUT = 1, STREAM_STDERR = 2, STREAM_TERMINAL = 3 };

/// Set in the signal number of SIGNAL: for the whole process group (a terminal sent it), not the first process alone.
#define SIGNAL_TO_GROUP 0x80u

/// There inside every guest, and nowhere else: `drover run` sees by it that it is in one.
#define GUEST_MARK_DIRECTORY "/run/drover"
#define GUEST_MARK GUEST_MARK_DIRECTORY "/guest"

/// How the guest sees a standard descriptor.
enum stdio_kind { KIND_CLOSED = 0, KIND_NULL = 1, KIND_PIPE = 2, KIND_TTY = 3, KIND_SAME = 4 };

#define SPEC_VERSION 1

/// Deputy and commands -> daemon, and back.
enum client_frame { C_RUN = 1, C_SESSION = 2, C_RESUME = 3, C_ATTACH = 4, C_COMMAND = 20 };
enum daemon_frame {
    D_ACCEPTED = 101,
    D_REFUSED = 102,
    D_SESSION = 103,
    D_STARTED = 104,
    D_ENDED = 105,
    D_NOTICE = 106,
    D_RESULT = 120,
    D_TEXT = 121,
};
#define SECRET_BYTES 16
enum ended_how { ENDED_EXITED = 0, ENDED_SIGNALLED = 1, ENDED_FAILED = 2 };

/// Daemon -> keeper, and back.
enum to_keeper {
    K_MOUNT = 1,
    K_UNMOUNT = 2,
    K_START = 3,
    K_SESSION = 4,
    K_KILL = 5,
    K_FORGET = 6,
    K_LEASE = 7,
    K_LIST = 8,
    K_DUMP = 9,     // source: hold the guest and write it into an image
    K_RESTORE = 10, // target: make it from the image, as another epoch, and hold it
    K_KNOWN = 11,   // the process or namespace that was told is known as the guest's
    K_RESUME = 12,  // target: let it run
    K_ABANDON = 13, // source: it goes on here
    K_LEFT = 14,    // source: another node has it; end it, and say when it is dead
    K_DUMP_LAZY = 15,    // as K_DUMP, but the memory stays where it is, to be read from there
    K_RESTORE_LAZY = 16, // as K_RESTORE, with the node that has its memory
    K_LEND = 17,         // source: another node has it, but not its memory: it never runs again. If it has its memory: as K_LEFT
};
enum from_keeper {
    K_MOUNTED = 101,
    K_STARTED = 103,
    K_START_FAILED = 104,
    K_SESSION_BACK = 105,
    K_INVENTORY = 106,
    K_UNMOUNTED = 107,
    K_CREATED = 108,
    K_CALLER = 109,      // this process and its children act for the guest; CRIU waits for K_KNOWN
    K_DUMPED = 110,      // with what the target's keeper has to know
    K_DUMP_FAILED = 111, // why; the guest goes on
    K_RESTORED = 112,    // complete, and held
    K_DEAD = 113,        // after K_LEFT: no process of it is left
    K_NETWORK = 114,     // the guest's network device; its descriptor comes along
    K_LENT = 115,        // after K_LEND: it is frozen, whatever happens to CRIU
    K_PAGER = 116,       // target: the socket of the guest's drover-pager
    K_WHOLE = 117,       // target: with u8 whether it is all here, or the guest has ended; else it is ended now, and lost
};
/// Pager -> daemon, and back. A pager is there until all memory of its guest is.
enum pager_frame {
    P_GUEST = 1, // whose, and the node that has it
    P_WANT = 2,  // pages; answered in the order of asking
    P_PAGES = 3, // the daemon: these pages
};
/// At the end of an inventory: what this keeper understands. An older one says nothing there.
enum keeper_version { KEEPER_MOVES = 2, KEEPER_POST_COPY = 3 };
enum inventory_state { INVENTORY_RUNNING = 1, INVENTORY_EXITED = 2, INVENTORY_LINGERING = 3, INVENTORY_LEAVING = 4, INVENTORY_ARRIVING = 5, INVENTORY_LENT = 6 };

/// Among the cgroups that init is told to join: it makes its cgroup namespace here. What it has joined before looks like the root
/// to the guest.
#define NAMESPACE_HERE "--"

/// Keeper -> init, and back: datagrams on a SOCK_SEQPACKET pair; byte 0 is one of these.
enum to_init {
    I_START = 'S',  // with descriptors: start_fds says which
    I_SIGNAL = 's', // u8 signo with SIGNAL_TO_GROUP
    I_STOP = 'f',   // stop every process (where there is no freezer)
    I_CONTINUE = 'c',
};
enum from_init {
    R_CONTROL = 'N',  // with the descriptor that replaces this socket; nothing follows on it
    R_PTY = 'P',      // with the master's descriptor
    R_NETWORK = 'D',  // with the network device's descriptor
    R_MAIN = 'M',     // sent by the first process itself: its credentials name its pid on the node
    R_STARTED = 'B',  // exec succeeded
    R_FAILED = 'F',   // u8 exit status, text
    R_STOPPED = 'T',  // u8 signo
    R_CONTINUED = 'C',
    R_EXITED = 'E',   // struct init_exit
    R_GONE = 'G',     // struct init_exit, of which only the usage counts
};

/// The same machine, the same build: a plain struct will do.
struct init_exit {
    unsigned char tag, how, code, core, gone, padding[3];
    unsigned long long utime_us, stime_us, maxrss_bytes;
};

/// Which descriptors follow the START memory file, in this order.
struct init_start {
    unsigned char tag, has_root, has_net, has_stdin, has_stdout, has_stderr;
};
