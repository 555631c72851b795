package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.placement.ClusterKnowledge;
import drover.model.GuestKey;
import drover.model.LoadVector;
import drover.model.NodeId;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import drover.protocol.local.FieldReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Home's authority, with the real local socket and the real journal, and nodes that the test plays.
class HomeJobsIT {
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");
    /// Up, but it has not told its load yet.
    private static final NodeId N4 = new NodeId("n4");

    @TempDir
    Path directory;

    private final ScriptedNodes nodes = new ScriptedNodes();
    private volatile boolean fourthHasTold;
    /// Whether home hears of nobody.
    private volatile boolean alone;
    private TestHome home;
    private HomeJobs jobs;

    @BeforeEach
    void start() throws Exception {
        start(Map.of());
    }

    private void start(Map<String, String> configuration) throws Exception {
        home = new TestHome(
                directory, nodes, new TwoNodes(() -> fourthHasTold, () -> alone), LocalRequests::new, configuration);
        jobs = home.jobs;
    }

    @AfterEach
    void stop() {
        home.close();
    }

    private void restart() throws Exception {
        stop();
        start();
    }

    private TestDeputy deputy() throws Exception {
        return home.deputy();
    }

    private static Session exited(GuestKey guest, int code) {
        ByteBuf frame = Unpooled.buffer()
                .writeByte(SessionKind.EXITED)
                .writeByte(0)
                .writeByte(code)
                .writeByte(0)
                .writeByte(1)
                .writeLongLE(1_500_000)
                .writeLongLE(0)
                .writeLongLE(4096);
        return new Session(guest, frame);
    }

    private static Session output(GuestKey guest) {
        ByteBuf frame = Unpooled.buffer()
                .writeByte(SessionKind.DATA)
                .writeByte(1)
                .writeLongLE(0)
                .writeByte('x');
        return new Session(guest, frame);
    }

