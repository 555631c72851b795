package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScriptTest {
    private static SubJob job(String name) {
        return new SubJob(name, name + ".txt", List.of("sh", "-c", "echo it's > " + name), List.of("echo", "it's"));
    }

    @Test
    void wordsSurviveTheShell() {
        assertEquals("echo 'it'\\''s' ''", Script.quote(List.of("echo", "it's", "")));
        assertEquals("povray +W32 /a/b.pov", Script.quote(List.of("povray", "+W32", "/a/b.pov")));
    }

    @Test
    void droverGetsAllSubJobsAtOnceAndOnlyTheNodesOfTheRun() {
        String script = Script.drover(List.of(job("a"), job("b")), List.of(new NodeId("n1"), new NodeId("n2")));
        assertTrue(script.startsWith("{ drover run --nodes n1,n2 -- sh -c "), script);
        assertTrue(script.contains("</dev/null >a.out 2>a.err; echo $? >a.status; } &\n"), script);
        assertTrue(script.endsWith("\nwait\n"), script);
    }

    @Test
    void neverMoreAreOutstandingThanHomeHasMemoryFor() {
        List<SubJob> many = IntStream.range(0, Script.MOST_OUTSTANDING * 2 + 1)
                .mapToObj(i -> job("j" + i))
                .toList();
        String script = Script.drover(many, List.of(new NodeId("n1")));
        assertEquals(3, script.lines().filter("wait"::equals).count());
    }

    @Test
    void theShellRunsThemOneAfterTheOther() {
        String script = Script.shell(List.of(job("a"), job("b")));
        assertEquals(2, script.lines().count());
        assertTrue(script.lines().noneMatch(line -> line.contains("&\n")), script);
    }
}
