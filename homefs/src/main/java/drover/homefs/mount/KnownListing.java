package drover.homefs.mount;

import drover.protocol.file.FileResult.Listed;
import drover.protocol.file.Lease;
import java.util.List;

/// Whether the kernel has all names of a directory in its cache, and may believe of each what it leads to:
/// only then is a listing from there faster than one from home, which brings all of that along. Any thread.
final class KnownListing {
    /// Where a listing that is under way goes on if nothing of it was missed; 0 if none is.
    private long nextOffset;

    private long begunNanos;
    private boolean known;

    /// A part of the directory was given to the kernel.
    ///
    /// @param offset where it begins
    /// @param asLookups as answers that hold as long as they are leased
    synchronized void told(long offset, List<Listed> part, boolean asLookups) {
        if (offset == 0) {
            known = false;
            begunNanos = System.nanoTime();
        } else if (offset != nextOffset) {
            nextOffset = 0;
            return;
        }
        if (part.isEmpty()) {
            known = offset != 0; // its end leads to nothing, however the kernel asked
            nextOffset = 0;
        } else {
            nextOffset = asLookups && part.stream().allMatch(KnownListing::isSteady)
                    ? part.getLast().offset()
                    : 0;
        }
    }

    private static boolean isSteady(Listed listed) {
        if (!listed.name().isName()) return true; // `.` and `..`
        return listed.entry() != null
                && listed.entry().nameLease() == Lease.FULL
                && listed.entry().attributesLease() == Lease.FULL;
    }

    synchronized void forget() {
        known = false;
        nextOffset = 0;
    }

    /// Not for the whole time of a lease: what is listed now is looked at a while later.
    synchronized boolean isKnown(long leaseNanos) {
        return known && System.nanoTime() - begunNanos < leaseNanos / 2;
    }
}
