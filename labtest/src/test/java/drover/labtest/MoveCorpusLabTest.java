package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A sample of the corpus: of each kind of what a program can have one that has it, as an ordinary user, moved twice.
/// All of it is tried by its command, which has a lab of its own and knows what cannot move.
@Timeout(240) // the limit below, and the lab's going down
class MoveCorpusLabTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    /// Memory, processes, signals, timers, files with and without names, locks, pipes, sockets, terminals, kernel's
    /// objects; one that is refused, and one that loses something.
    private static final List<String> SAMPLE = List.of(
            "memory",
            "mappings",
            "threads",
            "sessions",
            "zombies",
            "signals",
            "timers",
            "timerfd",
            "file-offsets",
            "file-deleted",
            "mapping-deleted",
            "cwd-deleted",
            "program-deleted",
            "name-again",
            "lock-posix",
            "pipes",
            "tcp",
            "unix-named",
            "terminals",
            "shared-memory",
            "epoll",
            "inotify",
            "io-uring",
            "timer-slack");

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
                        "--only",
                        String.join(",", SAMPLE),
                        "--users",
                        "user",
                        "--at-a-time",
                        "4",
                        "--name",
                        "t-corpus-" + ProcessHandle.current().pid(),
                        "--markdown",
                        table.toString()),
                LIMIT);
        assertEquals(0, outcome.exitStatus(), "see " + table + ": " + Command.end(outcome.errors(), 12));
    }
}
