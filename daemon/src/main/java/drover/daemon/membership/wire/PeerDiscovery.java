package drover.daemon.membership.wire;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jgroups.Address;
import org.jgroups.BytesMessage;
import org.jgroups.EmptyMessage;
import org.jgroups.Message;
import org.jgroups.PhysicalAddress;
import org.jgroups.View;
import org.jgroups.conf.ClassConfigurator;
import org.jgroups.protocols.Discovery;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.PingData;
import org.jgroups.protocols.PingHeader;
import org.jgroups.util.NameCache;
import org.jgroups.util.Responses;
import org.jspecify.annotations.Nullable;

/// Finds members through the known peers.
///
/// Deviations from JGroups' TCPPING, each for a reason measured in docs/adr/0003-cold-start.md:
/// - a node that answers also names the other nodes it heard looking for a cluster in the last seconds, and its
///   coordinator: with one seed, all nodes that start together see the same candidates and choose the same founder;
/// - once it is a member, a node asks only peers that are not in its view (a few each time), and one member at
///   random, while nobody is missing only now and then: a cluster that is whole costs almost nothing, and a split
///   one is found quickly.
/// - whoever is asked by a member of its own view says what that view is: it may have been given up alone.
public final class PeerDiscovery extends Discovery {
    private static final short PROTOCOL_ID = 1041;
    private static final int STRANGERS_PER_ROUND = 8; // constant cost however many known peers are down
    /// While nobody is missing, a member is asked in each eighth round only. That finds views which name the same
    /// members and yet differ. A round takes a second or two, and asking costs three messages.
    private static final int WHOLE_ROUNDS = 8;
    private static final long CANDIDATE_NS = TimeUnit.SECONDS.toNanos(3); // two join rounds
    private static final long PATIENCE_NS =
            TimeUnit.SECONDS.toNanos(15); // then it is better to found a group and merge
    private static final long LOOK_MS = 50;
    private static final int CANDIDATE_LIMIT = 512; // in one answer, it must fit one frame

    static {
        ClassConfigurator.addProtocol(PROTOCOL_ID, PeerDiscovery.class);
    }

    private record Candidate(PingData data, long heardNs) {}

    private final Supplier<? extends Collection<InetSocketAddress>> knownPeers;
    private final TlsTransport links;
    private final Map<Address, Candidate> candidates = new ConcurrentHashMap<>();
    private final AtomicInteger wholeRounds = new AtomicInteger();
    /// The view in which the last round that looked found nobody missing. Known peers change with views only.
    private volatile @Nullable View whole;

    public PeerDiscovery(Supplier<? extends Collection<InetSocketAddress>> knownPeers, TlsTransport links) {
        this.links = links;
        this.knownPeers = knownPeers;
        setId(PROTOCOL_ID);
    }

    @Override
    public boolean isDynamic() {
        return true;
    }

    /// As JGroups' own, but a starting node that is shaking hands with some peer waits for its answer: in a
    /// cold start of a whole cluster the first handshakes take seconds of CPU.
    @Override
    public Responses findMembers(List<Address> wanted, boolean initial, boolean async, long timeoutMs) {
        if (wanted == null && !initial && restsThisRound()) return new Responses(true);
        Responses responses = super.findMembers(wanted, initial, async, timeoutMs);
        long start = System.nanoTime();
        while (initial
                && responses.isEmpty()
                && System.nanoTime() - start < PATIENCE_NS
                && (System.nanoTime() - start < timeoutMs * 1_000_000 || links.isGreetingSomebody()))
            responses.waitFor(LOOK_MS);
        return responses;
    }

    /// True for all rounds but each eighth while nobody is missing or asking: those cost next to nothing.
    private boolean restsThisRound() {
        View current = view;
        return current != null
                && current.equals(whole)
                && candidates.isEmpty()
                && wholeRounds.incrementAndGet() % WHOLE_ROUNDS != 0;
    }

    @Override
    protected void findMembers(List<Address> wanted, boolean initial, Responses responses) {
        if (wanted != null) {
            answerFromAddresses(wanted, responses);
            return;
        }
        for (PhysicalAddress target : initial ? everybody() : strangers()) ask(target, initial);
    }

    private void answerFromAddresses(List<Address> wanted, Responses responses) {
        for (Address address : wanted)
            MemberAddress.of(address)
                    .ifPresent(member -> responses.addResponse(
                            new PingData(address, true, member.node().name(), MemberAddress.physical(member.control())),
                            false));
    }

