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

/// The fence: which guest may act on home's files, from which node, with whose rights. A guest that is not here
/// may do nothing, whatever it still believes. Changed by the loop of home's jobs before anyone is told; read
/// by file threads.
public final class LiveGuests implements GuestAuthority, EffectListener {
    private record Live(NodeId node, Job job) {}

    private final Map<GuestKey, Live> live = new ConcurrentHashMap<>();

    void add(GuestKey guest, NodeId node, Job job) {
        live.put(guest, new Live(node, job));
    }

    void remove(GuestKey guest) {
        live.remove(guest);
    }

    List<GuestKey> on(NodeId node) {
        return live.entrySet().stream()
                .filter(entry -> entry.getValue().node.equals(node))
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
    public void onEffect(GuestKey guest) {
        Live found = live.get(guest);
        if (found != null) found.job.effects = true;
    }
}
