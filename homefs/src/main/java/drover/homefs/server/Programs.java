package drover.homefs.server;

import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
import java.util.HashMap;
import java.util.Map;

/// Which files guests run, and which they have open for writing: on two nodes as on one machine, one excludes the
/// other (ETXTBSY). Between guests of one node its kernel sees to that, and between home's own programs home's.
///
/// What is run is what exec(2) has opened: the program, and the loader of shared objects, which its kernel opens in the
/// same way and, unlike the program, would let others write.
///
/// Thread rule: any thread; one lock.
final class Programs {
    /// What is done with one file. Files that nobody runs or writes have none.
    private static final class Use {
        final Map<NodeView, Integer> runs = new HashMap<>(2);
        final Map<NodeView, Integer> writes = new HashMap<>(2);
        /// Who is about to open it for writing.
        final Map<NodeView, Integer> asks = new HashMap<>(2);

        static void add(Map<NodeView, Integer> to, NodeView view, int count) {
            to.merge(view, count, (before, more) -> before + more == 0 ? null : before + more);
        }

        static boolean byOthers(Map<NodeView, Integer> views, NodeView than) {
            return views.size() > (views.containsKey(than) ? 1 : 0);
        }
    }

    private final Map<Identity, Use> uses = new HashMap<>();

    private void add(NodeView view, Identity file, int flags, int count) {
        boolean writes = writes(flags);
        if (!writes && !runs(flags)) return;
        Use use = uses.computeIfAbsent(file, f -> new Use());
        Use.add(writes ? use.writes : use.runs, view, count);
        tidy(file, use);
    }

    private void tidy(Identity file, Use use) {
        if (use.runs.isEmpty() && use.writes.isEmpty() && use.asks.isEmpty()) uses.remove(file);
    }

    static boolean writes(int flags) {
        return (flags & Open.O_ACCMODE) != Open.O_RDONLY || (flags & Open.O_TRUNC) != 0;
    }

    static boolean runs(int flags) {
        return (flags & Open.FMODE_EXEC) != 0 && (flags & Open.O_ACCMODE) == Open.O_RDONLY;
    }

    /// A file is about to be opened for writing, or to be cut: until [#asked], no other node opens it without asking.
    synchronized void asks(NodeView view, Identity file) {
        Use.add(uses.computeIfAbsent(file, f -> new Use()).asks, view, 1);
    }

    synchronized void asked(NodeView view, Identity file) {
        Use use = uses.get(file);
        if (use == null) return;
        Use.add(use.asks, view, -1);
        tidy(file, use);
    }

    /// Whether a node may open it without asking: while another writes it, nobody runs it.
    synchronized boolean isWrittenElsewhere(NodeView view, Identity file) {
        Use use = uses.get(file);
        return use != null && (Use.byOthers(use.writes, view) || Use.byOthers(use.asks, view));
    }

    /// Before a file is opened. Followed by one [#closed].
    ///
    /// @param flags of open(2)
    synchronized void open(NodeView view, Identity file, int flags) throws CallFailed {
        Use use = uses.get(file);
        if (use != null
                && (writes(flags) ? Use.byOthers(use.runs, view) : runs(flags) && Use.byOthers(use.writes, view)))
            throw CallFailed.perhapsSoon(Errno.ETXTBSY);
        add(view, file, flags, 1);
    }

    /// The same of a file that is open already.
    synchronized void opened(NodeView view, Identity file, int flags) {
        add(view, file, flags, 1);
    }

    synchronized void closed(NodeView view, Identity file, int flags) {
        add(view, file, flags, -1);
    }
}
