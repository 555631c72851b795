package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The nodes hold nothing of a distribution; home is given a few programs and their libraries. Nothing but the home
/// file system can bring them to n2.
class BareRunLabTest extends RemoteRuns {
    private static final List<String> PROGRAMS =
            List.of("sh", "cat", "true", "sleep", "head", "sha256sum", "mkdir", "chmod", "rm");
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        lab = TestLab.up("bare", 3, "--root", "bare");
        Path home = lab.file("n1", "/");
        for (String program : PROGRAMS) {
            Path found = Path.of("/bin/" + program);
            Path real = (Files.exists(found) ? found : Path.of("/usr/bin/" + program)).toRealPath();
            copy(real, home.resolve("bin").resolve(program));
            for (String library : libraries(real))
                copy(Path.of(library).toRealPath(), home.resolve(library.substring(1)));
        }
        Files.createDirectories(home.resolve("srv"));
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    private static void copy(Path from, Path to) throws Exception {
        if (Files.exists(to)) return;
        Files.createDirectories(to.getParent());
        Files.copy(from, to);
    }

    private static Set<String> libraries(Path program) throws Exception {
        Set<String> paths = new TreeSet<>();
        for (String line : Command.run(List.of("ldd", program.toString()), Command.LIMIT)
                .orFail()
                .split("\n")) for (String word : line.strip().split("\\s+")) if (word.startsWith("/")) paths.add(word);
        return paths;
    }

    @Override
    TestLab lab() {
        return lab;
    }

    @Test
    void theNodeItselfHasNoShell() throws Exception {
        assertFalse(Files.exists(lab.file("n2", "/bin/sh")));
        assertEquals(127, lab.at("n2", "sh", "-c", "true").exitStatus());
    }
}
