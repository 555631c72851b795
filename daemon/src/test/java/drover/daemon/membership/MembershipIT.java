package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Several members, each a process, with mutual TLS on loopback addresses. The limits are those that are promised.
class MembershipIT {
    private static final Duration START = Duration.ofMinutes(2); // JVMs starting on a busy machine

    @TempDir
    Path dir;

    @Test
    void membersThatKnowOneSeedFindEachOtherAndHearEachOther() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 81, 4, 1)) {
            group.startAll();
            group.awaitAllSee(4, START);
            GroupOfProcesses.Node last = group.nodes.getLast();
            last.command("say hello");
            for (GroupOfProcesses.Node node : group.nodes.subList(0, 3))
                group.await(
                        node.name + " hears n4",
                        Duration.ofSeconds(10),
                        () -> node.lines.stream().anyMatch(line -> line.endsWith("heard n4 hello")));
            assertFalse(last.lines.stream().anyMatch(line -> line.contains("heard n4")), "not even itself");
            group.await(
                    "n2 is in the file of n4",
                    Duration.ofSeconds(10),
                    () -> last.knownPeers().contains("n2=127.0.81.2:7412 data=127.0.81.2:7410"));
        }
    }

    @Test
    void aKilledMemberIsKnownWithinThreeSecondsAndComesBack() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 82, 4, 2)) {
            group.startAll();
            group.awaitAllSee(4, START);
            GroupOfProcesses.Node victim = group.nodes.getFirst(); // mostly the coordinator: the harder case
            victim.signal("KILL");
            for (GroupOfProcesses.Node node : group.nodes.subList(1, 4))
                group.await(
                        node.name + " sees n1 down", Duration.ofSeconds(3), () -> node.sees("n1", MemberState.DOWN));
            victim.start();
            group.awaitAllSee(4, START);
        }
    }

    @Test
    void aHungMemberIsKnownWithinTenSecondsAndMergesBack() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 83, 4, 2)) {
            group.startAll();
            group.awaitAllSee(4, START);
            GroupOfProcesses.Node victim = group.nodes.getLast();
            victim.signal("STOP");
            long start = System.nanoTime();
            for (GroupOfProcesses.Node node : group.nodes.subList(0, 3))
                group.await(
                        node.name + " sees n4 hung",
                        Duration.ofSeconds(10).minusNanos(System.nanoTime() - start),
                        () -> node.sees("n4", MemberState.HUNG));
            assertTrue(Files.readString(group.nodes.getFirst().peers()).contains("n4="), "a hung peer stays known");
            victim.signal("CONT");
            group.awaitAllSee(4, Duration.ofSeconds(30));
            assertTrue(victim.process.isAlive(), "nobody shuts itself down");
        }
    }

    @Test
    void aMinorityGoesOnAlone() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 84, 3, 1)) {
            group.startAll();
            group.awaitAllSee(3, START);
            group.nodes.get(0).signal("KILL");
            group.nodes.get(1).signal("KILL");
            GroupOfProcesses.Node left = group.nodes.get(2);
            group.await("n3 is alone", Duration.ofSeconds(6), () -> left.upCount() == 1);
            assertTrue(left.process.isAlive());
        }
    }

    @Test
    void whoLeavesForGoodIsForgotten() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 85, 3, 1)) {
            group.startAll();
            group.awaitAllSee(3, START);
            GroupOfProcesses.Node leaver = group.nodes.getLast();
            leaver.command("leave");
            for (GroupOfProcesses.Node node : group.nodes.subList(0, 2)) {
                group.await(
                        node.name + " forgets n3",
                        Duration.ofSeconds(10),
                        () -> !node.roster().contains("n3"));
                // who is forgotten is in the file no more: nothing to wait for
                assertFalse(node.knownPeers().contains("n3"), node.name + " has in its file: " + node.knownPeers());
            }
            assertTrue(leaver.process.waitFor(20, java.util.concurrent.TimeUnit.SECONDS));
        }
    }

    @Test
    void aStoppedMemberIsDownAndStaysKnown() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 88, 3, 1)) {
            group.startAll();
            group.awaitAllSee(3, START);
            group.nodes.getLast().command("quit");
            for (GroupOfProcesses.Node node : group.nodes.subList(0, 2)) {
                group.await(
                        node.name + " sees n3 down", Duration.ofSeconds(10), () -> node.sees("n3", MemberState.DOWN));
                assertTrue(Files.readString(node.peers()).contains("n3="));
            }
        }
    }

    @Test
    void aMemberWithAnotherAuthoritysCertificateStaysOutside() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 86, 2, 1)) {
            new TestCertificates().write(dir, "n2"); // overwrites its key store: same name, another authority
            group.startAll();
            group.await("both run", START, () -> group.nodes.stream().allMatch(node -> node.upCount() == 1));
            Thread.sleep(4000); // several merge rounds
            assertEquals(1, group.nodes.get(0).upCount(), group.describe());
            assertEquals(1, group.nodes.get(1).upCount(), group.describe());
            assertTrue(
                    Files.readString(dir.resolve("n1.err")).contains("refused a link")
                            || Files.readString(dir.resolve("n2.err")).contains("refused a link"),
                    "the refusal is logged");
        }
    }

    @Test
    void loadReachesAllAndEachMemberSendsLessThanAKilobyteASecond() throws Exception {
        try (GroupOfProcesses group = new GroupOfProcesses(dir, 87, 4, 1)) {
            group.startAll();
            group.awaitAllSee(4, START);
            for (GroupOfProcesses.Node node : group.nodes)
                group.await(
                        node.name + " knows all loads",
                        Duration.ofSeconds(30),
                        () -> node.lines.stream().anyMatch(line -> line.endsWith("load of 4")));
            GroupOfProcesses.Node one = group.nodes.get(1);
            long before = gossipBytes(group, one, 1);
            Thread.sleep(8000);
            long perSecond = (gossipBytes(group, one, 2) - before) / 8;
            assertTrue(perSecond > 50 && perSecond <= 1000, perSecond + " bytes a second");
        }
    }

    private static long gossipBytes(GroupOfProcesses group, GroupOfProcesses.Node node, int nth) throws Exception {
        node.command("bytes");
        group.await("an answer", Duration.ofSeconds(10), () -> bytesLines(node) >= nth);
        String line = node.lines.stream()
                .filter(text -> text.contains("] bytes "))
                .skip(nth - 1)
                .findFirst()
                .orElseThrow();
        return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }

    private static long bytesLines(GroupOfProcesses.Node node) {
        return node.lines.stream().filter(text -> text.contains("] bytes ")).count();
    }
}
