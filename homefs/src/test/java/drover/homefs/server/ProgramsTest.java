package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import drover.model.NodeId;
import org.junit.jupiter.api.Test;

class ProgramsTest {
    private static final int RUN = Open.O_RDONLY | Open.FMODE_EXEC;

    private final Programs programs = new Programs();
    private final NodeView one = new NodeView(new NodeId("n1"), null, null);
    private final NodeView two = new NodeView(new NodeId("n2"), null, null);
    private final Identity file = Identity.revived(1, 2);

    private void assertBusy(NodeView view, int flags) {
        CallFailed failed = assertThrows(CallFailed.class, () -> programs.open(view, file, flags));
        assertEquals(Errno.ETXTBSY, failed.errno);
    }

    @Test
    void whatRunsIsNotWrittenOnAnotherNodeAndIsOnItsOwn() throws CallFailed {
        programs.open(one, file, RUN);
        programs.open(one, file, RUN);
        assertBusy(two, Open.O_WRONLY);
        assertBusy(two, Open.O_TRUNC);
        programs.open(one, file, Open.O_WRONLY); // its kernel has seen to that
        programs.open(two, file, Open.O_RDONLY);
        programs.open(two, Identity.revived(1, 3), Open.O_RDWR);
        programs.closed(one, file, RUN);
        assertBusy(two, Open.O_RDWR);
        programs.closed(one, file, RUN);
        programs.open(two, file, Open.O_RDWR);
    }

    @Test
    void whatIsWrittenIsNotRunOnAnotherNode() throws CallFailed {
        programs.opened(one, file, Open.O_RDWR);
        assertBusy(two, RUN);
        assertTrue(programs.isWrittenElsewhere(two, file));
        assertFalse(programs.isWrittenElsewhere(one, file));
        programs.closed(one, file, Open.O_RDWR);
        assertFalse(programs.isWrittenElsewhere(two, file));
        programs.open(two, file, RUN);
    }

    @Test
    void whoIsAboutToWriteExcludesNobodyYet() throws CallFailed {
        programs.asks(one, file);
        programs.open(two, file, RUN);
        assertTrue(programs.isWrittenElsewhere(two, file));
        programs.asked(one, file);
        assertFalse(programs.isWrittenElsewhere(two, file));
        assertBusy(one, Open.O_WRONLY);
    }
}
