package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TestAuthority;
import io.netty.handler.ssl.OpenSsl;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class LinkHubIT {
    private final TestAuthority authority = new TestAuthority("test-1");

    @Test
    void boringSslIsInUse() {
        assertTrue(OpenSsl.isAvailable(), () -> String.valueOf(OpenSsl.unavailabilityCause()));
    }

    @Test
    void framesOfEveryClassAndSizeComeBackUnchangedAndInOrder() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            var random = new Random(7);
            for (LinkClass linkClass : TestNode.CLASSES) {
                Link link = n1.awaitLink(n2.id, linkClass);
                int[] sizes = {1, 100, 4096, 16384, 131072, linkClass.frameLimitBytes()};
                n1.answers.clear();
                byte[][] sent = new byte[sizes.length][];
                for (int i = 0; i < sizes.length; i++) {
                    sent[i] = new byte[sizes[i]];
                    random.nextBytes(sent[i]);
                    link.send(TestNode.frame(sent[i]));
                }
                Waiting.until("all echoes of " + linkClass, () -> n1.answers.size() == sizes.length);
                for (int i = 0; i < sizes.length; i++) assertArrayEquals(sent[i], n1.answers.get(i));
            }
            assertTrue(n2.hub.linkFrom(n1.id, LinkClass.JOBS).isPresent());
            assertTrue(n2.hub.link(n1.id, LinkClass.JOBS).isEmpty(), "n2 dialled nobody");
        }
    }

    @Test
    void aClassOnDemandIsDialledOnlyWhenItIsAskedForByName() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            for (LinkClass linkClass : TestNode.CLASSES) n1.awaitLink(n2.id, linkClass);
            assertTrue(n1.hub.link(n2.id, LinkClass.PACKETS).isEmpty());
            n1.hub.keep(n2.id, LinkClass.PACKETS);
            n1.awaitLink(n2.id, LinkClass.PACKETS);
        }
    }

    @Test
    void framesOfManyThreadsAllArriveAndKeepTheOrderOfTheirThread() throws Exception {
        int threads = 8;
        int each = 2000;
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            Link link = n1.awaitLink(n2.id, LinkClass.FILES);
            Thread[] senders = new Thread[threads];
            for (int t = 0; t < threads; t++) {
                byte who = (byte) t;
                senders[t] = Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < each; i++)
                        link.send(TestNode.frame(new byte[] {who, (byte) (i >> 8), (byte) i}));
                });
            }
            for (Thread sender : senders) sender.join();
            Waiting.until("all echoes", () -> n1.answers.size() == threads * each);
            int[] next = new int[threads];
            for (byte[] answer : n1.answers)
                assertEquals(
                        next[answer[0]]++, ((answer[1] & 0xff) << 8) | (answer[2] & 0xff), () -> "thread " + answer[0]);
        }
    }

    @Test
    void aHubThatComesBackIsFoundAgainAndNothingComesBeforeItsUp() throws Exception {
        var material = authority.issue("n2");
        try (var n1 = new TestNode(authority.issue("n1"))) {
            var n2 = new TestNode(material);
            n1.knows(n2);
            n1.hub.keep(n2.id);
            n1.awaitLink(n2.id, LinkClass.JOBS);
            n2.close();
            Waiting.until("down", () -> n1.hub.link(n2.id, LinkClass.JOBS).isEmpty());
            try (var again = new TestNode(material)) {
                n1.knows(again);
                n1.awaitLink(again.id, LinkClass.JOBS);
            }
            assertEquals(
                    Arrays.asList("up n2 JOBS true", "down n2 JOBS true", "up n2 JOBS true"),
                    jobsEvents(n1).subList(0, 3));
        }
    }

    private static List<String> jobsEvents(TestNode node) {
        return node.events.stream().filter(event -> event.contains("JOBS")).toList();
    }

    private static boolean hasNoLink(TestNode home, TestNode node) {
        return TestNode.CLASSES.stream()
                .allMatch(linkClass -> home.hub.link(node.id, linkClass).isEmpty());
    }

    /// Links may have been lost and dialled again before the drop; after it each one ends, and none begins.
    private static void assertDialsNoMoreWhenItDrops(TestNode home, TestNode node) throws Exception {
        home.hub.drop(node.id);
        Waiting.until(
                () -> "the end of all links, heard was " + home.events,
                () -> hasNoLink(home, node) && home.hasHeardEveryEnd());
        List<String> heard = List.copyOf(home.events);
        Thread.sleep(300); // several times the first pause
        assertEquals(heard, home.events);
        assertTrue(hasNoLink(home, node));
        Waiting.until(() -> "all ends at the other node, heard was " + node.events, node::hasHeardEveryEnd);
        assertEquals(0, home.hub.connectionCount(), "connections that are closed, or should be");
    }

    @Test
    void aDroppedNodeIsDialledNoMore() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            for (LinkClass linkClass : TestNode.CLASSES) n1.awaitLink(n2.id, linkClass);
            assertDialsNoMoreWhenItDrops(n1, n2);
        }
    }

    @Test
    void aNodeDroppedAtAnyMomentOfItsDialIsDialledNoMore() throws Exception {
        long seed = Long.getLong("drover.seed", System.nanoTime());
        var random = new Random(seed);
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            for (int round = 0; round < 30; round++) {
                n1.hub.keep(n2.id);
                LockSupport.parkNanos(random.nextInt(20_000_000));
                n1.hub.drop(n2.id);
            }
            n1.hub.keep(n2.id);
            for (LinkClass linkClass : TestNode.CLASSES) n1.awaitLink(n2.id, linkClass);
            n1.hub.link(n2.id, LinkClass.JOBS).orElseThrow().close("the network failed for a moment");
            LockSupport.parkNanos(random.nextInt(100_000_000));
            assertDialsNoMoreWhenItDrops(n1, n2);
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ", seed " + seed, e);
        }
    }

    @Test
    void anAddressOfAnotherMachineIsToldFromATakenOne() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"))) {
            String taken = refusalOf(n1.hub.listenAddress());
            assertTrue(taken.endsWith("is another daemon running?"), taken);
        }
        String foreign = refusalOf(new InetSocketAddress("192.0.2.1", 7410));
        assertTrue(foreign.contains("this machine does not have that address"), foreign);
    }

    @Test
    void nothingIsKeptOfDialsThatFailed() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"))) {
            var n2 = new TestNode(authority.issue("n2"));
            n1.knows(n2);
            n2.close();
            n1.hub.keep(n2.id);
            Thread.sleep(1_000); // about five dials of each class
            n1.hub.drop(n2.id);
            Waiting.until(() -> n1.hub.connectionCount() + " connections end", () -> n1.hub.connectionCount() == 0);
        }
    }

    private String refusalOf(InetSocketAddress listen) {
        return assertThrows(
                        IOException.class,
                        () -> new TestNode(
                                authority.issue("n2"), Revocations.NONE, _ -> LinkConfig.listeningOn(listen)))
                .getMessage();
    }

    @Test
    void aNodeMayDialItself() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"))) {
            n1.knows(n1);
            n1.hub.keep(n1.id);
            n1.awaitLink(n1.id, LinkClass.JOBS).send(TestNode.frame(new byte[] {42}));
            Waiting.until("the echo", () -> n1.answers.size() == 1);
        }
    }

    @Test
    void aFrameTheClassDoesNotAllowIsRefusedToItsSenderAndTheLinkStays() throws Exception {
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            Link link = n1.awaitLink(n2.id, LinkClass.FILES);
            byte[] tooLong = new byte[LinkClass.FILES.frameLimitBytes() + 1];
            assertThrows(IllegalArgumentException.class, () -> link.send(TestNode.frame(tooLong)));
            assertThrows(IllegalArgumentException.class, () -> link.send(TestNode.frame(new byte[0])));
            link.send(TestNode.frame(new byte[] {1}));
            Waiting.until("the echo", () -> n1.answers.size() == 1);
            assertFalse(n1.events.contains("down n2 FILES true"));
        }
    }
}
