package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The corpus: for each feature a program that has it and is moved twice, as root and as a user. Its command has a lab
/// of its own, and knows what cannot move.
@Timeout(400)
class MoveCorpusLabTest {
    private static final Duration LIMIT = Duration.ofMinutes(6);

    @Test
    void whatProgramsHaveTheyHaveAfterTwoMovesOrItIsKnownWhyNot() throws Exception {
        TestLab.needRoot();
        TestLab.needCriu();
        Path table = Path.of("target/corpus.md").toAbsolutePath();
        Files.createDirectories(table.getParent());
        Outcome outcome = Command.run(
                List.of(
                        "env",
                        "DROVER=" + TestLab.drover(),
                        "../bench/corpus",
                        "--name",
                        "t-corpus-" + ProcessHandle.current().pid(),
                        "--markdown",
                        table.toString()),
                LIMIT);
        assertEquals(0, outcome.exitStatus(), "see " + table + ": " + Command.end(outcome.errors(), 12));
    }
}
