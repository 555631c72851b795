package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A node that walks through more files than home has memory for gives back those that nobody uses. Needs root and
/// /dev/fuse.
class PruningIT {
    private static final int FILES = 12_000;
    /// The least share of a node.
    private static final int KEPT = 4_096;

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes(Path.of("/"), 2 * KEPT);
        work = Files.createTempDirectory("drover-pruning");
        for (int d = 0; d < 12; d++) Files.createDirectories(work.resolve("tree/d" + d));
        for (int i = 0; i < FILES; i++) Files.createFile(work.resolve("tree/d" + i % 12 + "/f" + i));
    }

    @AfterEach
    void unmount() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    /// Who works in a directory, runs a program, and holds files open, while others walk.
    private static final String USER = """
            import os, subprocess, sys
            a = os.environ["A"]
            os.chdir(a + "/tree/d3")
            held = [open("f%d" % i) for i in range(3, 2403, 12)]
            writing = open(a + "/note", "w")
            walked = 0
            for _ in range(2):
                for path, _, names in os.walk(a + "/tree"):
                    for name in names:
                        os.lstat(path + "/" + name)
                        walked += 1
            writing.write("note")
            writing.close()
            for one in held:
                if one.read() != "" or "deleted" in os.readlink("/proc/self/fd/%d" % one.fileno()):
                    sys.exit("what is open is lost: " + os.readlink("/proc/self/fd/%d" % one.fileno()))
            print(walked, os.getcwd() == a + "/tree/d3", len(os.listdir(".")), os.path.exists("f3"))
            """;

    private void walk() throws Exception {
        assertEquals(
                2 * FILES + " True " + FILES / 12 + " True\n",
                nodes.python(work, USER).output());
        assertEquals("note", Files.readString(work.resolve("note")));
        TwoNodes.Side side = nodes.sides.get(0);
        for (int i = 0; i < 500 && (side.mount.nodes() > KEPT || nodes.server.inodesOf(side.node) > KEPT); i++)
            Thread.sleep(20);
        assertTrue(side.mount.nodes() <= KEPT, side.mount.nodes() + " are known here");
        assertTrue(nodes.server.inodesOf(side.node) <= KEPT, nodes.server.inodesOf(side.node) + " are known at home");
    }

    @Test
    void whatNobodyUsesIsForgotten() throws Exception {
        walk();
    }

    @Test
    void olderKernelsForgetByName() throws Exception {
        nodes.sides.get(0).mount.pruneByName();
        walk();
    }
}
