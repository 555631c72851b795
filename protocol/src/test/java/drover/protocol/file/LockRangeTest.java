package drover.protocol.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LockRangeTest {
    private static LockRange read(long start, long end) {
        return new LockRange(LockRange.READ, start, end, 1);
    }

    private static LockRange write(long start, long end) {
        return new LockRange(LockRange.WRITE, start, end, 1);
    }

    private static LockRange none(long start, long end) {
        return new LockRange(LockRange.NONE, start, end, 1);
    }

    private static List<LockRange> set(LockRange... all) {
        List<LockRange> held = List.of();
        for (LockRange each : all) held = LockRange.set(held, each);
        return held;
    }

    @Test
    void aLaterRangeTakesThePlaceOfWhatItCovers() {
        assertEquals(List.of(read(0, 9), write(10, 19), read(20, 99)), set(read(0, 99), write(10, 19)));
        assertEquals(List.of(read(0, 4), read(30, 99)), set(read(0, 99), none(5, 29)));
        assertEquals(List.of(), set(write(5, 9), read(20, 29), none(0, Long.MAX_VALUE)));
    }

    @Test
    void whatIsLockedAlikeIsOnePiece() {
        assertEquals(List.of(write(0, 29)), set(write(20, 29), write(0, 9), write(10, 19)));
        assertEquals(List.of(read(0, Long.MAX_VALUE)), set(read(10, Long.MAX_VALUE), read(0, 20)));
        assertEquals(List.of(read(0, 9), write(10, 19)), set(read(0, 9), write(10, 19)));
    }

    @Test
    void theOrderInWhichTheSameWasLockedIsNoMatter() {
        LockRange byAnother = new LockRange(LockRange.WRITE, 0, 19, 2);
        assertTrue(LockRange.areAlike(set(write(10, 19), write(0, 9)), set(byAnother)));
        assertFalse(LockRange.areAlike(set(read(0, 19)), set(byAnother)));
        assertFalse(LockRange.areAlike(set(write(0, 18)), set(byAnother)));
    }

    /// Against a map of single bytes.
    @Test
    void eachByteIsAsItWasSetLast() {
        Random random = new Random(7);
        for (int round = 0; round < 200; round++) {
            int[] bytes = new int[30];
            java.util.Arrays.fill(bytes, LockRange.NONE);
            List<LockRange> held = List.of();
            for (int i = 0; i < 20; i++) {
                int start = random.nextInt(30);
                int end = start + random.nextInt(30 - start);
                int type = random.nextInt(3);
                held = LockRange.set(held, new LockRange(type, start, end, 1));
                java.util.Arrays.fill(bytes, start, end + 1, type);
                for (int at = 0; at < 30; at++) assertEquals(bytes[at], typeAt(held, at), held + " at " + at);
            }
        }
    }

    private static int typeAt(List<LockRange> held, int at) {
        List<LockRange> there = held.stream()
                .filter(each -> each.start() <= at && at <= each.end())
                .toList();
        assertTrue(there.size() <= 1, "twice: " + there);
        return there.isEmpty() ? LockRange.NONE : there.getFirst().type();
    }
}