    private Set<PhysicalAddress> everybody() {
        Set<PhysicalAddress> targets = new LinkedHashSet<>();
        knownPeers.get().forEach(peer -> targets.add(MemberAddress.physical(peer)));
        freshCandidates().forEach(data -> targets.add(data.getPhysicalAddr()));
        targets.remove(physicalOf(local_addr));
        return targets;
    }

    private Collection<PhysicalAddress> strangers() {
        Set<PhysicalAddress> inView = new HashSet<>();
        View current = view;
        List<Address> members = current == null ? List.of() : current.getMembers();
        members.forEach(member -> inView.add(physicalOf(member)));
        List<PhysicalAddress> targets = new ArrayList<>(everybody());
        targets.removeAll(inView);
        Collections.shuffle(targets, ThreadLocalRandom.current());
        whole = targets.isEmpty() && members.size() > 1 ? current : null;
        if (targets.size() > STRANGERS_PER_ROUND)
            targets.subList(STRANGERS_PER_ROUND, targets.size()).clear();
        if (members.size() > 1 && (!targets.isEmpty() || wholeRounds.get() % WHOLE_ROUNDS == 0)) {
            Address one = members.get(ThreadLocalRandom.current().nextInt(members.size()));
            if (!one.equals(local_addr)) targets.add(physicalOf(one));
        }
        return targets;
    }

    private void ask(PhysicalAddress target, boolean initial) {
        PingData self = new PingData(local_addr, false, NameCache.get(local_addr), physicalOf(local_addr));
        Message request = new BytesMessage(target)
                .setFlag(Message.Flag.DONT_BUNDLE, Message.Flag.OOB)
                .setFlag(Message.TransientFlag.DONT_LOOPBACK)
                .putHeader(
                        id,
                        new PingHeader(PingHeader.GET_MBRS_REQ)
                                .clusterName(cluster_name)
                                .initialDiscovery(initial));
        request.setArray(marshal(self));
        down_prot.down(request);
    }

    @Override
    protected Object handle(PingHeader header, Message message) {
        boolean looking = header.type() == PingHeader.GET_MBRS_REQ && header.initialDiscovery();
        List<PingData> more = looking ? othersToName(message.getSrc()) : List.of();
        Object result = super.handle(header, message);
        if (looking && !more.isEmpty()) sendDiscoveryResponse(more, message.getSrc());
        return result;
    }

    @Override
    public void discoveryRequestReceived(Address sender, String name, PhysicalAddress physical) {
        if (physical == null) return;
        View current = view;
        if (current != null && current.containsMember(sender)) {
            tellView(sender, current);
            return;
        }
        candidates.put(sender, new Candidate(new PingData(sender, false, name, physical), System.nanoTime()));
    }

    /// Who looks for a member of this view may have given this node up, which knows nothing of it and looks for
    /// nobody; and views are merged by a coordinator that has heard of both.
    private void tellView(Address sender, View current) {
        Message word = new EmptyMessage(sender)
                .setFlag(Message.Flag.DONT_BUNDLE, Message.Flag.OOB)
                .putHeader(
                        ClassConfigurator.getProtocolId(MERGE3.class),
                        MERGE3.MergeHeader.createInfo(
                                current.getViewId(), NameCache.get(local_addr), physicalOf(local_addr)));
        down_prot.down(word);
    }

    private List<PingData> othersToName(Address asker) {
        List<PingData> others = new ArrayList<>();
        Address coordinator = current_coord;
        if (is_server && coordinator != null) {
            if (!coordinator.equals(local_addr))
                others.add(new PingData(coordinator, true, NameCache.get(coordinator), physicalOf(coordinator))
                        .coord(true));
            return others; // there is a cluster to join: other candidates do not matter
        }
        for (PingData data : freshCandidates())
            if (!data.getAddress().equals(asker) && others.size() < CANDIDATE_LIMIT) others.add(data);
        return others;
    }

    private List<PingData> freshCandidates() {
        long now = System.nanoTime();
        candidates.values().removeIf(candidate -> now - candidate.heardNs() > CANDIDATE_NS);
        return candidates.values().stream().map(Candidate::data).toList();
    }

    private static PhysicalAddress physicalOf(Address address) {
        return MemberAddress.of(address)
                .map(member -> MemberAddress.physical(member.control()))
                .orElse(null);
    }
}
