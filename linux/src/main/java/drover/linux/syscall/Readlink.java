package drover.linux.syscall;

/// readlink(2).
public final class Readlink {
    private static final byte[] NOTHING = {};

    private Readlink() {}

    /// The target of the symbolic link behind an `O_PATH` descriptor.
    public static NativeBytes ofDescriptor(int descriptor) {
        Scratch scratch = Scratch.own();
        long result =
                RawSyscall.call(267, descriptor, scratch.name(NOTHING), scratch.valueAddress(), Scratch.NAME_BYTES);
        return result < 0
                ? new NativeBytes.Failed((int) -result)
                : new NativeBytes.Given(scratch.valueBytes((int) result));
    }
}
