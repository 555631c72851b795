package drover.linux.syscall;

import java.nio.ByteBuffer;

/// ioctl(2).
public final class Ioctl {
    private Ioctl() {}

    /// For requests that take a pointer to one 32-bit number. Returns 0 or more, or the negated errno.
    public static int withInt(int descriptor, long request, int argument) {
        Scratch scratch = Scratch.own();
        scratch.value().putInt(0, argument);
        return (int) RawSyscall.call(16, descriptor, request, scratch.valueAddress());
    }

    /// For requests that take a pointer to a structure that the kernel only reads. Returns as above.
    public static int withStructure(int descriptor, long request, ByteBuffer structure) {
        Scratch scratch = Scratch.own();
        scratch.value().put(0, structure, 0, structure.limit());
        return (int) RawSyscall.call(16, descriptor, request, scratch.valueAddress());
    }

    /// For requests whose argument is a number itself. Returns as above.
    public static int withNumber(int descriptor, long request, long argument) {
        return (int) RawSyscall.call(16, descriptor, request, argument);
    }
}
