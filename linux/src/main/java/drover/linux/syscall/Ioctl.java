package drover.linux.syscall;

/// ioctl(2), for requests that take a pointer to one 32-bit number.
public final class Ioctl {
    private Ioctl() {}

    public static int withInt(int descriptor, long request, int argument) {
        Scratch scratch = Scratch.own();
        scratch.value().putInt(0, argument);
        return (int) RawSyscall.call(16, descriptor, request, scratch.valueAddress());
    }
}
