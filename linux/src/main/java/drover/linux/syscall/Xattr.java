package drover.linux.syscall;

/// xattr(7): setxattr(2), getxattr(2), listxattr(2), removexattr(2). A path that leads to a symbolic link is
/// followed, but where it says otherwise: `/proc/self/fd/N` names the file behind a descriptor.
public final class Xattr {
    /// Asked for first: the kernel clears as much memory as it may fill, and most have less.
    private static final int FEW_BYTES = 1 << 10;

    private Xattr() {}

    public static int setxattr(byte[] path, byte[] name, byte[] value, int flags) {
        if (value.length > Scratch.VALUE_BYTES) return -Errno.E2BIG;
        Scratch scratch = Scratch.own();
        long pathAddress = scratch.name(path);
        long nameAddress = scratch.secondName(name);
        if (pathAddress < 0 || nameAddress < 0) return -Errno.ERANGE;
        scratch.value().put(value);
        return (int) RawSyscall.call(188, pathAddress, nameAddress, scratch.valueAddress(), value.length, flags);
    }

    public static NativeBytes getxattr(byte[] path, byte[] name) {
        Scratch scratch = Scratch.own();
        long pathAddress = scratch.name(path);
        long nameAddress = scratch.secondName(name);
        if (pathAddress < 0 || nameAddress < 0) return new NativeBytes.Failed(Errno.ERANGE);
        long result = RawSyscall.call(191, pathAddress, nameAddress, scratch.valueAddress(), FEW_BYTES);
        if (result == -Errno.ERANGE)
            result = RawSyscall.call(191, pathAddress, nameAddress, scratch.valueAddress(), Scratch.VALUE_BYTES);
        return bytes(scratch, result);
    }

    /// How long an attribute of an open file is, or the negated errno.
    public static int length(int descriptor, byte[] name) {
        long nameAddress = Scratch.own().name(name);
        return nameAddress < 0 ? -Errno.ERANGE : (int) RawSyscall.call(193, descriptor, nameAddress, 0, 0);
    }

    /// The names, each with a NUL behind it.
    public static NativeBytes listxattr(byte[] path) {
        return list(194, path);
    }

    /// The same, of a symbolic link itself.
    public static NativeBytes llistxattr(byte[] path) {
        return list(195, path);
    }

    private static NativeBytes list(int call, byte[] path) {
        Scratch scratch = Scratch.own();
        long pathAddress = scratch.name(path);
        if (pathAddress < 0) return new NativeBytes.Failed(Errno.ERANGE);
        long result = RawSyscall.call(call, pathAddress, scratch.valueAddress(), FEW_BYTES);
        if (result == -Errno.ERANGE)
            result = RawSyscall.call(call, pathAddress, scratch.valueAddress(), Scratch.VALUE_BYTES);
        return bytes(scratch, result);
    }

    public static int removexattr(byte[] path, byte[] name) {
        Scratch scratch = Scratch.own();
        long pathAddress = scratch.name(path);
        long nameAddress = scratch.secondName(name);
        if (pathAddress < 0 || nameAddress < 0) return -Errno.ERANGE;
        return (int) RawSyscall.call(197, pathAddress, nameAddress);
    }

    private static NativeBytes bytes(Scratch scratch, long result) {
        return result < 0
                ? new NativeBytes.Failed((int) -result)
                : new NativeBytes.Given(scratch.valueBytes((int) result));
    }
}
