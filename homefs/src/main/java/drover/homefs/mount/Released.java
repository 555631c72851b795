package drover.homefs.mount;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Files that the kernel has closed, told to home some at a time: nobody waits for that. The kernel is
/// answered when home has answered, so that it tells a later daemon of this node what this one could not bring
/// home. Any thread.
final class Released {
    /// As long as home may keep a file open that no guest has open any more.
    static final long GATHER_MILLIS = 2;
    /// Half of what the kernel leaves unanswered before reads ahead have to wait behind it.
    static final int AT_ONCE = Handshake.MAX_BACKGROUND / 2;

    /// @param unique of the kernel's request
    record One(long unique, long handle) {}

    private final Consumer<Runnable> soon;
    private final Consumer<List<One>> home;
    private List<One> gathered = new ArrayList<>();

    /// @param soon runs a task in [#GATHER_MILLIS]
    /// @param home tells home, then answers the kernel
    Released(Consumer<Runnable> soon, Consumer<List<One>> home) {
        this.soon = soon;
        this.home = home;
    }

    void add(One one) {
        boolean first;
        boolean full;
        synchronized (this) {
            gathered.add(one);
            first = gathered.size() == 1;
            full = gathered.size() >= AT_ONCE;
        }
        if (full) tell();
        else if (first) soon.accept(this::tell);
    }

    private void tell() {
        List<One> now;
        synchronized (this) {
            now = gathered;
            gathered = new ArrayList<>();
        }
        if (!now.isEmpty()) home.accept(now);
    }
}
