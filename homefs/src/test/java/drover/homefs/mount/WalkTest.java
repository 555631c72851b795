package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.Bytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class WalkTest {
    private static final int COUNT = 1_000;

    private final Walk walk = new Walk();

    private static List<Bytes> numbered() {
        return IntStream.range(0, COUNT).mapToObj(i -> Bytes.of("f" + i)).toList();
    }

    private static List<Bytes> shuffled(List<Bytes> names, int seed) {
        List<Bytes> shuffled = new ArrayList<>(names);
        Collections.shuffle(shuffled, new Random(seed));
        return shuffled;
    }

    /// Of how many names the guest would find that they were asked for before.
    private int foreseen(List<Bytes> visits) {
        Set<Bytes> asked = new HashSet<>();
        int foreseen = 0;
        for (Bytes name : visits) {
            if (asked.contains(name)) foreseen++;
            asked.addAll(walk.at(name));
        }
        return foreseen;
    }

    @Test
    void eachOrderOfGoingThroughADirectoryIsForeseen() {
        List<Bytes> listed = shuffled(numbered(), 1);
        for (List<Bytes> visits :
                List.of(numbered(), listed, listed.stream().sorted().toList())) {
            walk.listed(true, listed);
            int foreseen = foreseen(visits);
            assertTrue(foreseen > COUNT - 12, foreseen + " foreseen");
        }
    }

    @Test
    void whatIsListedTheOtherWayRoundIsForeseenByItsNumbers() {
        walk.listed(true, numbered().reversed());
        int foreseen = foreseen(numbered());
        assertTrue(foreseen > COUNT - 12, foreseen + " foreseen");
    }

    @Test
    void noOrderIsForeseenWhereThereIsNone() {
        walk.listed(true, numbered());
        int asked = 0;
        for (Bytes name : shuffled(numbered(), 2)) asked += walk.at(name).size();
        assertTrue(asked < COUNT / 10, asked + " asked for");
    }

    @Test
    void theFirstStepsAskForLittle() {
        walk.listed(true, numbered());
        int asked = 0;
        for (Bytes name : numbered().subList(0, 12)) asked += walk.at(name).size();
        assertTrue(asked > 8 && asked < 32, asked + " asked for");
    }

    /// Home sends so much content at once, so the next answers are to be on their way.
    @Test
    void noMoreIsAskedForAtOnceThanComes() {
        walk.listed(true, numbered());
        assertEquals(256, walk.atOnce());
        for (Bytes name : numbered().subList(0, 100)) walk.at(name);
        walk.cameUpTo(Bytes.of("f103"), 10);
        assertEquals(10, walk.atOnce());
        List<Bytes> next = walk.at(Bytes.of("f100"));
        assertEquals(Bytes.of("f103"), next.getFirst(), "what has not come is asked for again");
        assertEquals(Bytes.of("f140"), next.getLast(), "four answers ahead");
        for (int answer = 0; answer < 8; answer++) walk.allCame();
        assertEquals(20, walk.atOnce());
    }

    @Test
    void whoLeavesSomeOutIsForeseen() {
        walk.listed(true, numbered());
        List<Bytes> visits = IntStream.range(0, COUNT / 3)
                .mapToObj(i -> Bytes.of("f" + 3 * i))
                .toList();
        assertTrue(foreseen(visits) > visits.size() - 12);
    }

    @Test
    void aWalkThatHasToGoLeavesNoNamesBehindWithWhoStillHasIt() {
        Walks walks = new Walks();
        Walk first = walks.of(0);
        for (int directory = 0; directory <= 100; directory++) walks.listed(directory, true, numbered());
        assertTrue(walks.names() <= 65_536, walks.names() + " names");
        assertEquals(0, first.size());
    }

    @Test
    void theNamesAreWantedOnceSeveralWereAskedFor() {
        assertFalse(walk.wantsNames());
        numbered().subList(0, 5).forEach(walk::at);
        assertTrue(walk.wantsNames());
        assertFalse(walk.wantsNames());
    }

    @Test
    void whatIsLookedAtAndNotReadIsToldFromWhatIsRead() {
        for (int i = 0; i < 100; i++) walk.looked();
        assertFalse(walk.reads());
        for (int i = 0; i < 5; i++) {
            walk.looked();
            walk.opened();
        }
        assertTrue(walk.reads());
        for (int i = 0; i < 12; i++) walk.looked();
        assertFalse(walk.reads());
    }

    @Test
    void numbersInNamesAreCounted() {
        List<Bytes> ordered = List.of(
                Bytes.of("a"), Bytes.of("f1"), Bytes.of("f9.c"), Bytes.of("f010"), Bytes.of("f10"), Bytes.of("f10.c"));
        List<Bytes> sorted = new ArrayList<>(ordered.reversed());
        sorted.sort(NameOrders::compareCounting);
        assertEquals(ordered, sorted);
    }
}
