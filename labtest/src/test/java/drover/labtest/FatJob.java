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

/// A job whose memory takes long to arrive: it counts aloud, and looks at its memory when it is told to end.
final class FatJob implements AutoCloseable {
    /// Shared memory: it is in the image of its move, always.
    private static final String IN_THE_IMAGE = "mmap.mmap(-1, 320 << 20)";
    /// Its own memory: it follows.
    private static final String FOLLOWS = "mmap.mmap(-1, 128 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)";

    private static final String FAT = """
            import mmap, os, sys, time
            fat, mib = MEMORY, os.urandom(1 << 20) # which links cannot compress
            for _ in range(len(fat) >> 20): fat.write(mib)
            print('fat', flush=True)
            i = 0
            while not os.path.exists(sys.argv[1]): print(i, flush=True); i += 1; time.sleep(0.1)
            assert all(fat[at:at + (1 << 20)] == mib for at in range(0, len(fat), 1 << 20))
            raise SystemExit(3)
            """;
    private static final int SURELY_ALIVE = 3;

    final Command command;
    final long number;
    private final TestLab lab;
    private final String marker;
    private final String mayEnd;

    /// 320 MiB, all in its image. Has it when this returns.
    ///
    /// @param marker a word of its command line that no other process has
    FatJob(TestLab lab, String marker, String node) throws Exception {
        this(lab, marker, node, IN_THE_IMAGE);
    }

    /// 128 MiB that follow it.
    static FatJob whoseMemoryFollows(TestLab lab, String marker, String node) throws Exception {
        return new FatJob(lab, marker, node, FOLLOWS);
    }

    private FatJob(TestLab lab, String marker, String node, String memory) throws Exception {
        this.lab = lab;
        this.marker = marker;
        mayEnd = "/srv/may-end-" + marker;
        lab.sh("n1", "rm -f " + mayEnd);
        command = lab.startRun(node, "python3", "-c", FAT.replace("MEMORY", memory), mayEnd, marker);
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

    /// It looks for a file of home each time before it counts.
    void awaitCount() throws Exception {
        int seen = counted(command.seen()).size();
        TestLab.awaitTrue(
                "it counts on, or has ended",
                () -> !command.isRunning() || counted(command.seen()).size() >= seen + SURELY_ALIVE);
    }

    /// It counts on, and nothing of it is lost or doubled.
    ///
    /// @param node where it is
    /// @param moves how often it has moved
    void assertGoesOn(String node, int moves) throws Exception {
        awaitCount();
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
