package drover.daemon.membership;

import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The peers this node knows, one `name=address:port data=address:port` a line: the group address, then the
/// data plane.
/// IPv6 addresses are in brackets. A line without `data` has the data plane at port 7410 of the same address.
///
/// Written whole and renamed, so that a crash leaves the old or the new file. Thread-safe.
public final class PeerFile {
    private static final Logger LOG = LoggerFactory.getLogger(PeerFile.class);
    private static final int DEFAULT_DATA_PORT = 7410;
    private static final int PEER_LIMIT = 4096; // a file is no larger than any cluster seen; guards against nonsense

    /// Where a peer is reached.
    public record Peer(InetSocketAddress control, InetSocketAddress data) {
        public Peer {
            if (control.isUnresolved() || data.isUnresolved())
                throw new IllegalArgumentException("a peer's addresses must be resolved, got " + control + ", " + data);
        }
    }

    private final Path path;
    private SortedMap<NodeId, Peer> peers;

    private PeerFile(Path path, SortedMap<NodeId, Peer> peers) {
        this.path = path;
        this.peers = peers;
    }

    /// Reads the file; one that does not exist is empty, a line that makes no sense is logged and dropped.
    public static PeerFile open(Path path) throws IOException {
        SortedMap<NodeId, Peer> peers = new TreeMap<>();
        try {
            for (String line : Files.readAllLines(path, StandardCharsets.UTF_8)) {
                if (line.isBlank() || line.startsWith("#") || peers.size() >= PEER_LIMIT) continue;
                try {
                    int equals = line.indexOf('=');
                    if (equals < 0) throw new IllegalArgumentException("no '='");
                    peers.put(new NodeId(line.substring(0, equals).strip()), parsePeer(line.substring(equals + 1)));
                } catch (IllegalArgumentException e) {
                    LOG.warn("dropped the line '{}' of {}: {}", line, path, e.getMessage());
                }
            }
        } catch (NoSuchFileException e) {
            LOG.info("no known peers yet: {} does not exist", path);
        }
        return new PeerFile(path, peers);
    }

    private static Peer parsePeer(String text) {
        String[] words = text.strip().split("\\s+", -1);
        InetSocketAddress control = parseAddress(words[0]);
        Optional<InetSocketAddress> data = Optional.empty();
        for (int i = 1; i < words.length; i++)
            if (words[i].startsWith("data=")) data = Optional.of(parseAddress(words[i].substring(5)));
        return new Peer(control, data.orElseGet(() -> new InetSocketAddress(control.getAddress(), DEFAULT_DATA_PORT)));
    }

    static InetSocketAddress parseAddress(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) throw new IllegalArgumentException("no port in '" + text + "'");
        String host = text.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) host = host.substring(1, host.length() - 1);
        InetSocketAddress address = new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
        if (address.isUnresolved()) throw new IllegalArgumentException("the name " + host + " is not known");
        return address;
    }

    static String format(InetSocketAddress address) {
        String host = address.getAddress().getHostAddress();
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
    }

    public synchronized SortedMap<NodeId, Peer> all() {
        return Collections.unmodifiableSortedMap(new TreeMap<>(peers));
    }

    /// Adds or replaces peers; writes only if something changed.
    public synchronized void learn(Map<NodeId, Peer> learnt) throws IOException {
        SortedMap<NodeId, Peer> next = new TreeMap<>(peers);
        next.putAll(learnt);
        if (next.equals(peers)) return;
        write(next);
    }

    /// Removes a peer that left for good.
    public synchronized void forget(NodeId node) throws IOException {
        if (!peers.containsKey(node)) return;
        SortedMap<NodeId, Peer> next = new TreeMap<>(peers);
        next.remove(node);
        write(next);
    }

    private void write(SortedMap<NodeId, Peer> next) throws IOException {
        StringBuilder text = new StringBuilder();
        next.forEach((node, peer) -> text.append(node)
                .append('=')
                .append(format(peer.control()))
                .append(" data=")
                .append(format(peer.data()))
                .append('\n'));
        Path fresh = path.resolveSibling(path.getFileName() + ".new");
        Files.writeString(fresh, text);
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        peers = next;
    }
}
