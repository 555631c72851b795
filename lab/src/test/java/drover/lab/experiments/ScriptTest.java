package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.util.List;
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
    void droverGetsAllSubJobsBeforeAnyIsWaitedFor() {
        String script = Script.drover(List.of(job("a"), job("b")), List.of(new NodeId("n1"), new NodeId("n2")));
        List<String> lines = script.lines().toList();
        assertEquals(4, lines.size());
        assertTrue(lines.get(1).startsWith("drover run --detach --nodes n1,n2 -- sh -c "), script);
        assertTrue(lines.get(1).endsWith(" >b.job"), script);
        assertEquals(
                "read -r job <a.job; drover attach $job </dev/null >a.out 2>a.err; echo $? >a.status", lines.get(2));
    }

    @Test
    void theShellRunsThemOneAfterTheOther() {
        String script = Script.shell(List.of(job("a"), job("b")));
        assertEquals(2, script.lines().count());
        assertTrue(script.lines().noneMatch(line -> line.contains("&\n")), script);
    }
}
