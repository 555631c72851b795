package drover.homefs.server;

import drover.linux.syscall.Close;
import drover.linux.syscall.FileStatus;
import drover.linux.syscall.Open;
import drover.linux.syscall.Stat;
import drover.linux.syscall.Statfs;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// What of home's tree is not served: the kernel's own file systems wherever they are mounted, and the
/// directories that the configuration names. Such a directory shows empty, such a file not at all.
final class Veil {
    /// statfs(2) magics: proc, sysfs, devpts, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, pstore,
    /// efivarfs, selinuxfs, configfs, binfmt_misc, mqueue, nsfs.
    private static final Set<Long> KERNEL = Set.of(
            0x9fa0L,
            0x62656572L,
            0x1cd1L,
            0x27e0ebL,
            0x63677270L,
            0x64626720L,
            0x74726163L,
            0x73636673L,
            0xcafe4a11L,
            0x6165676cL,
            0xde5e81e4L,
            0xf97cff8cL,
            0x62656570L,
            0x42494e4dL,
            0x19800202L,
            0x6e736673L);
    /// Bounds [#devices], which only grows with mounts and unmounts at home.
    private static final int MAX_DEVICES = 4_096;

    private record Directory(long device, long inode) {}

    private final Set<Directory> directories = ConcurrentHashMap.newKeySet();
    private final Map<Long, Boolean> devices = new ConcurrentHashMap<>();
    private final List<Path> paths;

    Veil(List<Path> paths) {
        this.paths = paths;
        look();
    }

    /// Finds directories that came into being since the last look, and forgets devices that may mean another
    /// file system now.
    void look() {
        devices.clear();
        for (Path path : paths) {
            byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
            int descriptor = Open.openat(Open.AT_FDCWD, name, Open.O_PATH | Open.O_CLOEXEC, 0);
            if (descriptor < 0) continue;
            if (Stat.ofDescriptor(descriptor) instanceof Stat.Result.Found(var status))
                directories.add(new Directory(status.device(), status.inode()));
            Close.close(descriptor);
        }
    }

    /// Whether a file is not to be served.
    ///
    /// @param descriptor of the file, or -1: then one is opened when needed by `name` in `parent`
    boolean covers(FileStatus status, int descriptor, int parent, byte[] name) {
        if (status.isDirectory() && directories.contains(new Directory(status.device(), status.inode()))) return true;
        Boolean known = devices.get(status.device());
        if (known != null) return known;
        boolean kernels;
        if (descriptor >= 0) {
            kernels = isKernels(descriptor);
        } else {
            int own = Open.openat(parent, name, Open.O_PATH | Open.O_NOFOLLOW | Open.O_CLOEXEC, 0);
            if (own < 0) return true;
            kernels = isKernels(own);
            Close.close(own);
        }
        if (devices.size() >= MAX_DEVICES) devices.clear();
        devices.put(status.device(), kernels);
        return kernels;
    }

    private static boolean isKernels(int descriptor) {
        return !(Statfs.ofDescriptor(descriptor) instanceof Statfs.Result.Found found)
                || KERNEL.contains(found.magic());
    }
}
