// Process: criu, which preloads this as a part of drover-criu.so. CRIU stops what it has dumped or made by a breakpoint in the
// processor, and waits for it without a limit. On some virtual machines the kernel takes such a breakpoint and it never comes:
// a guest would be held for ever. CRIU can do without, call by call, and does where it tests itself so.
#define _GNU_SOURCE
#include "shim.h"

#include <stdlib.h>

/// CRIU's number of the fault "there are no breakpoints".
#define NO_BREAKPOINTS "130"

__attribute__((constructor)) static void do_without_breakpoints(void) {
    setenv("CRIU_FAULT", NO_BREAKPOINTS, 0);
}
