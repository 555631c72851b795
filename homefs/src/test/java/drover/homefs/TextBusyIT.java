package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A program that runs on one node is not written on another, and what is open for writing on one is not run on
/// another (ETXTBSY). Needs root and /dev/fuse.
class TextBusyIT {
    /// Until home promises that it may be opened without asking.
    private static final String WARM = "for i in 1 2 3 4 5 6; do $A/p 0; $B/p 0; sleep 0.1; done; ";
    private static final String WRITE =
            " if (: >> $B/p) 2> $H/said; then echo written; else grep -o 'Text file busy' $H/said; fi;"
                    + " if (: > $B/p) 2> $H/said; then echo emptied; else grep -o 'Text file busy' $H/said; fi;"
                    + " truncate -s 5 $B/p 2> $H/said && echo cut || grep -o 'Text file busy' $H/said; ";

    private TwoNodes nodes;
    private Path work;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        work = Files.createTempDirectory("drover-busy");
        nodes.sh(work, "chmod 755 $H; cp /bin/sleep $H/p");
    }

    @AfterEach
    void unmount() {
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    private String bash(String script) {
        return nodes.run(work, List.of("bash", "-c", script)).output();
    }

    @Test
    void aProgramThatRunsIsNotWrittenOnAnotherNode() {
        for (String before : List.of("", WARM)) {
            String output = bash(
                    before + "$A/p 20 & pid=$!; until [ \"$(readlink /proc/$pid/exe)\" = $A/p ]; do sleep 0.01; done;"
                            + WRITE + "cmp $H/p /bin/sleep && kill $pid; wait $pid; : >> $B/p && echo written");
            assertEquals(
                    "Text file busy\nText file busy\nText file busy\nwritten\n",
                    output,
                    before.isEmpty() ? "new" : "run before");
        }
    }

    @Test
    void whatIsOpenForWritingIsNotRunOnAnotherNode() {
        for (String before : List.of("", WARM)) {
            String output = bash(
                    before + "exec 5>> $A/p; ($B/p 0 && echo ran) 2>&1 | grep -o 'Text file busy\\|ran'; exec 5>&-;"
                            + "$B/p 0 && echo ran");
            assertEquals("Text file busy\nran\n", output, before.isEmpty() ? "new" : "run before");
        }
    }

    /// A close is told of when it is over, and so is the end of a program.
    @Test
    void whatWasClosedBeforeIsRunAndWrittenAtOnce() {
        String output = bash(
                "for i in $(seq 100); do cat /bin/sleep > $A/p; $B/p 0 || echo not run; $A/p 0 || echo not run here;"
                        + " cat /bin/sleep > $B/p || echo not written; $A/p 0 || echo not run there; done 2>&1");
        assertEquals("", output);
    }

    @Test
    void anotherProgramMayBePutInItsPlace() {
        String output =
                bash(WARM + "$A/p 20 & pid=$!; cp /bin/sleep $B/q; mv $B/q $B/p && echo moved; rm $B/p && echo removed;"
                        + " kill $pid; wait $pid; cat /bin/sleep > $B/p; chmod 755 $B/p; $A/p 0 && echo ran");
        assertEquals("moved\nremoved\nran\n", output);
    }
}
