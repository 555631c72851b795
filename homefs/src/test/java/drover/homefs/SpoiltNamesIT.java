package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The kernel takes a file for deleted, and unmounts what is mounted on a directory, when looking up its name
/// again fails: whose fault that was, it does not ask. Needs root.
@Timeout(60) // what is waited for without a limit
class SpoiltNamesIT {
    private static final String LOOK =
            "import os\nf = os.open(os.environ['ROOT_A'] + '/file', os.O_RDONLY)\nprint('open', flush=True)\ninput()\n"
                    + "print(os.readlink('/proc/self/fd/%d' % f), flush=True)";

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        work = Files.createTempDirectory("drover-spoilt");
        Files.setPosixFilePermissions(work, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(work.resolve("file"), "there");
        nodes = new TwoNodes(work);
    }

    @AfterEach
    void unmount() throws IOException {
        nodes.close();
        TwoNodes.deleteAll(work);
    }

    /// What a guest sees of a file that it has open when another has looked its name up again.
    private String seenAfter(Runnable looksUp) throws Exception {
        Process guest = nodes.start(work, TwoNodes.asUser("/usr/bin/python3", "-c", LOOK));
        try (BufferedReader said = guest.inputReader(StandardCharsets.UTF_8)) {
            assertEquals("open", said.readLine(), () -> said.lines().toList().toString());
            // home takes the name back, so that it is asked for again
            Files.move(work.resolve("file"), work.resolve("moved"));
            Files.move(work.resolve("moved"), work.resolve("file"), StandardCopyOption.ATOMIC_MOVE);
            nodes.beginJob(0);
            nodes.shAsUser(work, "stat $ROOT_A"); // nothing else on the way is asked for
            looksUp.run();
            guest.outputWriter(StandardCharsets.UTF_8).append('\n').flush();
            return said.readLine();
        } finally {
            guest.destroyForcibly();
        }
    }

    private void looksUpInVain() {
        TwoNodes.Result result = nodes.sh(work, "until ! stat $ROOT_A/file; do :; done 2>&1");
        assertTrue(result.output().contains("file'"), result.output());
    }

    @Test
    void aGuestThatHasEndedSpoilsNoNameForOthers() throws Exception {
        String seen = seenAfter(() -> {
            nodes.allowed.remove(TwoNodes.ROOTS[0]);
            nodes.server.guestEnded(TwoNodes.ROOTS[0]);
            looksUpInVain();
        });
        assertEquals(nodes.sides.get(0).path.resolve("file").toString(), seen);
    }
}
