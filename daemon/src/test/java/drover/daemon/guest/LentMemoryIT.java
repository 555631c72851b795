package drover.daemon.guest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.image.ImageFrame;
import io.netty.buffer.ByteBufUtil;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Memory that is read from a process that is held; here from this one, which plays a guest.
@Timeout(30)
class LentMemoryIT {
    private static final NodeId TARGET = new NodeId("n3");
    private static final GuestKey HERE = new GuestKey(new JobId(new NodeId("n1"), 5), 2);
    private static final GuestKey NEXT = new GuestKey(HERE.job(), 3);
    private static final int PAGE = LentMemory.PAGE_BYTES;

    private record Sent(NodeId to, ImageFrame frame) {}

    private final LinkedBlockingQueue<Sent> sent = new LinkedBlockingQueue<>();
    private final LentMemory lent = new LentMemory(
            (to, frame) -> sent.add(new Sent(to, frame instanceof ImageFrame.Pages pages ? copy(pages) : frame)),
            Duration.ofMillis(1));
    private final int self = (int) ProcessHandle.current().pid();

    private static ImageFrame copy(ImageFrame.Pages pages) {
        return new ImageFrame.Pages(
                pages.guest(), pages.process(), pages.address(), pages.content().copy());
    }

    @AfterEach
    void close() {
        lent.remove(HERE);
    }

    private Sent next() throws InterruptedException {
        Sent one = sent.poll(10, TimeUnit.SECONDS);
        assertTrue(one != null, "nothing was sent");
        return one;
    }

    @Test
    void pagesOfAProcessAreSentToWhoHasTheGuest() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(100L * PAGE, PAGE);
            for (long at = 0; at < memory.byteSize(); at++)
                memory.set(java.lang.foreign.ValueLayout.JAVA_BYTE, at, (byte) (at % 251));
            lent.add(HERE, TARGET, self);
            lent.answer(TARGET, new ImageFrame.Want(NEXT, self, memory.address() + PAGE, 2));
            lent.answer(TARGET, new ImageFrame.Want(NEXT, self, memory.address(), 100));
            ImageFrame.Pages two = (ImageFrame.Pages) next().frame();
            assertEquals(memory.address() + PAGE, two.address());
            assertArrayEquals(
                    memory.asSlice(PAGE, 2L * PAGE).toArray(java.lang.foreign.ValueLayout.JAVA_BYTE),
                    ByteBufUtil.getBytes(two.content()));
            ImageFrame.Pages part = (ImageFrame.Pages) next().frame();
            assertEquals(64 * PAGE, part.content().readableBytes(), "so much at once, and no more");
            lent.answer(TARGET, new ImageFrame.Want(NEXT, self, memory.address(), 1));
            lent.answer(TARGET, new ImageFrame.Want(NEXT, self, memory.address() + PAGE, 100));
            assertEquals(PAGE, ((ImageFrame.Pages) next().frame()).content().readableBytes());
            int behind = ((ImageFrame.Pages) next().frame()).content().readableBytes();
            assertTrue(behind <= 4 * PAGE, "the next single page is soon to be asked for: " + behind);
        }
    }

    @Test
    void nobodyElseIsTold() throws Exception {
        lent.answer(TARGET, new ImageFrame.Want(NEXT, self, 1 << 20, 1));
        assertTrue(sent.isEmpty(), "an earlier daemon may have lent it");
        lent.isKnown(true);
        lent.add(HERE, TARGET, self);
        lent.answer(TARGET, new ImageFrame.Want(NEXT, 0, 0, 0));
        assertTrue(sent.isEmpty(), "a sign of life is not answered");
        for (NodeId other : List.of(new NodeId("n4"), new NodeId("n1"))) {
            lent.answer(other, new ImageFrame.Want(NEXT, self, 1 << 20, 1));
            assertEquals(new Sent(other, new ImageFrame.Gone(NEXT)), next());
        }
        GuestKey otherJob = new GuestKey(new JobId(new NodeId("n1"), 6), 3);
        lent.answer(TARGET, new ImageFrame.Want(otherJob, self, 1 << 20, 1));
        assertEquals(new Sent(TARGET, new ImageFrame.Gone(otherJob)), next());
        lent.answer(TARGET, new ImageFrame.Want(HERE, self, 1 << 20, 1));
        assertEquals(new Sent(TARGET, new ImageFrame.Gone(HERE)), next(), "it is the guest of before");
    }

    @Test
    void whatIsNotThereIsSaidToBeGone() throws Exception {
        lent.add(HERE, TARGET, self);
        lent.answer(TARGET, new ImageFrame.Want(NEXT, self, -1L << 12, 1));
        assertEquals(new Sent(TARGET, new ImageFrame.Gone(NEXT)), next());
        lent.answer(TARGET, new ImageFrame.Want(NEXT, self, 0, 1));
        assertEquals(new Sent(TARGET, new ImageFrame.Gone(NEXT)), next());
        lent.answer(TARGET, new ImageFrame.Want(NEXT, 0x7fff_ffff, 1 << 20, 1));
        assertEquals(new Sent(TARGET, new ImageFrame.Gone(NEXT)), next());
    }

    @Test
    void aGuestIsForgottenWhenItsNodeIsSilentButNotBeforeItHasIt() throws Exception {
        lent.add(HERE, TARGET, self);
        assertEquals(Optional.of(HERE), lent.before(TARGET, NEXT));
        Thread.sleep(20); // longer than the patience
        assertEquals(List.of(), lent.forgotten(), "it may still go on here");
        lent.given(HERE);
        while (lent.forgotten().isEmpty()) Thread.sleep(1);
        assertEquals(List.of(HERE), lent.forgotten());
        lent.remove(HERE);
        assertEquals(List.of(), lent.given());
    }
}
