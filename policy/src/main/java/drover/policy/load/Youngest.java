package drover.policy.load;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/// The first few of many things that come and go, in order. What is beyond these few is known to the owner
/// alone, who brings all of them where some have to move up. Not thread-safe.
final class Youngest<T> {
    private final int most;
    private final Comparator<T> order;
    private final List<T> first;
    /// All that exist are in [#first].
    private boolean isAll = true;

    Youngest(int most, Comparator<T> order) {
        this.most = most;
        this.order = order;
        this.first = new ArrayList<>(most + 1);
    }

    /// Something new.
    void add(T added) {
        if (!isAll && order.compare(added, first.getLast()) > 0) return;
        int place = Collections.binarySearch(first, added, order);
        first.add(place < 0 ? -place - 1 : place, added);
        if (first.size() <= most) return;
        first.removeLast();
        isAll = false;
    }

    /// Something that takes the place of another.
    ///
    /// @param all with the new one, without the old
    void replace(T old, T now, Collection<T> all) {
        boolean wasFirst = removed(old);
        if (wasFirst && !isAll && (first.isEmpty() || order.compare(now, first.getLast()) > 0)) refill(all);
        else add(now);
    }

    /// Something that is gone.
    ///
    /// @param all without it
    void remove(T gone, Collection<T> all) {
        if (removed(gone) && !isAll) refill(all);
    }

    private boolean removed(T gone) {
        int place = Collections.binarySearch(first, gone, order);
        if (place < 0) return false;
        first.remove(place);
        return true;
    }

    /// So many have gone that it has to be looked at all.
    void refill(Collection<T> all) {
        first.clear();
        isAll = true;
        all.forEach(this::add);
    }

    /// So many of the first, in order; fewer if there are no more.
    List<T> first(int count, Collection<T> all) {
        if (count <= first.size() || isAll) return first.subList(0, Math.min(count, first.size()));
        return all.stream().sorted(order).limit(count).toList();
    }
}
