package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// What holds on every kind of node: a command on another node is as if it ran at home.
abstract class RemoteRuns {
    private static final Duration TRANSFER_LIMIT = Duration.ofMinutes(4);

    abstract TestLab lab();

    @Test
    void aCommandReallyRunsOnTheOtherNode() throws Exception {
        try (Command _ = lab().startRun("n2", "sleep", "4711")) {
            long guest = lab().awaitGuest("n2", "4711");
            assertTrue(Files.readSymbolicLink(java.nio.file.Path.of("/proc/" + guest + "/ns/pid"))
                    .toString()
                    .startsWith("pid:["));
            assertEquals(0, lab().pids("n3", "4711").size());
        }
        TestLab.awaitTrue("no guest is left", () -> lab().pids("n2", "4711").isEmpty());
    }

    @Test
    void filesOfHomeAreReadAndFilesWrittenAreAtHomeOnly() throws Exception {
        lab().sh("n1", "mkdir -p /srv/d; echo made at home > /srv/d/in");
        String script = "cat /srv/d/in; echo made on n2 > /srv/d/out; read up rest < /proc/uptime; echo $up";
        String[] lines = lab().run("n2", "sh", "-c", script).orFail().split("\n");
        assertEquals("made at home", lines[0]);
        assertEquals("n2", TestLab.nodeOf(lines[1]));
        assertEquals("made on n2", lab().sh("n1", "cat /srv/d/out"));
        assertFalse(Files.exists(lab().file("n2", "/srv/d")));
    }

    @Test
    void exitStatusesComeThrough() throws Exception {
        assertEquals(0, lab().run("n2", "true").exitStatus());
        assertEquals(3, lab().run("n2", "sh", "-c", "exit 3").exitStatus());
        Outcome unknown = lab().run("n2", "no-such-command");
        assertEquals(127, unknown.exitStatus());
        assertTrue(unknown.errors().contains("no-such-command"), unknown.errors());
        lab().sh("n1", "echo text > /srv/not-executable; chmod 644 /srv/not-executable");
        Outcome forbidden = lab().run("n2", "/srv/not-executable");
        assertEquals(126, forbidden.exitStatus());
        assertTrue(forbidden.errors().contains("/srv/not-executable"), forbidden.errors());
    }

    @Test
    void deathsBySignalComeThrough() throws Exception {
        for (int signal : new int[] {15, 9, 11, 1})
            assertEquals(
                    128 + signal,
                    lab().run("n2", "sh", "-c", "kill -" + signal + " $$").exitStatus());
    }

    @Test
    void aHundredMegabytesGoThroughStdinAndStdoutIntact() throws Exception {
        String script = "head -c 100000000 /dev/urandom > /tmp/in; sha256sum < /tmp/in;"
                + " drover run --node n2 -- cat < /tmp/in | sha256sum;"
                + " cat /tmp/in | drover run --node n2 -- cat | sha256sum; rm /tmp/in";
        String[] sums =
                lab().at(TRANSFER_LIMIT, "n1", "sh", "-c", script).orFail().split("\n");
        assertEquals(3, sums.length);
        assertEquals(sums[0], sums[1], "a file as stdin");
        assertEquals(sums[0], sums[2], "a pipe as stdin");
    }

    @Test
    void stdoutAndStderrStayApart() throws Exception {
        Outcome outcome = lab().run("n2", "sh", "-c", "echo out; echo err >&2");
        assertEquals("out\n", outcome.output());
        assertEquals("err\n", outcome.errors());
    }
}
