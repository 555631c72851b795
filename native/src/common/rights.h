// Part of drover-init, which leaves no more to a guest, and of drover-criu-gate, which sees whether it is so.
#pragma once
#include <linux/capability.h>

#define RIGHT(capability) (1ull << (capability))
/// What root keeps inside of a guest: power over files that home checks again, and over its own processes.
#define ROOT_KEEPS                                                                                                            \
    (RIGHT(CAP_CHOWN) | RIGHT(CAP_DAC_OVERRIDE) | RIGHT(CAP_FOWNER) | RIGHT(CAP_FSETID) | RIGHT(CAP_KILL) | RIGHT(CAP_SETGID)  \
     | RIGHT(CAP_SETUID) | RIGHT(CAP_SETPCAP) | RIGHT(CAP_SETFCAP) | RIGHT(CAP_SYS_CHROOT) | RIGHT(CAP_IPC_OWNER)              \
     | RIGHT(CAP_LEASE))
/// Only in a network of its own, which is nothing but a loopback.
#define ROOT_KEEPS_IN_OWN_NETWORK (RIGHT(CAP_NET_BIND_SERVICE) | RIGHT(CAP_NET_RAW))
