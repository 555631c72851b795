package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A job whose image takes long to arrive: it holds 320 MiB, counts aloud, and looks at its memory when it is
/// told to end.
final class FatJob implements AutoCloseable {
    private static final String FAT = """
            import os, sys, time
            fat = bytearray(b'0123456789abcdef' * (20 << 20))
            print('fat', flush=True)
            i = 0
            while not os.path.exists(sys.argv[1]): print(i, flush=True); i += 1; time.sleep(0.1)
            assert fat[-16:] == b'0123456789abcdef'
            raise SystemExit(3)
            """;
    private static final int SURELY_ALIVE = 3;

    final Command command;
    final long number;
    private final TestLab lab;
    private final String marker;
    private final String mayEnd;

    /// Has its memory when this returns.
    ///
    /// @param marker a word of its command line that no other process has
    FatJob(TestLab lab, String marker, String node) throws Exception {
        this.lab = lab;
        this.marker = marker;
        mayEnd = "/srv/may-end-" + marker;
        lab.sh("n1", "rm -f " + mayEnd);
        command = lab.startRun(node, "python3", "-c", FAT, mayEnd, marker);
        TestLab.awaitTrue("it has its memory", () -> command.seen().startsWith("fat\n0\n"));
        TestLab.awaitTrue("it runs", () -> lab.lastJob().path("state").asText().equals("running"));
        number = lab.lastJob().path("job").asLong();
    }

    Command migrate(String node) throws Exception {
        return lab.start("n1", "drover", "migrate", Long.toString(number), node);
    }

    private JsonNode shown() throws Exception {
        return lab.shown(number);
    }

    private static List<String> counted(String output) {
        return output.lines().skip(1).toList();
    }

    /// It counts on, and nothing of it is lost or doubled.
    ///
    /// @param node where it is
    /// @param moves how often it has moved
    void assertGoesOn(String node, int moves) throws Exception {
        int seen = counted(command.seen()).size();
        TestLab.awaitTrue(
                "it counts on, or has ended",
                () -> !command.isRunning() || counted(command.seen()).size() >= seen + SURELY_ALIVE);
        assertItsTimeIsLimited(lab.awaitGuest(node, marker));
        lab.sh("n1", "touch " + mayEnd);
        Outcome outcome = command.await(Command.LIMIT);
        String all = "exit status " + outcome.exitStatus() + ", stderr '" + outcome.errors() + "', " + shown()
                + lab.lastWords();
        assertEquals(3, outcome.exitStatus(), all);
        assertWhole(outcome);
        assertEquals(moves, shown().path("moves").asInt(), all);
        assertEquals(node, shown().path("node").asText(), all);
    }

    /// A guest that moves is taken out of the group that limits its processor time, and has to be in it again.
    private static void assertItsTimeIsLimited(long pid) throws IOException {
        List<String> groups = Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"));
        List<String> limiting = groups.stream()
                .filter(line -> List.of(line.split(":")[1].split(",")).contains("cpu"))
                .toList();
        if (limiting.isEmpty()) limiting = groups; // v2: one group for all
        assertTrue(limiting.stream().anyMatch(line -> line.contains("/guests/")), groups.toString());
    }

    /// As far as it came, it has counted right.
    void assertWhole(Outcome outcome) {
        int lines = counted(outcome.output()).size();
        String right =
                "fat\n" + IntStream.range(0, lines).mapToObj(i -> i + "\n").collect(Collectors.joining());
        assertTrue(right.startsWith(outcome.output()), outcome.output());
    }

    @Override
    public void close() throws Exception {
        command.close();
    }
}
