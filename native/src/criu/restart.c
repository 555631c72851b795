// Process: criu, which preloads this as a part of drover-criu.so. Calls that wait for a time cannot be restarted by who
// did not begin them: CRIU 4.1 has them end with EINTR, which a program without a handler never sees otherwise. Here CRIU
// learns, instead of ERESTART_RESTARTBLOCK, that they are to be made once more, as it does with most other calls.
#define _GNU_SOURCE
#include "shim.h"

#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

#ifdef __x86_64__
// linux/errno.h of the kernel; no program sees them
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516
#define CODE_OF_64_BITS 0x33

/// A sleep goes on with what is left, where the program asked for that: the kernel has written it there. All others wait
/// their whole time again, which is later than asked for, but never earlier.
static void make_once_more(struct user_regs_struct *r) {
    switch (r->orig_rax) {
    case SYS_nanosleep:
        if (r->rsi)
            r->rdi = r->rsi;
        break;
    case SYS_clock_nanosleep:
        if (r->r10)
            r->rdx = r->r10;
        break;
    case SYS_poll:
    case SYS_futex:
        break;
    default:
        return;
    }
    r->rax = (unsigned long long)-ERESTARTNOHAND;
}

EXPORTED long ptrace(enum __ptrace_request request, ...) {
    static long (*real)(enum __ptrace_request, ...);
    if (!real)
        real = (long (*)(enum __ptrace_request, ...))next("ptrace");
    va_list arguments;
    va_start(arguments, request);
    pid_t pid = va_arg(arguments, pid_t);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    long result = real(request, pid, address, data);
    if (result < 0 || request != PTRACE_GETREGSET || (unsigned)(uintptr_t)address != NT_PRSTATUS) // an int, passed on as a pointer
        return result;
    const struct iovec *to = data;
    struct user_regs_struct *r = to->iov_base;
    if (to->iov_len == sizeof *r && r->cs == CODE_OF_64_BITS && (long long)r->orig_rax >= 0
        && (long long)r->rax == -ERESTART_RESTARTBLOCK)
        make_once_more(r);
    return result;
}
#endif
