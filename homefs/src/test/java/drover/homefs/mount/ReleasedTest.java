package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.homefs.mount.Released.One;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReleasedTest {
    private final List<Runnable> soon = new ArrayList<>();
    private final List<List<One>> told = new ArrayList<>();
    private final Released released = new Released(soon::add, told::add);

    @Test
    void whatIsClosedInAMomentIsToldAtOnce() {
        released.add(new One(1, 10));
        released.add(new One(2, 20));
        assertEquals(1, soon.size());
        assertEquals(List.of(), told);
        soon.removeFirst().run();
        assertEquals(List.of(List.of(new One(1, 10), new One(2, 20))), told);
        released.add(new One(3, 30));
        assertEquals(1, soon.size(), "it is not forgotten");
    }

    @Test
    void readsAheadNeverHaveToWaitBehindThem() {
        for (int i = 0; i < Released.AT_ONCE; i++) released.add(new One(i, i));
        assertEquals(1, told.size());
        soon.removeFirst().run();
        assertEquals(1, told.size(), "nothing is told twice");
    }
}
