package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import drover.protocol.local.FieldReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a node with a valid certificate can and cannot do to a home by lying.
@Timeout(60)
class HostileNodesIT {
    private static final NodeId N3 = new NodeId("n3");

    @TempDir
    Path directory;

    private static Session output(GuestKey guest, int bytes) {
        ByteBuf frame = Unpooled.buffer()
                .writeByte(SessionKind.DATA)
                .writeByte(1)
                .writeLongLE(0)
                .writeZero(bytes);
        return new Session(guest, frame);
    }

    @Test
    void aJobThatHasShownOutputIsNotRunAgainBecauseItsNodeSaysItNeverStarted() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{}", "/bin/true")) {
            var start = home.started(deputy);
            GuestKey guest = ScriptedNodes.guest(start);
            home.jobs.message(start.node(), output(guest, 1));
            deputy.expect(TestDeputy.SESSION);
            home.jobs.message(start.node(), new GuestFailed(guest, 125, "no room"));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            assertEquals(2, ended.u8(), "drover failed");
            assertEquals(125, ended.u8());
            assertEquals(guest, ((KillGuest) home.nodes.await(KillGuest.class).message()).guest());
        }
    }

    @Test
    void anotherNodesWordsAboutAJobCountForNothing() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{\"node\":\"n2\"}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            GuestKey guest = ScriptedNodes.guest(home.nodes.awaitStart());
            home.jobs.message(N3, new GuestFailed(guest, 3, "lie"));
            home.jobs.message(N3, new Missing(List.of(guest)));
            home.jobs.message(N3, output(guest, 1));
            home.jobs.message(N3, new GuestStarted(guest, 1));
            assertEquals(N3, home.nodes.await(KillGuest.class).node(), "it is told that the guest is not its own");
            home.jobs.message(new NodeId("n2"), new GuestStarted(guest, 1));
            deputy.expect(TestDeputy.STARTED);
        }
    }

    @Test
    void aNodesWordsReachTheTerminalWithoutTheirEscapes() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{\"node\":\"n2\"}", "/bin/true")) {
            deputy.expect(TestDeputy.ACCEPTED);
            var start = home.nodes.awaitStart();
            String lie = "\u001b]0;owned\u0007\u009b2J" + "x".repeat(100_000);
            home.jobs.message(start.node(), new GuestFailed(ScriptedNodes.guest(start), 126, lie));
            FieldReader ended = deputy.expect(TestDeputy.ENDED);
            String text = new String(ended.rest(), StandardCharsets.UTF_8);
            assertFalse(text.contains("\u001b") || text.contains("\u009b") || text.contains("\u0007"), text);
            assertTrue(text.length() < 2000, "it is cut, got " + text.length());
        }
    }

    @Test
    void aNodeThatIgnoresTheWindowCannotFillHomesMemory() throws Exception {
        try (TestHome home = new TestHome(directory);
                TestDeputy deputy = home.deputy().run("{}", "/bin/true")) {
            var start = home.started(deputy);
            GuestKey guest = ScriptedNodes.guest(start);
            for (int i = 0; i < 300; i++) { // the deputy reads nothing of these 75 MB
                home.jobs.message(start.node(), output(guest, 256 << 10));
                if (i % 20 == 0) Thread.sleep(5);
            }
            assertTrue(deputy.countUntilClosed() < 16 << 20, "the connection is cut before much has piled up");
        }
    }
}
