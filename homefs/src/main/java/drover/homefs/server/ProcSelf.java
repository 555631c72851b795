package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.Open;
import java.nio.charset.StandardCharsets;

/// /proc/self/fd: the way from an O_PATH descriptor to calls that want a path. It leads to exactly that file.
final class ProcSelf implements AutoCloseable {
    private final int descriptor;

    ProcSelf() {
        descriptor = Open.openat(
                Open.AT_FDCWD,
                "/proc/self/fd".getBytes(StandardCharsets.US_ASCII),
                Open.O_PATH | Open.O_DIRECTORY | Open.O_CLOEXEC,
                0);
        if (descriptor < 0)
            throw new IllegalStateException(
                    "cannot open /proc/self/fd (errno " + -descriptor + "): the file server needs /proc");
    }

    int descriptor() {
        return descriptor;
    }

    static byte[] name(int descriptor) {
        return Integer.toString(descriptor).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] path(int descriptor) {
        return ("/proc/self/fd/" + descriptor).getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        Close.close(descriptor);
    }
}
