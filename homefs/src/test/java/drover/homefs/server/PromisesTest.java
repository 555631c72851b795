package drover.homefs.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.Bytes;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PromisesTest {
    private static final Bytes NAME = Bytes.of("name");

    private final Promises promises = new Promises();
    private final Inode inode = new Inode(2, Identity.revived(1, 2), null, NAME, false, false);

    @Test
    void thatThereIsNoneOutlivesWhatTheNameWasSaidToLeadTo() {
        promises.addName(NAME, Promises.ABSENT);
        promises.addName(NAME, inode);
        assertTrue(promises.mayBeAbsent(NAME));
        assertSame(inode, promises.led(NAME));
        promises.forgotten(NAME, inode);
        assertTrue(promises.hasName(NAME), "a node that believes it absent is told when it is made");
        assertSame(Promises.ABSENT, promises.led(NAME));
    }

    @Test
    void aNameThatTheNodeMadeItselfIsForgottenWithItsInode() {
        promises.addName(NAME, Promises.ABSENT);
        promises.addName(NAME, inode);
        promises.changedByNode(NAME);
        assertFalse(promises.mayBeAbsent(NAME));
        promises.forgotten(NAME, inode);
        assertFalse(promises.hasName(NAME));
    }

    @Test
    void whatIsTakenBackIsPromisedNoMore() {
        promises.addName(NAME, Promises.ABSENT);
        promises.addName(NAME, inode);
        assertEquals(
                Set.of(NAME),
                promises.takeNames((name, _) -> promises.mayBeAbsent(name)).keySet());
        promises.addName(NAME, inode);
        assertFalse(promises.mayBeAbsent(NAME));
    }
}
