package drover.daemon.control;

import static java.util.Objects.requireNonNull;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.control.ScriptedNodes.Sent;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A job in its home's network that moves, as its home sees it: at any time one guest may send, on one node.
class NetMovesIT {
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");

    @TempDir
    Path directory;

    private final ScriptedNodes nodes = new ScriptedNodes();
    private final PlayedNetwork network = new PlayedNetwork();
    private TestHome home;
    private TestDeputy deputy;
    private GuestKey from;
    private NodeId source;
    private NodeId target;

    @BeforeEach
    void start() throws Exception {
        open();
        deputy = home.deputy().run("{\"net\":\"home\"}", "cat");
        Sent start = home.started(deputy);
        from = ScriptedNodes.guest(start);
        source = start.node();
        target = source.equals(N2) ? N3 : N2;
    }

    private void open() throws Exception {
        home = new TestHome(directory, nodes, new HomeJobsIT.TwoNodes(), LocalRequests::new, Map.of(), network);
    }

    @AfterEach
    void stop() throws Exception {
        deputy.close();
        home.close();
    }

    private TestDeputy migrate() throws Exception {
        return home.deputy()
                .command("{\"command\":\"migrate\",\"job\":\"" + from.job().number() + "\",\"node\":\"" + target
                        + "\"}");
    }

    private <M extends JobMessage> M heard(Class<M> kind) throws Exception {
        return kind.cast(nodes.await(kind).message());
    }

    private void assertSender(GuestKey guest, NodeId node) {
        assertEquals(Map.of(guest.job(), Map.entry(guest, node)), network.senders);
    }

    private static String answer(TestDeputy caller) throws Exception {
        return new String(caller.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
    }

    @Test
    void fromTheRowOnTheTargetMaySendAndTheSourceMayNot() throws Exception {
        try (TestDeputy caller = migrate()) {
            PrepareGuest prepare = heard(PrepareGuest.class);
            GuestKey to = prepare.guest();
            assertEquals(PlayedNetwork.GIVEN, prepare.network());
            home.jobs.message(target, new GuestReady(to));
            heard(SendGuest.class);
            assertSender(from, source);
            home.jobs.message(target, new GuestRestored(to));
            heard(EndGuest.class);
            assertSender(to, target);
            home.jobs.message(source, new GuestDead(from));
            heard(ResumeGuest.class);
            home.jobs.message(target, new GuestStarted(to, 78));
            assertTrue(answer(caller).contains("\"to\":\"" + target + "\""));
            assertSender(to, target);
        }
    }

    @Test
    void whereNothingComesOfItTheSourceMaySendAsBefore() throws Exception {
        try (TestDeputy caller = migrate()) {
            GuestKey to = heard(PrepareGuest.class).guest();
            home.jobs.message(target, new GuestReady(to));
            heard(SendGuest.class);
            home.jobs.message(target, new GuestStays(to, "no room"));
            heard(KillGuest.class);
            assertTrue(answer(caller).contains("no room"));
            assertSender(from, source);
        }
    }

    @Test
    void aTargetThatTakesNoPacketsLeavesItOnTheSource() throws Exception {
        network.unreached.add(target);
        try (TestDeputy caller = migrate()) {
            GuestKey to = requireNonNull(network.waiting.poll(20, SECONDS), "it waits for its network");
            home.jobs.message(target, new GuestFailed(to, 125, "it takes no packets"));
            heard(KillGuest.class);
            assertTrue(answer(caller).contains("it takes no packets. It still runs on " + source));
            assertSender(from, source);
        }
    }

    @Test
    void aRestartAfterTheRowWasWrittenLetsTheTargetSend() throws Exception {
        GuestKey to;
        try (TestDeputy _ = migrate()) {
            to = heard(PrepareGuest.class).guest();
            home.jobs.message(target, new GuestReady(to));
            heard(SendGuest.class);
            home.jobs.message(target, new GuestRestored(to));
            heard(EndGuest.class);
        }
        home.close();
        network.senders.clear();
        open();
        assertSender(to, target);
    }
}
