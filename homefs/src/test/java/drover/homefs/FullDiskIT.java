package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A guest is told that home's disk, or its user's share of it, is full where a program at home is told: by write(2),
/// of what was written to a mapping, by fsync(2), and where a file system puts writes off, by close(2). Needs root and
/// /dev/fuse; for the quota mkfs.btrfs(8), btrfs in
/// the kernel, and loop devices.
class FullDiskIT {
    private static final int SMALL_BYTES = 8 << 20;
    /// What each program is told, and that room is used again when there is some.
    private static final String FILL = """
            import ctypes, errno, mmap, os, sys, time
            where, small = sys.argv[1], int(sys.argv[2])
            libc = ctypes.CDLL(None, use_errno=True)
            def told(function, *arguments):
                try: function(*arguments)
                except OSError as e: return errno.errorcode[e.errno]
                return "done"
            def fill(fd, most):
                done = 0
                try:
                    while done < most: done += os.write(fd, b"x" * (64 << 10))
                except OSError as e: return errno.errorcode[e.errno], done
                return "done", done
            def sync():
                directory = os.open(where, os.O_RDONLY)
                libc.syncfs(directory)
                os.close(directory)
            # what was removed is free in a while, and counts against a quota until then
            def filled(name, most, least):
                for i in range(100):
                    sync()
                    try:
                        fd = os.open(where + name, os.O_RDWR | os.O_CREAT, 0o644)
                        error, done = fill(fd, most)
                        if done >= least: break
                        os.close(fd)
                        os.unlink(where + name)
                    except OSError as e: error = e
                    time.sleep(0.1)
                return fd, error, done
            fd, error, done = filled("/f", 4 * small, small / 2)
            print("write", error, small / 2 < done <= small, os.fstat(fd).st_size == done)
            end = os.open(where + "/f", os.O_WRONLY | os.O_APPEND)
            print("append", fill(end, small)[0], told(os.close, end))
            print("fallocate", told(os.posix_fallocate, fd, 2 * small, small))
            print("fsync", told(os.fsync, fd), "close", told(os.close, fd))
            os.unlink(where + "/f")
            fd, error, done = filled("/g", small * 3 // 4, small * 3 // 4)
            print("again", error, told(os.fsync, fd))
            os.close(fd)
            os.unlink(where + "/g")
            # of many pages, no program waits for each
            fd, error, done = filled("/m", 1, 1)
            os.ftruncate(fd, 4 * small)
            with mmap.mmap(fd, 4 * small) as map:
                if "node" in where:
                    for at in range(0, 4 * small, 4096): map[at] = 1
                    print("fsync of a mapping", told(os.fsync, fd))
            os.close(fd)
            os.unlink(where + "/m")
            """;

    private Path disk;
    private TwoNodes nodes;

    @BeforeEach
    void directory() throws IOException {
        disk = Files.createTempDirectory("drover-full");
    }

    @AfterEach
    void unmount() throws Exception {
        if (nodes != null) nodes.close();
        machine("umount -l small 2> /dev/null; cd /; rm -rf \"$OLDPWD\"");
    }

    private String machine(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(disk.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? "" : "failed: " + output;
    }

    private void assertTold(String error, Path where) {
        nodes = new TwoNodes();
        String expected = "write " + error + " True True\nappend " + error + " done\nfallocate " + error
                + "\nfsync done close done\nagain done done\n";
        for (boolean user : new boolean[] {false, true})
            for (String view : new String[] {"$H", "$A", "$B"}) {
                Path script = disk.resolve("fill.py");
                String command = "/usr/bin/python3 " + script + " " + view + " " + SMALL_BYTES;
                try {
                    Files.writeString(script, FILL);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
                TwoNodes.Result told = user ? nodes.shAsUser(where, command) : nodes.sh(where, command);
                String mapping = view.equals("$H") ? "" : "fsync of a mapping " + error + "\n";
                assertEquals(expected + mapping, told.output(), view + (user ? " as a user" : " as root"));
            }
    }

    @Test
    void aFullDisk() throws Exception {
        assertEquals(
                "",
                machine("chmod 755 .; mkdir small; mount -t tmpfs -o size=" + SMALL_BYTES + " none small;"
                        + " chmod 777 small"));
        assertTold("ENOSPC", disk.resolve("small"));
    }

    @Test
    void aUsersShareOfTheDisk() throws Exception {
        // ext4, xfs and tmpfs have quotas in few kernels; btrfs always has, of a subvolume
        String missing =
                machine("set -e; chmod 755 .; truncate -s 256M image; mkfs.btrfs -q image > /dev/null; mkdir small;"
                        + " mount -o loop image small; btrfs quota enable small; btrfs subvolume create small/share;"
                        + " btrfs qgroup limit " + SMALL_BYTES + " small/share; chmod 777 small/share");
        assumeTrue(missing.isEmpty(), "no file system here can be given a quota: btrfs " + missing);
        assertTold("EDQUOT", disk.resolve("small/share"));
    }

    @Test
    void aFileSystemThatTellsAtTheClose() throws Exception {
        Path small = Files.createDirectory(disk.resolve("small"));
        Path script = disk.resolve("fails_at_close.py");
        try (var source = FullDiskIT.class.getResourceAsStream("fails_at_close.py")) {
            Files.copy(source, script);
        }
        Files.setPosixFilePermissions(disk, PosixFilePermissions.fromString("rwxr-xr-x"));
        Process serves = new ProcessBuilder("/usr/bin/python3", script.toString(), small.toString())
                .redirectErrorStream(true)
                .start();
        try {
            assertEquals("ready", serves.inputReader().readLine());
            nodes = new TwoNodes();
            String write = """
                    import errno, os, sys
                    for flags in 0, os.O_TRUNC, os.O_APPEND:
                        fd = os.open(sys.argv[1] + "/f", os.O_WRONLY | flags)
                        os.write(fd, b"x" * 10000)
                        copy = os.dup(fd)
                        for each in copy, fd:
                            try: os.close(each)
                            except OSError as e: print(errno.errorcode[e.errno])
                    """;
            for (String view : new String[] {"$H", "$A", "$B"}) {
                String command = "/usr/bin/python3 -c '" + write + "' " + view;
                assertEquals("EDQUOT\n".repeat(6), nodes.sh(small, command).output(), view + " as root");
                assertEquals(
                        "EDQUOT\n".repeat(6), nodes.shAsUser(small, command).output(), view + " as a user");
            }
        } finally {
            serves.getOutputStream().close();
            serves.waitFor();
        }
    }
}
