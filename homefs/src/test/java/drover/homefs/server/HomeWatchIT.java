package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.linux.syscall.Open;
import drover.protocol.file.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Needs root and fanotify.
class HomeWatchIT {
    private final Identities identities = new Identities();

    @TempDir
    Path work;

    private Inode directory(InodeDescriptors descriptors, String name, long id) throws IOException, CallFailed {
        Path path = Files.createDirectory(work.resolve(name));
        int descriptor = CallFailed.check(Open.openat(
                Open.AT_FDCWD,
                path.toString().getBytes(StandardCharsets.UTF_8),
                Open.O_PATH | Open.O_DIRECTORY | Open.O_CLOEXEC,
                0));
        Identity identity = identities.of(Attributes.status(descriptor), descriptor);
        Inode inode = new Inode(id, identity, null, Bytes.of(name), false, false);
        descriptors.adopt(inode, descriptor);
        return inode;
    }

    @Test
    void noMoreDirectoriesAreWatchedThanMayBe() throws IOException, CallFailed {
        try (ProcSelf procSelf = new ProcSelf()) {
            InodeDescriptors descriptors = new InodeDescriptors(64, identities, procSelf);
            HomeWatch watch = new HomeWatch(work.resolve("own"), descriptors, changes -> {}, marked -> {}, 2);
            List<Boolean> watched = new ArrayList<>();
            List<Inode> all = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Inode inode = directory(descriptors, "d" + i, 2 + i);
                all.add(inode);
                watch.coverNow(inode);
                watched.add(watch.isWatched(inode.identity()));
            }
            assertEquals(List.of(true, true, false), watched);
            watch.close();
            all.forEach(descriptors::drop);
        }
    }
}
