package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Running commands on other nodes: what goes along, many at once, in the background, on a terminal, and walled in.
class RunLabTest extends RemoteRuns {
    private static final Duration MANY_LIMIT = Duration.ofMinutes(8);
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        lab = SharedLabs.take();
        lab.addUsers();
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @Override
    TestLab lab() {
        return lab;
    }

    @Test
    void fiveHundredJobsAtOnceAllEndAndAreSpread() throws Exception {
        String script = """
                mkdir /srv/many; cd /srv/many; i=0
                while [ $i -lt 500 ]; do
                    (drover run -- sh -c 'read up rest < /proc/uptime; echo $up' > $i.out 2> $i.err; echo $? > $i.status) &
                    i=$((i+1))
                done; wait
                cat *.status | sort | uniq -c; cat *.err | sort | uniq -c | head -5 >&2""";
        Outcome outcome = lab.at(MANY_LIMIT, "n1", "sh", "-c", script);
        assertEquals("500 0", outcome.orFail().replaceAll("\\s+", " "), outcome.errors());
        Map<String, Integer> nodes = new TreeMap<>();
        for (String uptime : lab.sh("n1", "cat /srv/many/*.out").split("\n"))
            nodes.merge(TestLab.nodeOf(uptime), 1, Integer::sum);
        assertEquals(500, nodes.values().stream().mapToInt(Integer::intValue).sum());
        for (String node : new String[] {"n1", "n2", "n3"})
            assertTrue(nodes.getOrDefault(node, 0) >= 50, "spread over the nodes: " + nodes);
    }

    private static final String SURROUNDINGS = """
            umask 027; ulimit -n 333; ulimit -c 0; cd "$1"
            export COLOUR='deep blue'
            nice -n 5 RUN sh -c 'pwd; umask; ulimit -n; nice; echo $COLOUR; id -u; id -g; id -G; echo $0' argument-zero""";

    private static String surroundings(String run) {
        return SURROUNDINGS.replace("RUN", run);
    }

    @Test
    void whatTheCallerHadGoesAlongForRoot() throws Exception {
        String here = lab.at("n1", "sh", "-c", surroundings(""), "sh", "/srv").orFail();
        String there = lab.at("n1", "sh", "-c", surroundings("drover run --node n2 --"), "sh", "/srv")
                .orFail();
        assertEquals(here, there);
    }

    @Test
    void whatTheCallerHadGoesAlongForAnOrdinaryUser() throws Exception {
        String here = lab.as("ann", "n1", "sh", "-c", surroundings(""), "sh", "/home/ann")
                .orFail();
        String there = lab.as("ann", "n1", "sh", "-c", surroundings("drover run --node n2 --"), "sh", "/home/ann")
                .orFail();
        assertEquals(here, there);
        assertTrue(there.contains("7002"), there);
    }

    @Test
    void aProgramSeesTheNameItWasCalledBy() throws Exception {
        String script = "exec -a other-name drover run --node n2 -- sh -c 'echo $0'";
        assertEquals("sh", lab.at("n1", "bash", "-c", script).orFail());
    }

    @Test
    void filesAreWrittenAndProtectedByTheCallersOwnIds() throws Exception {
        lab.sh("n1", "echo secret > /root/secret; chmod 600 /root/secret; chmod 711 /root");
        Outcome denied = lab.as("ann", "n1", TestLab.runWords("n2", "cat", "/root/secret"));
        assertEquals(1, denied.exitStatus(), denied.output());
        assertTrue(denied.errors().contains("Permission denied"), denied.errors());
        lab.as("ann", "n1", TestLab.runWords("n2", "touch", "/home/ann/mine")).orFail();
        assertEquals("7010:7010", lab.sh("n1", "stat -c %u:%g /home/ann/mine"));
    }

    @Test
    void aUserWhoMayNotRunIsToldSo() throws Exception {
        Outcome refused = lab.as("bob", "n1", TestLab.runWords("n2", "true"));
        assertEquals(125, refused.exitStatus());
        assertTrue(refused.errors().contains("bob") && refused.errors().contains("group"), refused.errors());
    }

