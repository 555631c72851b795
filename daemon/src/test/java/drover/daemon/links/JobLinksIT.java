package drover.daemon.links;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.security.TestMachine;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkHub;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Job messages between n1, which dials and so is the home, and n2, over real links.
@Timeout(60)
class JobLinksIT {
    private static final NodeId N1 = new NodeId("n1");
    private static final NodeId N2 = new NodeId("n2");
    private static final GuestKey GUEST = new GuestKey(new JobId(N1, 7), 2);

    /// What one end of a node heard.
    private record Heard(String where, NodeId from, Object what) {}

    /// The job links of one machine, and what was heard there.
    private static final class Side implements AutoCloseable {
        final TestMachine machine;
        final LinkedBlockingQueue<Heard> heard = new LinkedBlockingQueue<>();
        JobLinks links;

        Side(TestMachine machine) {
            this.machine = machine;
        }

        void register(LinkHub hub) {
            links = new JobLinks(new NodeId(machine.name), hub);
            links.connectEnds(new JobLinks.Ends(
                    (node, message) -> heard.add(new Heard("at home", node, message)),
                    (home, message) -> heard.add(new Heard("at node", home, message)),
                    node -> heard.add(new Heard("up", node, "")),
                    node -> heard.add(new Heard("down", node, ""))));
        }

        Heard next() throws InterruptedException {
            Heard next = heard.poll(20, TimeUnit.SECONDS);
            if (next == null) throw new AssertionError(machine.name + " hears nothing");
            return next;
        }

        @Override
        public void close() {
            machine.close();
        }
    }

    @TempDir
    Path directory;

    private Side home;
    private Side node;

    @BeforeEach
    void start() throws Exception {
        home = new Side(new TestMachine(directory, "n1"));
        home.machine.startFirst(Duration.ofDays(1), home::register);
        node = new Side(new TestMachine(directory, "n2"));
        node.machine.join(home.machine, home.machine.token());
        node.machine.start(node::register);
    }

    @AfterEach
    void stop() {
        node.close();
        home.close();
    }

    private void dial() throws Exception {
        home.machine.dial(node.machine);
        assertEquals(new Heard("up", N2, ""), home.next());
        TestMachine.await("n2 has the link too", () -> home.machine.isLinkedTo(node.machine));
    }

    @Test
    void aHomeSpeaksToItsNodeAndTheNodeToItsHome() throws Exception {
        dial();
        assertTrue(home.links.isUp(N2));
        assertFalse(node.links.isUp(N1), "n2 did not dial: there it is no home");
        JobMessage kill = new KillGuest(GUEST);
        home.links.send(N2, kill);
        assertEquals(new Heard("at node", N1, kill), node.next());
        JobMessage started = new GuestStarted(GUEST, 77);
        node.links.sendToHome(N1, started);
        assertEquals(new Heard("at home", N2, started), home.next());
    }

    @Test
    void aHomeThatRunsItsOwnGuestsNeedsNoLink() throws Exception {
        assertTrue(home.links.isUp(N1));
        home.links.send(N1, new KillGuest(GUEST));
        assertEquals(new Heard("at node", N1, new KillGuest(GUEST)), home.next());
        home.links.sendToHome(N1, new GuestStarted(GUEST, 77));
        assertEquals(new Heard("at home", N1, new GuestStarted(GUEST, 77)), home.next());
    }

    @Test
    void whatIsSaidToANodeThatIsNotUpIsDropped() throws Exception {
        assertFalse(home.links.isUp(N2));
        home.links.send(N2, new KillGuest(GUEST));
        dial();
        JobMessage later = new KillGuest(new GuestKey(new JobId(N1, 8), 1));
        home.links.send(N2, later);
        assertEquals(new Heard("at node", N1, later), node.next());
    }

    @Test
    void aMessageThatIsNoneBreaksTheLinkWhichIsMadeAgain() throws Exception {
        dial();
        node.machine
                .hub
                .linkFrom(N1, LinkClass.JOBS)
                .orElseThrow()
                .send(LinkHub.buffers().buffer().writeByte(99));
        assertEquals(new Heard("down", N2, ""), home.next());
        assertEquals(new Heard("up", N2, ""), home.next());
    }
}
