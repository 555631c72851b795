// Process: the deputy. Its last act: to end exactly as the job did.
#define _GNU_SOURCE
#include "drover.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

_Noreturn void end_as(uint8_t how, uint8_t code) {
    if (how != ENDED_SIGNALLED)
        _exit(code);
    // The core is the guest's; this process's would show nothing. A pipe in core_pattern ignores the limit, so both.
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    signal(code, SIG_DFL);
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, code);
    kill(getpid(), code);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    _exit(128 + code); // a signal that does not kill
}
