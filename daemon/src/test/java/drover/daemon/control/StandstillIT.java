package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import drover.protocol.local.FieldReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `drover freeze` and `continue`, with nodes that the test plays.
class StandstillIT {
    @TempDir
    Path directory;

    private final ScriptedNodes nodes = new ScriptedNodes();
    private TestHome home;

    @BeforeEach
    void start() throws Exception {
        home = new TestHome(directory, nodes, new HomeJobsIT.TwoNodes(), LocalRequests::new);
    }

    @AfterEach
    void stop() {
        home.close();
    }

    private static String command(String word, GuestKey guest) {
        return "{\"command\":\"" + word + "\",\"job\":\"" + guest.job().number() + "\",\"node\":\"n3\"}";
    }

    private static String answerOf(TestDeputy asks) throws Exception {
        return new String(asks.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
    }

    private String ask(String word, GuestKey guest) throws Exception {
        try (TestDeputy asks = home.deputy().command(command(word, guest))) {
            return answerOf(asks);
        }
    }

    /// The node hears it, and does it.
    private void obey(ScriptedNodes.Sent start, boolean frozen) throws Exception {
        Session told = (Session) nodes.await(Session.class).message();
        assertEquals(ScriptedNodes.guest(start).job(), told.guest().job());
        assertEquals(SessionKind.FREEZE, told.frame().getUnsignedByte(0));
        assertEquals(frozen ? 1 : 0, told.frame().getUnsignedByte(1));
        home.jobs.message(start.node(), new Session(told.guest(), done(frozen)));
    }

    private void freeze(ScriptedNodes.Sent start) throws Exception {
        try (TestDeputy asks = home.deputy().command(command("freeze", ScriptedNodes.guest(start)))) {
            obey(start, true);
            assertTrue(answerOf(asks).contains("\"frozen\":true"));
        }
    }

    private static ByteBuf done(boolean frozen) {
        return Unpooled.buffer(2).writeByte(SessionKind.FROZEN).writeByte(frozen ? 1 : 0);
    }

    @Test
    void itIsAnsweredWhenTheNodeHasDoneIt() throws Exception {
        try (TestDeputy deputy = home.deputy().run("{}", "/bin/job");
                TestDeputy continues = home.deputy()) {
            var start = home.started(deputy);
            GuestKey guest = ScriptedNodes.guest(start);
            freeze(start);
            assertTrue(deputy.expect(TestDeputy.NOTICE)
                    .str()
                    .contains("drover continue " + guest.job().number()));
            assertTrue(ask("show", guest).contains("\"frozen\":true"));
            assertTrue(ask("why", guest).contains("it is frozen, and goes on with: drover continue"));
            assertTrue(ask("migrate", guest).contains("it is frozen; it goes on with: drover continue"));
            continues.command(command("continue", guest));
            obey(start, false);
            assertTrue(answerOf(continues).contains("\"frozen\":false"));
            assertTrue(ask("show", guest).contains("\"frozen\":false"));
        }
    }

    @Test
    void aRestartedHomeTellsTheNodeAgain() throws Exception {
        try (TestDeputy deputy = home.deputy().run("{}", "/bin/job")) {
            var start = home.started(deputy);
            freeze(start);
            nodes.setDown(start.node());
            stop();
            start();
            nodes.setUp(start.node());
            home.jobs.nodeUp(start.node());
            Session resync = (Session) nodes.await(Session.class).message();
            assertEquals(SessionKind.RESYNC, resync.frame().getUnsignedByte(0));
            obey(start, true);
        }
    }

    @Test
    void aDetachedJobsLogSaysNothingOfIt() throws Exception {
        try (TestDeputy deputy = home.deputy().run("{\"detach\":true}", "/bin/job")) {
            var start = home.started(deputy);
            freeze(start);
            home.jobs.message(start.node(), new Session(ScriptedNodes.guest(start), exited()));
            deputy.expect(TestDeputy.ENDED);
        }
    }

    /// Another node runs it, for the first time: it stands still there, too.
    @Test
    void aFrozenJobThatIsRunAgainIsFrozenAgain() throws Exception {
        try (TestDeputy deputy = home.deputy().run("{\"nodes\":[\"n2\",\"n3\"]}", "/bin/job")) {
            var start = home.started(deputy);
            freeze(start);
            nodes.setDown(start.node());
            home.jobs.nodeDown(start.node());
            var again = nodes.awaitStart();
            home.jobs.message(again.node(), new GuestStarted(ScriptedNodes.guest(again), 78));
            obey(again, true);
        }
    }

    @Test
    void whoCannotIsToldWhy() throws Exception {
        try (TestDeputy deputy = home.deputy().run("{}", "/bin/job");
                TestDeputy freezes = home.deputy()) {
            var start = home.started(deputy);
            GuestKey guest = ScriptedNodes.guest(start);
            nodes.setDown(start.node());
            assertTrue(ask("freeze", guest).contains("cannot be reached now; see: drover nodes"));
            nodes.setUp(start.node());
            freezes.command(command("freeze", guest));
            nodes.await(Session.class);
            home.jobs.message(start.node(), new Session(guest, exited()));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(0, ended.u8());
            assertTrue(answerOf(freezes).contains("it has ended meanwhile"));
            assertTrue(ask("freeze", guest).contains("it has ended"));
            assertTrue(ask("show", guest).contains("\"frozen\":false"));
        }
    }

    private static ByteBuf exited() {
        return Unpooled.buffer()
                .writeByte(SessionKind.EXITED)
                .writeBytes(new byte[] {0, 0, 0, 1})
                .writeLongLE(1)
                .writeLongLE(1)
                .writeLongLE(1);
    }
}
