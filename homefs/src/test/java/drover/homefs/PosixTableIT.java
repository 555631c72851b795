package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every fact of `posix.py`, over two mounts of one home, as root and as an ordinary user. Needs root and
/// /dev/fuse.
class PosixTableIT {
    /// Facts that the script is known to have: fewer means that it stopped.
    private static final int FACTS = 41;

    private static TwoNodes nodes;
    /// A file system of 1 MiB at home.
    private static Path small;

    @BeforeAll
    static void mount() throws Exception {
        small = Files.createTempDirectory("drover-small");
        machine("mount -t tmpfs -o size=1m,mode=777 none " + small);
        nodes = new TwoNodes();
    }

    @AfterAll
    static void unmount() throws Exception {
        if (nodes != null) nodes.close();
        machine("umount -l " + small + "; rmdir " + small);
    }

    @TestFactory
    List<DynamicTest> asRoot() throws IOException {
        return facts(false);
    }

    @TestFactory
    List<DynamicTest> asAUser() throws IOException {
        return facts(true);
    }

    private static void machine(String script) throws IOException, InterruptedException {
        assertEquals(
                0, new ProcessBuilder("sh", "-c", script).inheritIO().start().waitFor());
    }

    private static List<DynamicTest> facts(boolean user) throws IOException {
        Path work = Files.createTempDirectory("drover-posix");
        try {
            Path script = work.resolve("posix.py");
            try (var source = PosixTableIT.class.getResourceAsStream("posix.py")) {
                Files.copy(source, script);
            }
            Path area = Files.createDirectory(work.resolve("area"));
            String prepare =
                    "chmod 755 " + work + "; cd " + area + "; echo secret > roots-secret; chmod 600 roots-secret;"
                            + "mkdir -m 700 roots-directory; echo x > roots-directory/inside;"
                            + "printf 'for group 2002' > groups-file; chgrp 2002 groups-file; chmod 640 groups-file;"
                            + "mkdir -m 1777 sticky-prepared; echo x > sticky-prepared/roots;"
                            + "chown 1000:1000 " + area;
            assertEquals(0, nodes.run(area, List.of("sh", "-c", prepare)).status());
            String run = "exec /usr/bin/python3 " + script + " $A $B $H " + small;
            TwoNodes.Result result = user ? nodes.shAsUser(area, run) : nodes.sh(area, run);
            List<DynamicTest> tests = new ArrayList<>();
            for (String line : result.output().lines().toList()) {
                if (line.startsWith("ok ")) tests.add(dynamicTest(line.substring(3), () -> {}));
                else if (line.startsWith("FAIL ")) tests.add(dynamicTest(line.substring(5), () -> fail(line)));
            }
            int found = tests.size();
            tests.add(dynamicTest("all facts were tried", () -> {
                assertEquals(0, result.status(), result.output());
                assertEquals(FACTS, found, result.output());
            }));
            return tests;
        } finally {
            nodes.run(work, List.of("rm", "-rf", work.toString()));
        }
    }
}
