package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.control.ScriptedNodes.Sent;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KeepGuest;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A job that moves, as its home sees it, with nodes that the test plays.
class HomeMovesIT {
    private static final NodeId N2 = new NodeId("n2");
    private static final NodeId N3 = new NodeId("n3");

    @TempDir
    Path directory;

    private final ScriptedNodes nodes = new ScriptedNodes();
    private TestHome home;
    private TestDeputy deputy;
    private GuestKey from;
    private NodeId source;
    private NodeId target;

    @BeforeEach
    void start() throws Exception {
        open();
        deputy = home.deputy().run("{}", "cat");
        Sent start = home.started(deputy);
        from = ScriptedNodes.guest(start);
        source = start.node();
        target = source.equals(N2) ? N3 : N2;
    }

    private void open() throws Exception {
        home = new TestHome(directory, nodes, new HomeJobsIT.TwoNodes(), LocalRequests::new);
    }

    @AfterEach
    void stop() throws Exception {
        deputy.close();
        home.close();
    }

    private TestDeputy migrate(String to) throws Exception {
        return home.deputy()
                .command("{\"command\":\"migrate\",\"job\":\"" + from.job().number() + "\",\"node\":\"" + to + "\"}");
    }

    private void say(NodeId node, JobMessage message) {
        home.jobs.message(node, message);
    }

    private <M extends JobMessage> M heard(Class<M> kind, NodeId by) throws Exception {
        Sent sent = nodes.await(kind);
        assertEquals(by, sent.node(), sent.toString());
        return kind.cast(sent.message());
    }

    /// Until the target has it complete. Returns it.
    private GuestKey restored() throws Exception {
        GuestKey to = heard(PrepareGuest.class, target).guest();
        say(target, new GuestReady(to));
        assertEquals(new SendGuest(from, to, target), heard(SendGuest.class, source));
        say(target, new GuestRestored(to));
        return to;
    }

    private static String answer(TestDeputy caller) throws Exception {
        return new String(caller.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
    }

    @Test
    void theSourceIsDeadBeforeTheTargetRuns() throws Exception {
        try (TestDeputy caller = migrate(target.name())) {
            GuestKey to = restored();
            assertTrue(to.epoch() > from.epoch(), to.toString());
            assertEquals(new EndGuest(from), heard(EndGuest.class, source));
            say(source, new GuestDead(from));
            assertEquals(new ResumeGuest(to), heard(ResumeGuest.class, target));
            say(target, new GuestStarted(to, 78));
            assertTrue(answer(caller).contains("\"to\":\"" + target + "\""));
            Session resync = heard(Session.class, target);
            assertEquals(SessionKind.RESYNC, resync.frame().getByte(0));
            // The deputy knows nothing of it: what the target says comes under the run's own epoch.
            say(target, new Session(to, Unpooled.buffer().writeByte(SessionKind.CONTINUED)));
            assertEquals((long) from.epoch(), deputy.expect(TestDeputy.SESSION).u32());
        }
        try (TestDeputy ps = home.deputy().command("{\"command\":\"ps\"}")) {
            String listed = answer(ps);
            assertTrue(listed.contains("\"moves\":1") && listed.contains("\"node\":\"" + target + "\""), listed);
        }
    }

    @Test
    void aJobDoesNotLeaveForANodeWithoutRoomForIt() throws Exception {
        ByteBuf usage = Unpooled.buffer()
                .writeByte(SessionKind.USAGE)
                .writeLongLE(1)
                .writeLongLE(1)
                .writeLongLE(600L << 20)
                .writeIntLE(1)
                .writeByte(1);
        say(source, new Session(from, usage));
        try (TestDeputy caller = migrate(target.name())) {
            String refused = answer(caller);
            assertTrue(refused.contains("it has 600 MiB in memory, and " + target + " has 512 MiB free"), refused);
        }
    }

    @Test
    void aTargetThatCannotMakeItLeavesItOnTheSource() throws Exception {
        try (TestDeputy caller = migrate(target.name())) {
            GuestKey to = heard(PrepareGuest.class, target).guest();
            say(target, new GuestReady(to));
            heard(SendGuest.class, source);
            say(target, new GuestStays(to, "no room"));
            assertEquals(new KillGuest(to), heard(KillGuest.class, target));
            assertEquals(new KeepGuest(from), heard(KeepGuest.class, source));
            String refused = answer(caller);
            assertTrue(refused.contains("no room. It still runs on " + source), refused);
        }
        try (TestDeputy caller = migrate(target.name())) { // no epoch is used twice
            GuestKey again = heard(PrepareGuest.class, target).guest();
            assertEquals(from.epoch() + 2, again.epoch());
            say(target, new GuestStays(again, "still no room"));
            assertTrue(answer(caller).contains("still no room"));
        }
    }

    @Test
    void aLinkThatBreaksBeforeTheRowIsWrittenLeavesItOnTheSource() throws Exception {
        try (TestDeputy caller = migrate(target.name())) {
            heard(PrepareGuest.class, target);
            home.jobs.nodeDown(target);
            assertTrue(answer(caller).contains("the link to " + target + " broke"));
        }
        home.jobs.nodeUp(target);
        assertEquals(List.of(), heard(Reconcile.class, target).alive());
    }

    @Test
    void aRestartAfterTheRowWasWrittenFinishesTheMove() throws Exception {
        try (TestDeputy _ = migrate(target.name())) {
            restored();
            heard(EndGuest.class, source);
        }
        home.close();
        open();
        home.jobs.nodeUp(source);
        home.jobs.nodeUp(target);
        GuestKey to = new GuestKey(from.job(), from.epoch() + 1);
        assertEquals(new EndGuest(from), heard(EndGuest.class, source));
        say(source, new GuestDead(from));
        assertEquals(new ResumeGuest(to), heard(ResumeGuest.class, target));
    }

    @Test
    void aSignalThatComesMeanwhileGoesToWhoeverHasItThen() throws Exception {
        try (TestDeputy caller = migrate(target.name())) {
            GuestKey to = restored();
            heard(EndGuest.class, source);
            try (TestDeputy kill = home.deputy()
                    .command("{\"command\":\"kill\",\"job\":\"" + from.job().number() + "\",\"signal\":\"USR1\"}")) {
                answer(kill);
            }
            say(source, new GuestDead(from));
            say(target, new GuestStarted(to, 78));
            answer(caller);
            heard(Session.class, target); // RESYNC
            Session signal = heard(Session.class, target);
            assertEquals(to, signal.guest());
            assertEquals(SessionKind.SIGNAL, signal.frame().getByte(0));
        }
    }

    @Test
    void whatCannotBeIsRefusedInWords() throws Exception {
        for (var each : List.of(
                List.of("n9", "there is no node n9"),
                List.of(source.name(), "it runs there already"),
                List.of("home", "there is no node n1"),
                List.of("not/a/name", "cannot migrate")))
            try (TestDeputy caller = migrate(each.get(0))) {
                String refused = answer(caller);
                assertTrue(refused.contains("\"ok\":false") && refused.contains(each.get(1)), refused);
            }
    }
}
