package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.homefs.server.FileServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A home on overlayfs(5), as in containers and labs. There a file gets another birth time when it is first
/// written to, and a directory another inode number when the kernel has dropped it from its memory: it still is
/// the same file. Needs root and /dev/fuse.
class OverlayHomeIT {
    private static Path disk;
    private static Path work;
    private static TwoNodes nodes;

    @BeforeAll
    static void mount() throws Exception {
        disk = Files.createTempDirectory("drover-overlay");
        work = Files.createDirectory(disk.resolve("work"));
        machine("set -e; mkdir lower changes; echo before > lower/file; echo before > lower/locked; mkdir lower/dir;"
                + " mount -t tmpfs none changes; mkdir changes/upper changes/work;"
                + " mount -t overlay none -o lowerdir=lower,upperdir=changes/upper,workdir=changes/work work");
        nodes = new TwoNodes();
    }

    private MachineCaches caches;

    @BeforeEach
    void alone() throws IOException {
        caches = MachineCaches.dropped();
    }

    @AfterEach
    void notAlone() throws IOException {
        caches.close();
    }

    @AfterAll
    static void unmount() throws Exception {
        if (nodes != null) nodes.close();
        machine("umount -l work; umount -l changes; cd /; rm -rf \"$OLDPWD\"");
    }

    private static void machine(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(disk.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    /// Node 1 knows the file since before it was copied up, node 2 since after.
    private static String oneWritesTheOtherLooks(String script) {
        TwoNodes.Result result =
                nodes.python(work, "import fcntl, os, time\na, b = os.environ['A'], os.environ['B']\n" + script);
        assertEquals(0, result.status(), result.output());
        return result.output();
    }

    @Test
    void whatIsWrittenToAFileThatWasCopiedUpIsSeenByTheOtherNode() {
        assertEquals("7 13 13\n", oneWritesTheOtherLooks("""
                f = open(a + '/file', 'a')
                f.fileno()
                time.sleep(0.2) # so that what is looked at now may be promised
                for i in range(20): before = os.stat(b + '/file').st_size
                f.write('after\\n')
                f.flush()
                print(before, os.stat(b + '/file').st_size, os.stat(a + '/file').st_size)
                """));
    }

    @Test
    void aLockOnAFileThatWasCopiedUpKeepsTheOtherNodeOut() {
        assertEquals("locked\n", oneWritesTheOtherLooks("""
                f = open(a + '/locked', 'a')
                fcntl.lockf(f, fcntl.LOCK_EX)
                g = open(b + '/locked', 'a')
                try:
                    fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    print('both have it')
                except BlockingIOError:
                    print('locked')
                """));
    }

    @Test
    void aDirectoryIsFoundAgainWhenTheKernelHasDroppedIt() throws Exception {
        Process inside = nodes.start(
                work,
                List.of(
                        "sh",
                        "-c",
                        "cd $A/dir && mkdir new && cd new && echo there;"
                                + " read go; mkdir more && rmdir more && cd .. && echo fine"));
        try (var said = inside.inputReader();
                var told = inside.outputWriter()) {
            assertEquals("there", said.readLine());
            // more than home keeps descriptors for
            TwoNodes.Result other = nodes.sh(
                    work,
                    "mkdir $H/many; cd $H/many; seq 5000 | xargs touch; ls -l $A/many | wc -l;"
                            + " ls -l $B/many > /dev/null; cd $A/many; seq 5000 | xargs stat -c '' > /dev/null; sync;"
                            + " echo 2 > /proc/sys/vm/drop_caches; echo 2 > /proc/sys/vm/drop_caches");
            assertEquals("5001\n", other.output());
            told.write("go\n");
            told.flush();
            assertEquals("fine", said.readLine());
        }
        assertEquals(true, inside.waitFor(10, TimeUnit.SECONDS));
    }

    /// A program whose mapped file is not found again dies of SIGBUS.
    @Test
    void aDirectoryIsFoundAgainByAHomeThatHasRestartedSince() throws Exception {
        machine("mkdir -p work/dir/home; head -c 100000 /dev/urandom > work/dir/home/mapped");
        Process inside = nodes.start(
                work,
                List.of(
                        "python3",
                        "-c",
                        "import mmap, os; a = os.environ['A'] + '/dir/home'; os.chdir(a); f = open('mapped', 'rb');"
                                + " m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); print('there', flush=True); input();"
                                + " print(len(os.listdir('.')), sum(m[:]) == sum(open('mapped', 'rb').read()))"));
        try (var said = inside.inputReader();
                var told = inside.outputWriter()) {
            assertEquals("there", said.readLine());
            nodes.sides.forEach(TwoNodes.Side::disconnect);
            nodes.server.close();
            machine("sync; echo 2 > /proc/sys/vm/drop_caches; echo 2 > /proc/sys/vm/drop_caches");
            nodes.startServer(Path.of("/"), FileServerConfig.bootNow() + 100);
            nodes.sides.forEach(TwoNodes.Side::connect);
            told.write("go\n");
            told.flush();
            assertEquals("1 True", said.readLine());
        }
        assertEquals(true, inside.waitFor(10, TimeUnit.SECONDS));
    }
}
