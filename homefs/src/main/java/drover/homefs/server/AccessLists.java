package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.NativeBytes;
import drover.linux.syscall.Xattr;
import drover.protocol.file.Bytes;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Which files have an access control list (acl(5)). Few do; a node that knows it does not ask. Stateless.
final class AccessLists {
    private static final Bytes PREFIX = Bytes.of("system.posix_acl_");

    private AccessLists() {}

    /// Whether an attribute of that name is one.
    static boolean isOne(Bytes attribute) {
        return startsWith(attribute.array(), 0, attribute.length());
    }

    /// Whether the file certainly has none.
    ///
    /// @param descriptor of the file
    static boolean none(FileStatus status, int descriptor) {
        return status.isSymlink() || none(Xattr.listxattr(ProcSelf.path(descriptor)));
    }

    /// The same of what a name leads to.
    ///
    /// @param status what was found there; it may be another file by now, and is none less
    static boolean none(FileStatus status, int directory, Bytes name) {
        if (status.isSymlink()) return true;
        byte[] path = ("/proc/self/fd/" + directory + "/").getBytes(StandardCharsets.US_ASCII);
        byte[] whole = Arrays.copyOf(path, path.length + name.length());
        System.arraycopy(name.array(), 0, whole, path.length, name.length());
        return none(Xattr.llistxattr(whole));
    }

    private static boolean none(NativeBytes listed) {
        return switch (listed) {
            case NativeBytes.Failed(int errno) -> errno == Errno.EOPNOTSUPP;
            case NativeBytes.Given(byte[] names) -> {
                int begin = 0;
                for (int at = 0; at < names.length; at++)
                    if (names[at] == 0) {
                        if (startsWith(names, begin, at)) yield false;
                        begin = at + 1;
                    }
                yield true;
            }
        };
    }

    private static boolean startsWith(byte[] names, int begin, int end) {
        int length = PREFIX.length();
        return end - begin >= length && Arrays.equals(names, begin, begin + length, PREFIX.array(), 0, length);
    }
}
