package drover.daemon.network;

import drover.model.AddressRange;
import drover.model.GuestKey;
import drover.model.NodeId;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Which guest has which address, and where it is: what may be sent and where to. Safe from any thread.
final class JobAddresses {
    /// A guest with an address, on its present node.
    record Owner(GuestKey guest, NodeId node) {}

    private final AddressRange range;
    private final Map<Integer, Owner> owners = new ConcurrentHashMap<>();

    JobAddresses(AddressRange range) {
        this.range = range;
    }

    void enter(GuestKey guest, NodeId node) {
        owners.put(range.ofJob(guest.job().number()), new Owner(guest, node));
    }

    void leave(GuestKey guest) {
        owners.computeIfPresent(
                range.ofJob(guest.job().number()), (_, owner) -> owner.guest.equals(guest) ? null : owner);
    }

    /// Null where no guest has it.
    @Nullable Owner owner(int address) {
        return owners.get(address);
    }

    Collection<Owner> all() {
        return owners.values();
    }

    boolean isEmpty() {
        return owners.isEmpty();
    }
}
