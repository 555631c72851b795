package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a lab promises, on real namespaces, with no cluster in it.
class LabIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final NodeId N1 = LabPlan.nodeId(1);
    private static final NodeId N2 = LabPlan.nodeId(2);
    private static final NodeId N3 = LabPlan.nodeId(3);

    private final String name = "it-" + ProcessHandle.current().pid();

    @BeforeEach
    void root() {
        Traces.assumeRoot();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        if (!Traces.isRoot()) return;
        LabSetup.takeDown(name);
        Traces.assertNone(name);
    }

    private Lab up(int nodes, NodeLimits limits, RootKind root) {
        LabPlan plan = new LabPlan(name, nodes, root, limits.withDisk(64 << 20));
        Lab lab = LabSetup.begin(plan, Installation.find());
        plan.nodeIds().forEach(lab::boot);
        LabSetup.finished(lab);
        return lab;
    }

    private Lab up(int nodes) {
        return up(nodes, NodeLimits.USUAL, RootKind.OVERLAY);
    }

    private static String sh(Lab lab, NodeId node, String script) {
        Programs.Outcome outcome = lab.at(node).run(LIMIT, "sh", "-c", script);
        assertEquals(0, outcome.exitStatus(), script + ": " + outcome.errors());
        return outcome.output().strip();
    }

    /// A refused connection is an answer; one to a node that is cut off gets none.
    private static boolean reaches(Lab lab, NodeId from, NodeId to) {
        String script = "exec 3<>/dev/tcp/" + lab.plan().addressOf(to) + "/9";
        return lab.at(from)
                .run(LIMIT, "timeout", "1", "bash", "-c", script)
                .errors()
                .contains("refused");
    }

    /// After a cut, a kernel asks for its neighbour again once a second only.
    private static void assertReachesSoon(Lab lab, NodeId from, NodeId to) {
        for (int i = 0; i < 10; i++) if (reaches(lab, from, to)) return;
        throw new AssertionError(from + " does not reach " + to);
    }

    @Test
    void aFileMadeOnOneNodeIsOnNoOtherAndNotOnTheMachine() {
        Lab lab = up(2);
        sh(lab, N1, "echo here > /srv/only-n1");
        assertEquals("here", sh(lab, N1, "cat /srv/only-n1"));
        assertEquals("none", sh(lab, N2, "cat /srv/only-n1 2>/dev/null || echo none"));
        assertFalse(Files.exists(Path.of("/srv/only-n1")));
    }

    @Test
    void eachNodeHasItsOwnNameProcessesAndClock() {
        Lab lab = up(2);
        assertEquals("n1", sh(lab, N1, "hostname"));
        assertEquals("1", sh(lab, N1, "cat /proc/1/status | sed -n 's/^NSpid:\\t//p'"));
        double first = Double.parseDouble(sh(lab, N1, "cut -d' ' -f1 /proc/uptime"));
        double second = Double.parseDouble(sh(lab, N2, "cut -d' ' -f1 /proc/uptime"));
        assertTrue(second - first > 900, "clocks differ by " + (second - first) + " s only");
    }

    @Test
    void nothingCanLeaveTheMachine() {
        Lab lab = up(2);
        assertEquals("eth0 lo", sh(lab, N1, "ls /sys/class/net | sort | xargs"));
        assertEquals("1", sh(lab, N1, "ip -4 route | wc -l"), "there are routes beyond the lab's own net");
        assertReachesSoon(lab, N1, N2);
    }

    @Test
    void anExitStatusAndADeathBySignalComeThrough() {
        Lab lab = up(1);
        assertEquals(3, lab.at(N1).run(LIMIT, "sh", "-c", "exit 3").exitStatus());
        assertEquals(127, lab.at(N1).run(LIMIT, "no-such-command").exitStatus());
        assertEquals(
                128 + 15, lab.at(N1).run(LIMIT, "sh", "-c", "kill -TERM $$").exitStatus());
    }

    @Test
    void stdinComesThroughWhole() {
        Lab lab = up(1);
        String text = "0123456789abcdef".repeat(100_000);
        Programs.Outcome outcome = Programs.attempt(lab.at(N1).command("cat"), text, LIMIT);
        assertEquals(text, outcome.output());
    }

    @Test
    void aSignalToExecReachesTheCommand() throws Exception {
        Lab lab = up(1);
        String script = "trap 'echo caught; exit 5' USR1; echo ready; while :; do sleep 0.05; done";
        Process process = new ProcessBuilder(lab.at(N1).command("sh", "-c", script)).start();
        try (var reader = process.inputReader()) {
            assertEquals("ready", reader.readLine());
            Programs.run(List.of("kill", "-USR1", Long.toString(process.pid())));
            assertEquals("caught", reader.readLine());
            assertTrue(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS));
            assertEquals(5, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void whoeverKillsExecKillsTheCommand() throws Exception {
        Lab lab = up(1);
        Process process = new ProcessBuilder(lab.at(N1).command("sh", "-c", "echo ready; exec sleep 1000")).start();
        try (var reader = process.inputReader()) {
            assertEquals("ready", reader.readLine());
            assertEquals(1, lab.groups().processes(lab.group(N1, "quota/home")).size());
            process.destroyForcibly().waitFor();
            awaitNone(lab, "quota/home");
        }
    }

    private static void awaitNone(Lab lab, String part) throws InterruptedException {
        for (int i = 0; i < 500 && !lab.groups().processes(lab.group(N1, part)).isEmpty(); i++) Thread.sleep(10);
        assertEquals(Set.of(), lab.groups().processes(lab.group(N1, part)));
    }

    @Test
    void aKilledNodeLosesEverythingButItsDisk() {
        Lab lab = up(2);
        sh(lab, N2, "echo kept > /srv/disk; echo lost > /run/memory; echo lost > /tmp/memory");
        lab.systemOf(N2).launch(List.of("sleep", "1000"));
        lab.kill(N2, false);
        assertEquals(NodeState.DOWN, lab.status(N2).state());
        assertEquals(Set.of(), lab.groups().processes(lab.group(N2, "")));
        assertFalse(reaches(lab, N1, N2));
        lab.boot(N2);
        assertEquals(NodeState.UP, lab.status(N2).state());
        assertEquals("kept", sh(lab, N2, "cat /srv/disk; cat /run/memory /tmp/memory 2>/dev/null || true"));
        assertReachesSoon(lab, N1, N2);
    }

    /// One that does not die first would tell others of a death, which no power failure does.
    @Test
    void noProcessOfAKilledNodeSeesAnotherDie() throws Exception {
        Lab lab = up(1);
        String script = """
                mkfifo /srv/pipe
                sleep 1000 > /srv/pipe &
                i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i + 1)); done
                { echo > /srv/watches; read _; echo > /srv/saw; } < /srv/pipe &
                wait
                """;
        lab.systemOf(N1).launch(List.of("sh", "-c", script));
        for (int i = 0;
                i < 500 && sh(lab, N1, "ls /srv/watches 2>/dev/null || true").isEmpty();
                i++) Thread.sleep(10);
        lab.kill(N1, false);
        lab.boot(N1);
        assertEquals("pipe watches", sh(lab, N1, "ls /srv | xargs"));
    }

    @Test
    void aNodeThatHangsCanBeKilled() {
        Lab lab = up(2);
        lab.systemOf(N2).launch(List.of("sleep", "1000"));
        lab.stop(N2);
        lab.kill(N2, true);
        assertEquals(NodeState.DOWN, lab.status(N2).state());
        lab.boot(N2);
        assertReachesSoon(lab, N1, N2);
    }

    @Test
    void aStoppedNodeStandsStillUntilItGoesOn() throws Exception {
        Lab lab = up(1);
        lab.systemOf(N1).launch(List.of("sh", "-c", "while :; do echo x >> /run/ticks; sleep 0.02; done"));
        Path ticks = lab.fileOf(N1, "/run/ticks");
        for (int i = 0; i < 500 && !Files.exists(ticks); i++) Thread.sleep(10);
        lab.stop(N1);
        assertEquals(NodeState.HUNG, lab.status(N1).state());
        long size = Files.size(ticks);
        Thread.sleep(300);
        assertEquals(size, Files.size(ticks));
        Programs.Outcome refused = lab.at(N1).run(LIMIT, "true");
        assertTrue(refused.exitStatus() == 125 && refused.errors().contains("drover lab cont n1"), refused.errors());
        lab.goOn(N1);
        for (int i = 0; i < 500 && Files.size(ticks) == size; i++) Thread.sleep(10);
        assertTrue(Files.size(ticks) > size);
    }

    @Test
    void nodesCutOffTogetherSeeEachOtherOnly() {
        Lab lab = up(3);
        lab.partition(List.of(N2, N3));
        assertTrue(lab.status(N2).cutOff());
        assertFalse(reaches(lab, N1, N2));
        assertFalse(reaches(lab, N3, N1));
        assertReachesSoon(lab, N2, N3);
        lab.heal(N2);
        lab.heal(N3);
        assertReachesSoon(lab, N1, N2);
        assertReachesSoon(lab, N3, N1);
    }

    @Test
    void aNodeThatIsCutOffStaysSoWhenItIsBootedAgain() {
        Lab lab = up(2);
        lab.partition(List.of(N2));
        lab.kill(N2, false);
        lab.boot(N2);
        assertFalse(reaches(lab, N1, N2));
        lab.heal(N2);
        assertReachesSoon(lab, N1, N2);
    }

    @Test
    void labsOfDifferentNamesDoNotDisturbEachOther() throws Exception {
        Lab lab = up(2);
        String other = name + "-b";
        LabPlan plan = new LabPlan(other, 1, RootKind.OVERLAY, NodeLimits.USUAL.withDisk(64 << 20));
        try {
            Lab second = LabSetup.begin(plan, Installation.find());
            second.boot(N1);
            assertNotEquals(lab.status(N1).pid(), second.status(N1).pid());
        } finally {
            LabSetup.takeDown(other);
        }
        Traces.assertNone(other);
        assertReachesSoon(lab, N1, N2);
    }

    @Test
    void theQuotaHoldsTheWorkAndSparesTheSystem() {
        Lab lab = up(1, NodeLimits.USUAL.withCpu(CpuShares.each(0.1)), RootKind.OVERLAY);
        String spin = "end=$(($(date +%s%N) + 1000000000)); while [ $(date +%s%N) -lt $end ]; do :; done";
        long before = System.nanoTime();
        sh(lab, N1, spin);
        double seconds = (System.nanoTime() - before) / 1e9;
        double used = lab.groups().cpuTime(lab.group(N1, "quota")).toNanos() / 1e9;
        assertTrue(used < 0.15 * seconds, used + " CPU seconds in " + seconds);
        assertEquals(0, lab.systemOf(N1).run(LIMIT, "true").exitStatus());
        assertTrue(lab.groups().cpuTime(lab.group(N1, "system")).toNanos() > 0);
    }

    @Test
    void theWorkOfANodeGetsNoMoreMemoryThanTheNodeHas() {
        Lab lab = up(1, NodeLimits.USUAL.withMemory(64 << 20), RootKind.OVERLAY);
        String take = "python3 -c 'import sys; print(len(b\"x\" * (int(sys.argv[1]) << 20)))' ";
        assertEquals(Integer.toString(16 << 20), sh(lab, N1, take + 16));
        Programs.Outcome outcome = lab.at(N1).run(LIMIT, "sh", "-c", take + 200 + "; exit $?");
        assertEquals(128 + 9, outcome.exitStatus(), outcome.output() + outcome.errors());
    }

    @Test
    void aBareNodeHoldsNothingOfADistribution() {
        Lab lab = up(1, NodeLimits.USUAL, RootKind.BARE);
        assertEquals(127, lab.at(N1).run(LIMIT, "sh", "-c", "true").exitStatus());
        assertFalse(Files.exists(lab.fileOf(N1, "/usr/bin")));
        String java = lab.installation().jdk().resolve("bin/java").toString();
        assertEquals(0, lab.at(N1).run(LIMIT, java, "-version").exitStatus());
    }

    @Test
    void aNodesDiskIsLimited() {
        Lab lab = up(1);
        Programs.Outcome outcome = lab.at(N1).run(LIMIT, "sh", "-c", "head -c 100000000 /dev/zero > /srv/big");
        assertTrue(outcome.errors().contains("No space left"), outcome.errors());
    }

    @Test
    void aSecondLabOfTheSameNameIsRefusedAndTheFirstGoesOn() {
        Lab lab = up(1);
        LabException failure = assertThrows(LabException.class, () -> up(1));
        assertTrue(failure.getMessage().contains("drover lab down --name " + name), failure.getMessage());
        assertEquals(NodeState.UP, lab.status(N1).state());
    }

    @Test
    void downIsRepeatableAndKnowsWhenThereWasNothing() {
        up(2);
        assertTrue(LabSetup.takeDown(name));
        assertFalse(LabSetup.takeDown(name));
    }

    private Process startUp() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "drover.lab.Main",
                        "lab",
                        "up",
                        "--name",
                        name,
                        "--nodes",
                        "12",
                        "--boot-command",
                        "sleep 1000")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static void awaitFile(Path file, Process maker) throws InterruptedException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!Files.exists(file) && maker.isAlive() && System.nanoTime() - deadline < 0) Thread.sleep(1);
        assertTrue(Files.exists(file), "`up` never came to make " + file);
    }

    @Test
    void downLeavesNothingAlsoWhenUpWasKilledHalfWay() throws Exception {
        LabDirectory directory = LabDirectory.of(name);
        for (Path reached : List.of(
                directory.creator(),
                directory.switchGroups(),
                directory.switchProcess(),
                directory.node(N1),
                directory.init(N1),
                directory.init(N3),
                directory.node(LabPlan.nodeId(12)))) {
            Process up = startUp();
            awaitFile(reached, up);
            up.destroyForcibly().waitFor();
            LabSetup.takeDown(name);
            Traces.assertNone(name);
        }
    }

    @Test
    void anInterruptedUpTakesDownWhatItHadBegun() throws Exception {
        Process up = startUp();
        awaitFile(LabDirectory.of(name).init(N2), up);
        up.destroy();
        assertTrue(up.waitFor(60, TimeUnit.SECONDS), "`up` did not end");
        Traces.assertNone(name);
    }
}