    @Test
    void aDetachedJobIsListedShownFollowedAndKilled() throws Exception {
        String script = "echo first; while [ ! -e /srv/go-on ]; do sleep 0.1; done; echo second; exec sleep 5813";
        String job = lab.at("n1", "drover", "run", "--detach", "--node", "n2", "--", "sh", "-c", script)
                .orFail();
        TestLab.awaitTrue(
                "the log has the first line",
                () -> lab.at("n1", "drover", "logs", job).output().equals("first\n"));
        try (Command attached = lab.start("n1", "drover", "attach", job)) {
            lab.sh("n1", "touch /srv/go-on");
            lab.awaitGuest("n2", "5813");
            TestLab.awaitTrue("attach shows what comes", () -> attached.seen().equals("first\nsecond\n"));
            JsonNode shown = lab.json("n1", "drover", "show", job, "--json").path(0);
            assertEquals("n2", shown.path("node").asText());
            assertEquals("running", shown.path("state").asText());
            assertTrue(shown.path("detached").asBoolean());
            boolean listed = false;
            for (JsonNode each : lab.json("n1", "drover", "ps", "--json"))
                listed |= each.path("job").asText().equals(job);
            assertTrue(listed, "ps lists it");
            String why = lab.at("n1", "drover", "why", job).orFail();
            assertTrue(why.contains("n2"), why);
            lab.at("n1", "drover", "kill", job).orFail();
            assertEquals(128 + 15, attached.await(Command.LIMIT).exitStatus());
        }
        JsonNode ended = lab.json("n1", "drover", "show", job, "--json").path(0);
        assertEquals("exited", ended.path("state").asText());
        assertEquals(143, ended.path("exit_status").asInt());
        assertEquals("first\nsecond", lab.at("n1", "drover", "logs", job).orFail());
        TestLab.awaitTrue("its guest is gone", () -> lab.pids("n2", "5813").isEmpty());
    }

    @Test
    void aFrozenJobStandsStillUntilItIsToGoOn() throws Exception {
        try (Command job =
                lab.startRun("n2", "sh", "-c", "i=0; while [ $i -lt 100 ]; do echo $i; i=$((i+1)); sleep 0.05; done")) {
            TestLab.awaitTrue("it counts", () -> job.seen().contains("\n10\n"));
            String number = lab.lastJob().path("job").asText();
            Outcome others = lab.as("ann", "n1", "drover", "freeze", number);
            assertEquals(1, others.exitStatus());
            assertTrue(others.errors().contains("only root may freeze job"), others.errors());
            lab.at("n1", "drover", "freeze", number).orFail();
            TestLab.awaitTrue("its terminal says so", () -> job.seenErrors().contains("drover continue " + number));
            TestLab.awaitTrue("what was written before has come, and nothing more", () -> {
                String before = job.seen();
                Thread.sleep(500); // ten numbers
                return job.seen().equals(before);
            });
            assertFalse(job.seen().contains("\n99\n"), job.seen());
            assertTrue(lab.lastJob().path("frozen").asBoolean(), lab.lastJob().toString());
            Outcome table = lab.at("n1", "drover", "ps");
            assertTrue(table.orFail().contains(" frozen "), table.output());
            lab.at("n1", "drover", "continue", number).orFail();
            List<String> lines = job.await(Command.LIMIT).orFail().lines().toList();
            assertEquals(100, lines.size());
            assertEquals("99", lines.getLast());
        }
    }

    @Test
    void anotherUsersJobCannotBeKilled() throws Exception {
        String job = lab.at("n1", "drover", "run", "--detach", "--node", "n2", "--", "sleep", "6174")
                .orFail();
        lab.awaitGuest("n2", "6174");
        Outcome refused = lab.as("ann", "n1", "drover", "kill", job);
        assertEquals(1, refused.exitStatus());
        assertTrue(refused.errors().contains("only root"), refused.errors());
        lab.at("n1", "drover", "kill", "--signal", "KILL", job).orFail();
        TestLab.awaitTrue("its guest is gone", () -> lab.pids("n2", "6174").isEmpty());
    }

    /// Runs words on a terminal of its own, sends what is typed once a mark has been seen, prints all that came
    /// back, and ends as the words did.
    private static final String ON_A_TERMINAL = """
            import os, pty, signal, sys
            for each in signal.SIGINT, signal.SIGQUIT: signal.signal(each, signal.SIG_DFL) # whoever runs the tests may ignore them
            mark, typed, words = sys.argv[1].encode(), sys.argv[2].encode().decode('unicode_escape').encode(), sys.argv[3:]
            pid, fd = pty.fork()
            if pid == 0: os.execvp(words[0], words)
            got, sent = b'', False
            while True:
                try: more = os.read(fd, 4096)
                except OSError: break
                if not more: break
                got += more
                if mark in got and not sent: os.write(fd, typed); sent = True
            sys.stdout.buffer.write(got)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            sys.exit(status if status >= 0 else 128 - status)""";

    private static Outcome onTerminal(String mark, String typed, String script) throws Exception {
        return lab.at(
                "n1",
                "python3",
                "-c",
                ON_A_TERMINAL,
                mark,
                typed,
                "drover",
                "run",
                "--node",
                "n2",
                "--",
                "sh",
                "-c",
                script);
    }

