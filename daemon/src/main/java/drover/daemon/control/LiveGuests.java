package drover.daemon.control;

import drover.homefs.server.EffectListener;
import drover.homefs.server.GuestAuthority;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The fence: which guest may act on home's files, from which node, with whose rights. A guest that is not here
/// may do nothing, whatever it still believes. Changed by the loop of home's jobs before anyone is told; read
/// by file threads.
public final class LiveGuests implements GuestAuthority, EffectListener {
    /// @param former the guest it is made from; null for one that is the job's present one
    private record Live(NodeId node, Job job, @Nullable GuestKey former) {}

    private final Map<GuestKey, Live> live = new ConcurrentHashMap<>();

    void add(GuestKey guest, NodeId node, Job job) {
        live.put(guest, new Live(node, job, null));
    }

    /// One that is being made from another, on another node.
    void addRestoring(GuestKey guest, GuestKey former, NodeId node, Job job) {
        live.put(guest, new Live(node, job, former));
    }

    void remove(GuestKey guest) {
        live.remove(guest);
    }

    /// Those that are to live there, whatever happened to the link.
    List<GuestKey> on(NodeId node) {
        return live.entrySet().stream()
                .filter(entry -> entry.getValue().node.equals(node) && entry.getValue().former == null)
                .map(Map.Entry::getKey)
                .sorted(Comparator.comparing(GuestKey::job))
                .toList();
    }

    @Override
    public Optional<Credentials> credentials(NodeId node, GuestKey guest) {
        Live found = live.get(guest);
        return found != null && found.node.equals(node) ? Optional.of(found.job.credentials) : Optional.empty();
    }

    @Override
    public Optional<GuestKey> former(GuestKey guest) {
        Live found = live.get(guest);
        return found == null ? Optional.empty() : Optional.ofNullable(found.former);
    }

    @Override
    public void onEffect(GuestKey guest) {
        Live found = live.get(guest);
        if (found != null) found.job.effects = true;
    }
}
