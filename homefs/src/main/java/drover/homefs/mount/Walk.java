package drover.homefs.mount;

import drover.protocol.file.Bytes;
import drover.protocol.file.FileOperation;
import java.util.ArrayList;
import java.util.List;

/// How a guest goes through one directory, and so what it will ask for next. Knows nothing of what is right: only
/// time is lost if it is wrong. Any thread.
final class Walk {
    /// Names asked for ahead of the guest: twice as many each time, as long as it goes on.
    private static final int LEAST_AHEAD = 16;

    private static final int MOST_AHEAD = FileOperation.LookUpAll.MAX_AT_ONCE;
    /// A guest that leaves out some, or several that share the work, still go through the directory.
    private static final int LONGEST_STEP = 4;

    /// Answers with content that home may be making, or that are here, so that it need not be waited for.
    private static final int ANSWERS_AHEAD = 4;
    /// After so many answers that brought all content more is asked for at once.
    private static final int ALL_CAME = 8;

    private static final int SURE = 3;
    private static final int SUREST = 8;
    /// After so many names one after the other the directory's names are worth a question.
    private static final int NAMES_WANTED = 4;

    /// A look at a name costs one of these, a read of what was found brings two.
    private static final int READ = 2;

    private static final int READS = 4;
    private static final int MOST_READ = 12;

    private final int[] scores = new int[NameOrders.COUNT];
    private List<Bytes> listing = new ArrayList<>();
    private NameOrders names;
    private boolean namesAsked;
    private int steps;
    private Bytes last;
    private int[] lastPlaces;
    private int order;
    /// In that order: up to where names were asked for.
    private int asked;
    private int ahead;
    /// As many names as come with their content in one answer.
    private int atOnce = MOST_AHEAD;
    private int allCame;
    private int read;
    private boolean notPromised;
    private long usedNanos = System.nanoTime();

    /// The guest lists the directory itself.
    ///
    /// @param begins whether this is its first part
    synchronized void listed(boolean begins, List<Bytes> part) {
        usedNanos = System.nanoTime();
        if (begins) {
            listing = new ArrayList<>();
            names = null;
            lastPlaces = null;
        }
        for (Bytes name : part) if (name.isName() && listing.size() < NameOrders.MOST_NAMES) listing.add(name);
        namesAsked = true;
    }

    /// Whether home should be asked for the directory's names now. True once.
    synchronized boolean wantsNames() {
        if (namesAsked || steps < NAMES_WANTED) return false;
        namesAsked = true;
        return true;
    }

    /// A name was looked at.
    synchronized void looked() {
        if (read > 0) read--;
    }

    /// A file was opened for reading.
    synchronized void opened() {
        read = Math.min(MOST_READ, read + READ);
    }

    /// Whether what is looked at is mostly read then.
    synchronized boolean reads() {
        return read >= READS;
    }

    /// The guest has come to that name. Returns which are to be asked for now.
    synchronized List<Bytes> at(Bytes name) {
        usedNanos = System.nanoTime();
        if (notPromised || name.equals(last)) return List.of();
        last = name;
        steps++;
        int[] places = places(name);
        if (places == null) return List.of();
        if (lastPlaces != null) for (int i = 0; i < scores.length; i++) score(i, places[i] - lastPlaces[i]);
        lastPlaces = places;
        int best = best();
        if (scores[best] < SURE) return List.of();
        int place = places[best];
        if (best != order || asked <= place || asked > place + 2 * MOST_AHEAD) {
            order = best;
            asked = place + 1;
            ahead = LEAST_AHEAD / 2;
        }
        int left = asked - place - 1;
        if (left > ahead / 2) return List.of();
        ahead = Math.min(Math.min(MOST_AHEAD, ANSWERS_AHEAD * atOnce), 2 * ahead);
        int until = Math.min(names.size(), place + 1 + ahead);
        List<Bytes> next = new ArrayList<>();
        while (asked < until) next.add(names.at(order, asked++));
        return next;
    }

    private int[] places(Bytes name) {
        if (listing.isEmpty() || steps < SURE) return null;
        int[] places = names == null ? null : names.places(name);
        if (places != null || (names != null && names.size() == listing.size())) return places;
        names = new NameOrders(listing); // more of them than before
        lastPlaces = null;
        return names.places(name);
    }

    private void score(int i, int step) {
        if (step > 0 && step <= LONGEST_STEP) scores[i] = Math.min(SUREST, scores[i] + 1);
        else if (step > 0 || step < -LONGEST_STEP) scores[i] = Math.max(0, scores[i] - 2);
    }

    private int best() {
        int best = order;
        for (int i = 0; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
        return best;
    }

    /// Only so many have come with what was wanted of them: from that name on they have to be asked for again.
    synchronized void cameUpTo(Bytes name, int came) {
        atOnce = Math.max(LEAST_AHEAD / 2, came);
        allCame = 0;
        int[] places = names == null ? null : names.places(name);
        if (places != null && places[order] < asked) asked = places[order];
    }

    /// All that was asked for has come, with its content.
    synchronized void allCame() {
        if (++allCame < ALL_CAME) return;
        allCame = 0;
        atOnce = Math.min(MOST_AHEAD, 2 * atOnce);
    }

    /// How many names to ask for in one call, if content is to come along.
    synchronized int atOnce() {
        return atOnce;
    }

    /// What was asked for ahead was of no use.
    synchronized void wasted() {
        scores[order] = 0;
        asked = 0;
        read = 0;
    }

    /// What was asked for may still refer to it. Returns how many there were.
    synchronized int forgetNames() {
        int count = listing.size();
        listing = new ArrayList<>();
        names = null;
        lastPlaces = null;
        return count;
    }

    /// Nothing of what is asked for ahead here can be kept.
    synchronized void isNotPromised() {
        notPromised = true;
    }

    synchronized int size() {
        return listing.size();
    }

    synchronized long usedNanos() {
        return usedNanos;
    }
}
