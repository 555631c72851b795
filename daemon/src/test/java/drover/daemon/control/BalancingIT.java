package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.control.ScriptedNodes.Sent;
import drover.daemon.placement.ClusterKnowledge;
import drover.model.GuestKey;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.model.Openness;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A home that moves its jobs by itself, with nodes that the test plays: each has one core.
class BalancingIT {
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");

    @TempDir
    Path directory;

    private final ScriptedNodes nodes = new ScriptedNodes();
    private final Map<NodeId, Double> tasks = new ConcurrentHashMap<>(Map.of(N2, 0.0, N3, 0.0));
    private final Map<NodeId, Openness> closed = new ConcurrentHashMap<>();
    private TestHome home;
    private TestDeputy deputy;
    private GuestKey guest;
    private NodeId source;
    private NodeId target;

    private final class Loads implements ClusterKnowledge {
        @Override
        public Map<NodeId, Seen> loads() {
            Map<NodeId, Seen> loads = new TreeMap<>();
            tasks.forEach((node, load) -> loads.put(node, new Seen(vector(node, load), Duration.ZERO)));
            return loads;
        }

        private LoadVector vector(NodeId node, double load) {
            Openness openness = closed.getOrDefault(node, Openness.OPEN);
            return new LoadVector(1, 1, load, load, 1L << 30, 1L << 29, 0, 0, 0, openness, 1, 1);
        }

        @Override
        public NodeState stateOf(NodeId node) {
            return tasks.containsKey(node) ? NodeState.UP : NodeState.UNKNOWN;
        }
    }

    @BeforeEach
    void start() throws Exception {
        home = new TestHome(directory, nodes, new Loads(), LocalRequests::new, Map.of("balance", "yes"));
    }

    @AfterEach
    void stop() throws Exception {
        deputy.close();
        home.close();
    }

    private void run(String options) throws Exception {
        deputy = home.deputy().run(options, "cat");
        Sent start = home.started(deputy);
        guest = ScriptedNodes.guest(start);
        source = start.node();
        target = source.equals(N2) ? N3 : N2;
    }

    private void hasUsed(int seconds, boolean busy) {
        ByteBuf usage = Unpooled.buffer()
                .writeByte(SessionKind.USAGE)
                .writeLongLE(seconds * 1_000_000L)
                .writeLongLE(0)
                .writeLongLE(1 << 20)
                .writeIntLE(1)
                .writeByte(busy ? 1 : 0);
        say(source, new Session(guest, usage));
    }

    private void say(NodeId node, JobMessage message) {
        home.jobs.message(node, message);
    }

    private <M extends JobMessage> M heard(Class<M> kind, NodeId by) throws Exception {
        Sent sent = nodes.await(kind);
        assertEquals(by, sent.node(), sent.toString());
        return kind.cast(sent.message());
    }

    private String why() throws Exception {
        try (TestDeputy caller = home.deputy()
                .command("{\"command\":\"why\",\"job\":\"" + guest.job().number() + "\"}")) {
            return new String(caller.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void aJobThatHasComputedForLongLeavesACrowdedNode() throws Exception {
        run("{}");
        hasUsed(60, true);
        tasks.put(source, 4.0);
        GuestKey to = heard(PrepareGuest.class, target).guest();
        say(target, new GuestReady(to));
        heard(SendGuest.class, source);
        say(target, new GuestRestored(to));
        heard(EndGuest.class, source);
        say(source, new GuestDead(guest));
        heard(ResumeGuest.class, target);
        say(target, new GuestStarted(to, 78));
        heard(Session.class, target);
        String why = why();
        assertTrue(why.contains("moved from " + source + " to " + target), why);
        assertTrue(why.contains("\"balanced\":{\"predicted_seconds\":"), why);
    }

    @Test
    void noJobGoesWhereNoGuestsAreTaken() throws Exception {
        run("{}");
        hasUsed(60, true);
        closed.put(target, Openness.BLOCKED);
        tasks.put(source, 4.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(4), PrepareGuest.class));
    }

    @Test
    void aJobLeavesANodeThatIsDrainedThoughTheOtherIsCrowded() throws Exception {
        run("{}");
        tasks.put(target, 4.0);
        closed.put(source, Openness.DRAINING);
        GuestKey to = heard(PrepareGuest.class, target).guest();
        say(target, new GuestStays(to, "its disk is full"));
        heard(KillGuest.class, target);
        assertEquals(to.job(), heard(PrepareGuest.class, target).guest().job(), "it is tried again");
    }

    @Test
    void itIsSaidWhyAJobCannotLeaveANodeThatIsDrained() throws Exception {
        run("{}");
        closed.put(target, Openness.BLOCKED);
        closed.put(source, Openness.DRAINING);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(3), PrepareGuest.class));
        String why = why();
        assertTrue(why.contains("which is being drained: no other node that it may use has room for it"), why);
    }

    @Test
    void aYoungJobStays() throws Exception {
        run("{}");
        hasUsed(0, true);
        tasks.put(source, 4.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(4), PrepareGuest.class));
    }

    @Test
    void aSleepingJobStays() throws Exception {
        run("{}");
        hasUsed(60, false);
        tasks.put(source, 4.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(5), PrepareGuest.class));
    }

    @Test
    void aJobStaysWhereItIsAloneOrWhereAllAreAsBusy() throws Exception {
        run("{}");
        hasUsed(60, true);
        tasks.put(source, 1.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(3), PrepareGuest.class));
        tasks.put(source, 4.0);
        tasks.put(target, 4.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(4), PrepareGuest.class));
    }

    @Test
    void aJobWhoseNodesWereNamedStays() throws Exception {
        run("{\"nodes\":[\"n2\"]}");
        hasUsed(60, true);
        tasks.put(source, 4.0);
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(4), PrepareGuest.class));
    }

    @Test
    void whatCouldNotBeMovedIsNotTriedAgainAtOnce() throws Exception {
        run("{}");
        hasUsed(60, true);
        tasks.put(source, 4.0);
        GuestKey to = heard(PrepareGuest.class, target).guest();
        say(target, new GuestStays(to, "no room"));
        assertTrue(nodes.isQuietFor(Duration.ofSeconds(4), PrepareGuest.class));
        assertTrue(why().contains("no room"), why());
    }
}
