package drover.homefs.server;

import java.util.Collection;

/// How many inodes each node may know, so that all together fit this home's memory. Each costs it some 500 bytes:
/// the inode, what was promised of it, and the ways to find it. Any thread.
final class InodeShares {
    /// Fewer would make a node ask again and again for the little that one program needs.
    private static final long LEAST = 4_096;

    private final long all;
    private long told;

    InodeShares(long all) {
        this.all = all;
    }

    /// What no node may exceed.
    int most() {
        return (int) Math.min(Integer.MAX_VALUE, Math.max(2 * LEAST, all + all / 2));
    }

    /// A node's mount is there: tells it, and the others if they may know fewer, or more, from now on.
    synchronized void arrived(NodeView arrived, Collection<NodeView> views, Recalls recalls) {
        long mounts = views.stream().filter(view -> view.mountId != 0).count();
        long share = Math.max(LEAST, all / Math.max(1, mounts));
        for (NodeView view : views)
            if (view.mountId != 0 && (view == arrived || share != told)) recalls.limit(view, share);
        told = share;
    }
}
