package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a node has itself below /usr is not sent, and what differs is home's. Home's root here is a directory
/// with a /usr of its own; the nodes' /usr is this machine's. Needs root and /dev/fuse.
class HashedReadsIT {
    /// Some MiB, on every machine that can run this test.
    private static final Path PROGRAM = Path.of("/usr/bin/python3").toAbsolutePath();

    private TwoNodes nodes;
    private Path root;
    private Path own;

    private MachineCaches caches;

    @BeforeEach
    void mount() throws IOException {
        caches = MachineCaches.dropped();
        own = PROGRAM.toRealPath();
        root = Files.createTempDirectory("drover-same");
        nodes = new TwoNodes(root);
        Path copy = root.resolve(Path.of("/").relativize(own));
        nodes.run(root, List.of("chmod", "755", root.toString()));
        nodes.run(root, List.of("mkdir", "-p", copy.getParent().toString()));
        nodes.run(root, List.of("cp", "--preserve=mode", own.toString(), copy.toString()));
    }

    @AfterEach
    void unmount() throws IOException {
        nodes.close();
        TwoNodes.deleteAll(root);
        caches.close();
    }

    private long sent() {
        return nodes.sides.get(0).mount.counters().bytesRead();
    }

    private long recalled() {
        return nodes.sides.get(0).mount.counters().recalled();
    }

    private long hashed() {
        return nodes.sides.get(0).mount.counters().bytesHashed();
    }

    private String sum(String where) {
        TwoNodes.Result result = nodes.sh(root, "sha1sum < " + where + own);
        assertEquals(0, result.status(), result.output());
        return result.output();
    }

    @Test
    void aFileThatTheNodeHasIsNotSent() throws IOException {
        assertEquals(sum("$H"), sum("$ROOT_A"));
        assertTrue(hashed() >= Files.size(own), hashed() + " bytes were found here");
        assertEquals(0, sent(), "bytes sent by home");
    }

    @Test
    void aFileOfTheSameNameAndSizeIsHomesWhereItDiffers() throws IOException {
        long last = Files.size(own) - 1;
        nodes.sh(root, "printf x | dd of=$H" + own + " bs=1 seek=" + last + " conv=notrunc");
        assertEquals(sum("$H"), sum("$ROOT_A"));
        assertTrue(sent() > 0, "home sent the block that differs");
        nodes.sh(root, "printf yyyy | dd of=$H" + own + " bs=1 seek=1000 conv=notrunc");
        assertEquals(sum("$H"), sum("$ROOT_B"));
    }

    @Test
    void whatIsWrittenThroughAnotherNodeIsReadAtOnce() {
        sum("$ROOT_A");
        for (int i = 0; i < 5; i++) {
            TwoNodes.Result written =
                    nodes.sh(root, "printf " + i + "abc | dd of=$ROOT_B" + own + " bs=1 seek=300000 conv=notrunc");
            assertEquals(0, written.status(), written.output());
            assertEquals(sum("$H"), sum("$ROOT_A"), "after write " + i);
        }
    }

    @Test
    void aReaderThatHasItOpenReadsWhatWasWrittenSince() {
        TwoNodes.Result result = nodes.run(
                root,
                List.of(
                        "bash",
                        "-c",
                        "exec 5< $ROOT_A" + own + "; head -c 200000 <&5 > /dev/null; printf new | dd of=$ROOT_B" + own
                                + " bs=1 seek=100 conv=notrunc status=none; dd bs=1 skip=100 count=3 status=none < /proc/self/fd/5"));
        assertEquals("new", result.output());
    }

    @Test
    void aProgramThatTheNodeDoesNotHaveIsSentOnceAndKept() {
        nodes.sh(root, "mkdir $H/opt; head -c 1000001 /dev/urandom > $H/opt/program; chmod 755 $H/opt/program");
        String compare = "cmp $H/opt/program $ROOT_A/opt/program && echo same; echo 3 > /proc/sys/vm/drop_caches";
        // until home watches the new directory, and has heard of what was done to it, it promises nothing
        long once;
        for (int i = 0; ; i++) {
            assertTrue(i < 50, "it is sent each time: home promises nothing, or it is not kept");
            once = sent();
            long before = recalled();
            assertEquals("same\n", nodes.sh(root, compare).output());
            // what is taken back while it is read is read again
            assertTrue(sent() - once <= 1_000_001 || recalled() > before, "each byte is sent once at most");
            if (sent() == once) break;
        }
        assertTrue(once > 0, "it was sent");
        nodes.sh(root, "printf x | dd of=$H/opt/program bs=1 seek=200000 conv=notrunc");
        assertEquals("same\n", nodes.sh(root, compare).output());
    }

    @Test
    void aReaderCanBeKilledWhileHomeIsSilent() throws Exception {
        nodes.sh(root, "head -c 1000 $ROOT_A" + own + "; head -c 1000 $ROOT_A" + own);
        TwoNodes.Side side = nodes.sides.get(0);
        side.disconnect();
        Process reader = nodes.start(root, List.of("dd", "if=" + side.path + own, "bs=4k", "skip=900", "count=1"));
        for (int i = 0; side.mount.callsWaiting() == 0; i++) {
            assertTrue(i < 500, "the reader does not ask");
            Thread.sleep(20);
        }
        reader.destroyForcibly();
        assertTrue(reader.waitFor(20, TimeUnit.SECONDS), "the reader died");
        side.connect();
        assertEquals(sum("$H"), sum("$ROOT_A"));
    }

    @Test
    void aPrivateProgramIsNotKept() {
        nodes.sh(root, "mkdir $H/opt; head -c 300000 /dev/urandom > $H/opt/program; chmod 750 $H/opt/program");
        nodes.sh(root, "cmp $H/opt/program $ROOT_A/opt/program");
        assertEquals(0, nodes.sides.get(0).store.size());
    }

    @Test
    void aFileOfTheNodeThatIsNotRootsOrNotEverybodysIsLeftAlone() {
        for (String spoil : List.of("chown 1000", "chmod 640")) {
            String file = "/usr/local/drover-same-content-test";
            nodes.sh(
                    root,
                    "head -c 300000 /dev/urandom > " + file + "; mkdir -p $H/usr/local; cp " + file + " $H" + file
                            + "; chmod 644 $H" + file + "; " + spoil + " " + file);
            long before = sent();
            TwoNodes.Result compared =
                    nodes.sh(root, "cmp $ROOT_A" + file + " " + file + "; rm $H" + file + " " + file);
            assertEquals("", compared.output());
            assertEquals(before + 300_000, sent(), "bytes sent by home after " + spoil);
        }
    }
}
