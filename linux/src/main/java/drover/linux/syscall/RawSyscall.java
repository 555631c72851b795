package drover.linux.syscall;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/// syscall(2): the kernel's own calls, without what the C library adds. Ids, capabilities, umask and the like are
/// then those of the calling thread, and not of the process.
///
/// Thread rule: any platform thread. A virtual thread would pin its carrier.
final class RawSyscall {
    private static final StructLayout CAPTURE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = CAPTURE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = bind();
    private static final ThreadLocal<MemorySegment> CAPTURED =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(CAPTURE));

    private RawSyscall() {}

    @SuppressWarnings("restricted")
    private static MethodHandle bind() {
        String architecture = System.getProperty("os.arch");
        if (!architecture.equals("amd64"))
            throw new UnsupportedOperationException(
                    "drover knows the system call numbers of amd64 only, this machine is " + architecture);
        ValueLayout.OfLong word = ValueLayout.JAVA_LONG;
        return Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker()
                                .defaultLookup()
                                .find("syscall")
                                .orElseThrow(() -> new UnsatisfiedLinkError("the C library has no syscall()")),
                        FunctionDescriptor.of(word, word, word, word, word, word, word, word),
                        Linker.Option.firstVariadicArg(1),
                        Linker.Option.captureCallState("errno"));
    }

    /// Returns the call's result (>= 0), or the negated errno.
    static long call(int number, long a, long b, long c, long d, long e, long f) {
        MemorySegment captured = CAPTURED.get();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(captured, (long) number, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw new AssertionError("a downcall never throws", t);
        }
        return result == -1 ? -(int) ERRNO.get(captured, 0L) : result;
    }

    static long call(int number, long a, long b, long c, long d, long e) {
        return call(number, a, b, c, d, e, 0);
    }

    static long call(int number, long a, long b, long c, long d) {
        return call(number, a, b, c, d, 0, 0);
    }

    static long call(int number, long a, long b, long c) {
        return call(number, a, b, c, 0, 0, 0);
    }

    static long call(int number, long a, long b) {
        return call(number, a, b, 0, 0, 0, 0);
    }

    static long call(int number, long a) {
        return call(number, a, 0, 0, 0, 0, 0);
    }
}
