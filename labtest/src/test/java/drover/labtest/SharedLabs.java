package drover.labtest;

import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/// Labs of three nodes that test classes use one after the other: to make one costs more than most tests, and daemons
/// that have worked work faster. As many as classes run at once; a class that leaves jobs or broken nodes behind
/// ends its lab. Safe from any thread.
public final class SharedLabs implements LauncherSessionListener {
    private static final int NODES = 3;
    private static final Deque<TestLab> FREE = new ArrayDeque<>();
    private static int made;

    /// Made by JUnit.
    public SharedLabs() {}

    /// A lab for a class, to be closed by it, with nothing in /srv. Users and what daemons keep are those of the
    /// classes before.
    static TestLab take() throws Exception {
        TestLab.needRoot();
        TestLab free;
        int number;
        synchronized (FREE) {
            free = FREE.poll();
            number = free == null ? ++made : made;
        }
        if (free == null) return TestLab.shared("shared" + number, NODES);
        try {
            free.clear();
        } catch (AssertionError | Exception e) {
            free.down();
            throw e;
        }
        return free;
    }

    static void give(TestLab lab) {
        synchronized (FREE) {
            FREE.push(lab);
        }
    }

    @Override
    public void launcherSessionClosed(LauncherSession session) {
        synchronized (FREE) {
            FREE.parallelStream().forEach(TestLab::down);
            FREE.clear();
        }
    }
}