    @Test
    void whyTellsThatANodeHasYetToHearOfAChange() throws Exception {
        home.filesAreBehind = true;
        try (TestDeputy deputy = deputy().run("{\"node\":\"n2\"}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            try (TestDeputy asks = deputy().command("{\"command\":\"why\",\"job\":\"1\"}")) {
                String answer = new String(asks.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
                assertTrue(answer.contains("; n2 has yet to say that it heard of a change at home"), answer);
            }
        }
    }

    @Test
    void aJobIsAcceptedStartedAndEndsWithItsStatus() throws Exception {
        try (TestDeputy deputy = deputy().run("{\"node\":\"n2\"}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            var start = nodes.awaitStart();
            assertEquals(N2, start.node());
            GuestKey guest = ScriptedNodes.guest(start);
            jobs.message(N2, new GuestStarted(guest, 77));
            assertEquals(1, deputy.expect(TestDeputy.STARTED).i32());
            jobs.message(N2, exited(guest, 3));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(0, ended.u8());
            assertEquals(3, ended.u8());
            assertEquals(
                    guest, ((ExitCommitted) nodes.await(ExitCommitted.class).message()).guest());
        }
    }

    @Test
    void jobsBeyondWhatPaysWaitAndStartInOrderOfArrival() throws Exception {
        List<GuestKey> started = new java.util.ArrayList<>();
        TestDeputy[] deputies = new TestDeputy[6];
        for (int i = 0; i < deputies.length; i++) {
            deputies[i] = deputy().run("{}", "/bin/job" + i);
            deputies[i].expect(TestDeputy.ACCEPTED);
        }
        Map<GuestKey, NodeId> places = new TreeMap<>(java.util.Comparator.comparing(GuestKey::job));
        for (int i = 0; i < 4; i++) { // two nodes of one core take two each
            var start = nodes.awaitStart();
            places.put(ScriptedNodes.guest(start), start.node());
            started.add(ScriptedNodes.guest(start));
        }
        assertEquals(2, places.values().stream().filter(N2::equals).count());
        for (int i = 4; i < 6; i++) {
            jobs.message(places.get(started.get(i - 4)), exited(started.get(i - 4), 0));
            assertEquals(i + 1, ScriptedNodes.guest(nodes.awaitStart()).job().number());
        }
        for (TestDeputy deputy : deputies) deputy.close();
    }

    @Test
    void aNodeThatHasJustComeAndNotToldItsLoadIsWaitedFor() throws Exception {
        try (TestDeputy deputy = deputy().run("{\"node\":\"n4\"}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            fourthHasTold = true;
            assertEquals(N4, nodes.awaitStart().node());
        }
    }

    @Test
    void anUnknownNodeIsRefusedWithWhatToDoNext() throws Exception {
        try (TestDeputy deputy = deputy().run("{\"node\":\"n9\"}", "/bin/true")) {
            FieldReader refused = deputy.expect(TestDeputy.REFUSED);
            assertEquals(125, refused.u8());
            String message = refused.str();
            assertTrue(message.contains("no node 'n9'") && message.contains("drover nodes"), message);
        }
    }

    @Test
    void aLostNodeMeansAnotherRunIfNobodySawAnythingOfIt() throws Exception {
        try (TestDeputy deputy = deputy().run("{\"nodes\":[\"n2\",\"n3\"]}", "/bin/job")) {
            var first = home.started(deputy);
            jobs.message(first.node(), new Missing(List.of(ScriptedNodes.guest(first))));
            var second = nodes.awaitStart();
            assertEquals(2, ScriptedNodes.guest(second).epoch());
            // The first run is fenced: what it still says is not believed, and it is told to end.
            jobs.message(first.node(), exited(ScriptedNodes.guest(first), 9));
            jobs.message(second.node(), new GuestStarted(ScriptedNodes.guest(second), 78));
            assertEquals(2, deputy.expect(TestDeputy.STARTED).i32());
            jobs.message(second.node(), exited(ScriptedNodes.guest(second), 4));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(0, ended.u8());
            assertEquals(4, ended.u8());
        }
    }

    private void lose(NodeId node) {
        nodes.setDown(node);
        jobs.nodeDown(node);
    }

    /// Its node's daemon may only have been killed, and be started again.
    @Test
    void aJobThatCannotRunAgainIsWaitedForWhenOthersLongRunElsewhere() throws Exception {
        stop();
        start(Map.of("job-loss-seconds", "3600"));
        try (TestDeputy unseen = deputy().run("{\"nodes\":[\"n2\",\"n3\"]}", "/bin/job");
                TestDeputy written = deputy()) {
            var first = home.started(unseen);
            written.run("{\"nodes\":[\"" + first.node() + "\"]}", "/bin/job");
            var stays = home.started(written);
            jobs.message(stays.node(), output(ScriptedNodes.guest(stays)));
            written.expect(TestDeputy.SESSION);
            lose(first.node());
            var again = nodes.awaitStart();
            assertEquals(2, ScriptedNodes.guest(again).epoch());
            assertEquals(
                    ScriptedNodes.guest(first).job(), ScriptedNodes.guest(again).job());

            nodes.setUp(stays.node());
            jobs.nodeUp(stays.node());
            jobs.message(stays.node(), exited(ScriptedNodes.guest(stays), 5));
            FieldReader ended = written.expect(TestDeputy.ENDED);
            assertEquals(0, ended.u8());
            assertEquals(5, ended.u8());
        }
    }

    @Test
    void aLostNodeEndsTheJobLoudlyOnceOutputWasSeen() throws Exception {
        try (TestDeputy deputy = deputy().run("{}", "/bin/job")) {
            var start = home.started(deputy);
            GuestKey guest = ScriptedNodes.guest(start);
            jobs.message(start.node(), output(guest));
            deputy.expect(TestDeputy.SESSION);
            lose(start.node());
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(2, ended.u8());
            assertEquals(125, ended.u8());
            ended.u8();
            ended.u8();
            String message = ended.str();
            assertTrue(message.contains("was lost") && message.contains("not started again"), message);
        }
    }

    @Test
    void aCommandThatIsNotThereEndsWith127() throws Exception {
        try (TestDeputy deputy = deputy().run("{}", "/bin/none")) {
            deputy.expect(TestDeputy.ACCEPTED);
            var start = nodes.awaitStart();
            jobs.message(start.node(), new GuestFailed(ScriptedNodes.guest(start), 127, "/bin/none: not found"));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(2, ended.u8());
            assertEquals(127, ended.u8());
        }
    }

    @Test
    void aWaitingJobIsTakenOutOfTheQueueByASignal() throws Exception {
        try (TestDeputy deputy = deputy()) {
            for (int i = 0; i < 4; i++) deputy().run("{}", "/bin/job").expect(TestDeputy.ACCEPTED);
            deputy.run("{}", "/bin/last").expect(TestDeputy.ACCEPTED);
            deputy.signal(0, 2);
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(1, ended.u8());
            assertEquals(2, ended.u8());
        }
    }

    @Test
    void aJobGoesOnWhenHomesDaemonIsRestarted() throws Exception {
        TestDeputy before = deputy().run("{}", "/bin/job");
        FieldReader accepted = before.expect(TestDeputy.ACCEPTED);
        long number = accepted.u64();
        byte[] secret = accepted.bytes(16);
        var start = nodes.awaitStart();
        GuestKey guest = ScriptedNodes.guest(start);
        jobs.message(start.node(), new GuestStarted(guest, 77));
        before.expect(TestDeputy.STARTED);
        restart();
        assertEquals(List.of(guest), home.guestsOfBefore);
        try (TestDeputy wrong = deputy().resume(number, new byte[16])) {
            wrong.expect(TestDeputy.REFUSED);
        }
        try (TestDeputy deputy = deputy().resume(number, secret)) {
            jobs.nodeUp(start.node());
            deputy.expect(TestDeputy.STARTED);
            jobs.message(start.node(), exited(guest, 7));
            deputy.expect(TestDeputy.ENDED);
        }
        try (TestDeputy asks = deputy().command("{\"command\":\"ps\",\"all\":true}")) {
            String json = new String(asks.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
            assertTrue(json.contains("\"exit_status\":7") && json.contains("\"cpu_seconds\":1.5"), json);
        }
    }

    /// That it runs may not have been written down when home's daemon was killed.
    @Test
    void aGuestThatWasStartingWhenHomesDaemonEndedSaysAgainWhatIsNotAcknowledged() throws Exception {
        TestDeputy before = deputy().run("{}", "/bin/job");
        FieldReader accepted = before.expect(TestDeputy.ACCEPTED);
        long number = accepted.u64();
        byte[] secret = accepted.bytes(16);
        var start = nodes.awaitStart();
        nodes.setDown(start.node());
        restart();
        try (TestDeputy _ = deputy().resume(number, secret)) {
            nodes.setUp(start.node());
            jobs.nodeUp(start.node());
            Session again = (Session) nodes.await(Session.class).message();
            assertEquals(ScriptedNodes.guest(start), again.guest());
            assertEquals(SessionKind.RESYNC, again.frame().getUnsignedByte(0));
        }
    }

    @Test
    void aHomeThatHasBegunAndIsAloneGivesNobodyUp() throws Exception {
        TestDeputy before = deputy().run("{}", "/bin/job");
        FieldReader accepted = before.expect(TestDeputy.ACCEPTED);
        long number = accepted.u64();
        byte[] secret = accepted.bytes(16);
        var start = nodes.awaitStart();
        jobs.message(start.node(), new GuestStarted(ScriptedNodes.guest(start), 77));
        before.expect(TestDeputy.STARTED);
        alone = true;
        nodes.setDown(start.node());
        restart();
        try (TestDeputy deputy = deputy().resume(number, secret)) {
            deputy.expect(TestDeputy.STARTED); // as it was known before
            Thread.sleep(2_500); // a second is how long a node may be lost
            try (TestDeputy asks = deputy().command("{\"command\":\"ps\"}")) {
                String json = new String(asks.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
                assertTrue(json.contains("\"state\":\"running\""), json);
            }
            alone = false;
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(2, ended.u8());
            assertEquals(125, ended.u8());
        }
    }

    @Test
    void aRestartedHomeTakesUpAllItsJobsHoweverLongItTakesUntilItCanDial() throws Exception {
        GuestKey[] guests = new GuestKey[2];
        for (int i = 0; i < 2; i++) guests[i] = ScriptedNodes.guest(home.started(deputy().run("{}", "/bin/job")));
        restart();
        assertEquals(Set.of(guests), Set.copyOf(home.guestsOfBefore));
        nodes.awaitConnected(Set.of(N2, N3));
        jobs.nodeUp(N2);
        jobs.nodeUp(N3);
        Set<GuestKey> alive = new HashSet<>();
        for (int i = 0; i < 2; i++)
            alive.addAll(((Reconcile) nodes.await(Reconcile.class).message()).alive());
        assertEquals(Set.of(guests), alive);
    }

    @Test
    void aGuestThatNobodyKnowsIsToldToEnd() throws Exception {
        GuestKey stranger = new GuestKey(new drover.model.JobId(new NodeId("n1"), 99), 1);
        jobs.message(N3, new GuestStarted(stranger, 5));
        var sent = nodes.await(KillGuest.class);
        assertEquals(stranger, ((KillGuest) sent.message()).guest());
        assertNotEquals(N2, sent.node());
    }

    static final class TwoNodes implements ClusterKnowledge {
        private final BooleanSupplier fourthHasTold;
        private final BooleanSupplier alone;

        TwoNodes() {
            this(() -> false, () -> false);
        }

        TwoNodes(BooleanSupplier fourthHasTold, BooleanSupplier alone) {
            this.fourthHasTold = fourthHasTold;
            this.alone = alone;
        }

        @Override
        public Map<NodeId, Seen> loads() {
            if (alone.getAsBoolean()) return Map.of();
            LoadVector idle = new LoadVector(1, 1, 0, 1L << 30, 1L << 29, 0, 0, 0, 1, 1);
            Map<NodeId, Seen> loads =
                    new TreeMap<>(Map.of(N2, new Seen(idle, Duration.ZERO), N3, new Seen(idle, Duration.ZERO)));
            if (fourthHasTold.getAsBoolean()) loads.put(N4, new Seen(idle, Duration.ZERO));
            return loads;
        }

        @Override
        public NodeState stateOf(NodeId node) {
            return node.equals(N2) || node.equals(N3) || node.equals(N4) ? NodeState.UP : NodeState.UNKNOWN;
        }
    }
}
