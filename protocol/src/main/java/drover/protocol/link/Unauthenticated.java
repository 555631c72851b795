package drover.protocol.link;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/// Counts the connections that have not yet proven who they are, in all and by address.
/// Thread rule: any thread.
final class Unauthenticated {
    private final int limit;
    private final int limitPerAddress;
    private final Map<InetAddress, Integer> byAddress = new HashMap<>();
    private int all;

    Unauthenticated(int limit, int limitPerAddress) {
        this.limit = limit;
        this.limitPerAddress = limitPerAddress;
    }

    synchronized boolean enter(InetAddress address) {
        int here = byAddress.getOrDefault(address, 0);
        if (all >= limit || here >= limitPerAddress) return false;
        all++;
        byAddress.put(address, here + 1);
        return true;
    }

    synchronized void leave(InetAddress address) {
        int here = byAddress.getOrDefault(address, 0);
        if (here == 0) throw new IllegalStateException(address + " leaves but never entered");
        all--;
        if (here == 1) byAddress.remove(address);
        else byAddress.put(address, here - 1);
    }
}