    @Test
    void aTerminalIsATerminalThere() throws Exception {
        Outcome outcome =
                onTerminal("name?", "ann\\r", "test -t 0 -a -t 1 -a -t 2 && echo name?; read x; echo hello $x");
        assertTrue(outcome.orFail().contains("hello ann"), outcome.output());
    }

    @Test
    void aKeyOnTheTerminalInterruptsTheJob() throws Exception {
        Outcome outcome = onTerminal("ready", "\\x03", "echo ready; exec sleep 1000");
        assertEquals(128 + 2, outcome.exitStatus(), outcome.output() + outcome.errors());
        Outcome caught =
                onTerminal("ready", "\\x03", "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done");
        assertEquals(7, caught.exitStatus(), caught.output() + caught.errors());
    }

    @Test
    void aSignalToTheDeputyReachesTheJob() throws Exception {
        String script = "trap 'echo got it; exit 9' USR1; echo ready; while :; do sleep 0.1; done";
        try (Command command = lab.startRun("n2", "sh", "-c", script)) {
            TestLab.awaitTrue("the job is ready", () -> command.seen().contains("ready"));
            lab.sh("n1", "kill -USR1 $(pgrep -f '^drover run.*got it')");
            Outcome outcome = command.await(Command.LIMIT);
            assertEquals(9, outcome.exitStatus());
            assertTrue(outcome.output().contains("got it"), outcome.output());
        }
    }

    @Test
    void aGuestSeesNoProcessButItsOwn() throws Exception {
        String listed = lab.run("n2", "sh", "-c", "cd /proc; for p in [0-9]*; do cat $p/comm; done")
                .orFail();
        for (String name : listed.split("\n"))
            assertTrue(name.equals("sh") || name.equals("cat") || name.startsWith("drover-init"), listed);
    }

    @Test
    void aGuestReachesNothingOfItsNode() throws Exception {
        lab.sh("n2", "echo of n2 > /srv/only-on-n2; mkdir -p /run/of-n2");
        assertNotEquals(0, lab.run("n2", "cat", "/srv/only-on-n2").exitStatus());
        assertNotEquals(0, lab.run("n2", "ls", "/run/of-n2").exitStatus());
        assertNotEquals(0, lab.run("n2", "ls", "/proc/1/root/run/drover").exitStatus());
        for (String attempt : new String[] {
            "echo 1 > /proc/sys/kernel/hostname",
            "echo x > /proc/sys/kernel/core_pattern",
            "echo h > /proc/sysrq-trigger",
            "mknod /dev/shm/disk b 8 0 && cat /dev/shm/disk",
            "mount -t tmpfs none /mnt",
            "mount -o remount,rw /proc/sys",
            "nsenter -t 1 -m true",
            "chroot /proc/1/root /bin/true",
            "date -s 2001-01-01",
            "touch /sys/kernel/x",
        }) {
            Outcome outcome = lab.run("n2", "sh", "-c", attempt);
            assertNotEquals(0, outcome.exitStatus(), attempt + " succeeded");
            assertFalse(outcome.errors().contains("not found"), outcome.errors());
        }
    }

    @Test
    void aGuestHasHomesNetworkOrNoneButNotTheNodes() throws Exception {
        String[] devices = {"sh", "-c", "ls /sys/class/net"};
        assertEquals("home0\nlo", lab.run("n2", devices).orFail());
        assertEquals("lo", lab.runWithoutNetwork("n2", devices).orFail());
        assertEquals(
                "no\nno\nno", lab.runWithoutNetwork("n2", "python3", "-c", """
                import socket
                for address in ('n1', 7410), ('n2', 7410), ('n3', 7411):
                    try: socket.create_connection(address, 2); print('reached', address)
                    except OSError as e: print('no')""").orFail());
    }

    @Test
    void aGuestHasHomesNameAndTheNodesProcessors() throws Exception {
        assertEquals("n1", lab.run("n2", "hostname").orFail());
        assertEquals(lab.sh("n2", "nproc"), lab.run("n2", "nproc").orFail());
    }

    @Test
    void aJobThatLeavesADaemonBehindEndsAtOnceAndTheDaemonLivesOn() throws Exception {
        Outcome outcome = lab.run("n2", "sh", "-c", "sleep 2718 > /dev/null 2>&1 & echo done");
        assertEquals("done", outcome.orFail());
        lab.awaitGuest("n2", "2718");
        long job = lab.lastJob().path("job").asLong();
        assertEquals("lingering", lab.lastJob().path("state").asText());
        lab.at("n1", "drover", "kill", "-s", "KILL", Long.toString(job));
        lab.sh("n2", "pkill -KILL -x sleep");
        TestLab.awaitTrue("it is gone", () -> lab.pids("n2", "2718").isEmpty());
    }
}
