// Part of drover-init, which does it, and of drover-criu-gate, which sees whether it is so: what of /proc a guest does not
// get, or only to read.
#pragma once

/// What names the machine, its keys or its keyboard rather than the guest.
static const char *const MASKED[] = {"kcore", "keys",      "key-users",   "sysrq-trigger", "timer_list", "sched_debug",
                                     "kmsg",  "kallsyms",  "kpagecount",  "kpageflags",    "kpagecgroup", "latency_stats",
                                     "slabinfo", "vmallocinfo", "iomem", "ioports", "mtrr", "pagetypeinfo", "vmcore", "profile", 0};
static const char *const READ_ONLY[] = {"sys", "irq", "bus", "fs", "acpi", "scsi", "driver", "pressure", "dynamic_debug", "asound", 0};
