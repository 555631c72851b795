package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Callers are real processes in the pid namespace of this test, which plays the guest's.
@Timeout(60)
class CallerTableIT {
    private static final GuestKey FIRST = new GuestKey(new JobId(new NodeId("n1"), 1), 1);
    private static final GuestKey AGAIN = new GuestKey(new JobId(new NodeId("n1"), 1), 2);
    private static final int SELF = (int) ProcessHandle.current().pid();

    private final CallerTable table = new CallerTable();
    private long namespace;

    @BeforeEach
    void findNamespace() throws Exception {
        String link = Files.readSymbolicLink(Path.of("/proc/self/ns/pid")).toString(); // pid:[4026531836]
        namespace = Long.parseLong(link.substring(link.indexOf('[') + 1, link.length() - 1));
    }

    @Test
    void aProcessIsTheGuestsInWhosePidNamespaceItIs() {
        table.add(namespace + 1, AGAIN);
        assertEquals(Optional.empty(), table.guestOf(SELF), "of another namespace");
        table.add(namespace, FIRST);
        assertEquals(Optional.of(FIRST), table.guestOf(SELF));
    }

    @Test
    void aGuestThatIsRemovedHasNoProcessesAtOnce() {
        table.add(namespace, FIRST);
        assertEquals(Optional.of(FIRST), table.guestOf(SELF));
        table.remove(FIRST);
        assertEquals(Optional.empty(), table.guestOf(SELF), "though it was remembered");
    }

    @Test
    void aRunOfAnotherEpochStaysWhenTheFormerIsRemoved() {
        table.add(namespace, FIRST);
        table.add(namespace, AGAIN);
        table.remove(FIRST);
        assertEquals(Optional.of(AGAIN), table.guestOf(SELF));
    }

    @Test
    void aProcessThatHasEndedIsNobodysOnceItIsForgotten() throws Exception {
        table.add(namespace, FIRST);
        Process process = new ProcessBuilder("sleep", "60").start();
        int pid = (int) process.pid();
        assertEquals(Optional.of(FIRST), table.guestOf(pid));
        process.destroyForcibly().waitFor();
        long remembered = System.nanoTime();
        while (table.guestOf(pid).isPresent()) {
            assertTrue(System.nanoTime() - remembered < 20_000_000_000L, "it is remembered for ever");
            Thread.sleep(5);
        }
    }

    @Test
    void aHelpersChildrenActForItsGuestUntilItHasNoHelperAnyMore() throws Exception {
        Process helper = new ProcessBuilder("sh", "-c", "sleep 60 & wait").start();
        try {
            int pid = (int) helper.pid();
            while (helper.children().findAny().isEmpty()) Thread.sleep(5);
            int child = (int) helper.children().findAny().orElseThrow().pid();
            assertEquals(Optional.empty(), table.guestOf(child));
            table.addHelper(pid, AGAIN);
            assertEquals(Optional.of(AGAIN), table.guestOf(pid));
            assertEquals(Optional.of(AGAIN), table.guestOf(child));
            assertTrue(table.isHelper(child));
            assertFalse(table.isHelper(SELF));
            assertEquals(Optional.empty(), table.guestOf(SELF), "its parent");
            table.add(namespace, FIRST);
            assertFalse(table.isHelper(child), "it is of a guest");
            table.remove(FIRST);
            table.removeHelpers(AGAIN);
            assertEquals(Optional.empty(), table.guestOf(child));
        } finally {
            helper.descendants().forEach(ProcessHandle::destroyForcibly);
            helper.destroyForcibly();
        }
    }
}
