package drover.daemon.membership;

import drover.daemon.membership.wire.MemberAddress;
import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jgroups.Address;
import org.jgroups.View;

/// All nodes this node knows, and what is thought of each. Thread-safe; turns views and broken links into events.
final class Roster {
    /// As many as the file of known peers holds; who left before those is in no view any more.
    private static final int LEFT_LIMIT = 4096;

    private final NodeId self;
    private final InstantSource clock;
    private final Map<NodeId, Member> members = new TreeMap<>(); // changed by put and forget alone
    private SortedSet<Member> all; // the same by name, made when it is asked for; null after a change
    private final Map<NodeId, Address> addresses = new HashMap<>(); // the latest group address of each node
    /// The group addresses of nodes that left for good: views may list them for a while yet.
    private final SequencedSet<Address> left = new LinkedHashSet<>();

    private final Set<Address> closed = new HashSet<>(); // addresses whose last link ended

    Roster(NodeId self, Map<NodeId, PeerFile.Peer> known, InstantSource clock) {
        this.self = self;
        this.clock = clock;
        Instant now = clock.instant();
        known.forEach((node, peer) ->
                members.put(node, new Member(node, peer.control(), peer.data(), MemberState.DOWN, now)));
    }

    synchronized SortedSet<Member> all() {
        if (all == null) {
            SortedSet<Member> sorted = new TreeSet<>(Comparator.comparing(Member::node));
            sorted.addAll(members.values());
            all = Collections.unmodifiableSortedSet(sorted);
        }
        return all;
    }

    private void put(Member member) {
        members.put(member.node(), member);
        all = null;
    }

    synchronized Optional<Member> get(NodeId node) {
        return Optional.ofNullable(members.get(node));
    }

    /// The group address to send to, if the node is up.
    synchronized Optional<Address> address(NodeId node) {
        Member member = members.get(node);
        if (member == null || member.state() != MemberState.UP || node.equals(self)) return Optional.empty();
        return Optional.ofNullable(addresses.get(node));
    }

    /// Forgets a node that left for good. It is seen again only by a later start.
    synchronized boolean forget(NodeId node) {
        Address address = addresses.remove(node);
        closed.remove(address);
        if (address != null && left.add(address) && left.size() > LEFT_LIMIT) left.removeFirst();
        all = null;
        return members.remove(node) != null;
    }

    synchronized List<MembershipEvent> accept(View view) {
        List<MembershipEvent> events = new ArrayList<>();
        Instant now = clock.instant();
        Map<NodeId, Address> present = latestAddresses(view);
        present.forEach((node, address) -> seen(node, address, now).ifPresent(events::add));
        for (Member member : List.copyOf(members.values())) {
            if (member.state() != MemberState.UP || present.containsKey(member.node())) continue;
            Address address = addresses.get(member.node());
            Member lost = member.in(closed.contains(address) ? MemberState.DOWN : MemberState.HUNG, now);
            put(lost);
            events.add(new MembershipEvent.Lost(lost));
        }
        closed.retainAll(addresses.values());
        return events;
    }

    private Map<NodeId, Address> latestAddresses(View view) {
        Map<NodeId, Address> latest = new TreeMap<>();
        for (Address address : view.getMembers())
            if (!left.contains(address))
                MemberAddress.of(address)
                        .ifPresent(member -> latest.merge(
                                member.node(), address, (old, next) -> Membership.isLater(next, old) ? next : old));
        return latest;
    }

    private Optional<MembershipEvent> seen(NodeId node, Address address, Instant now) {
        MemberAddress says = MemberAddress.of(address).orElseThrow();
        Member before = members.get(node);
        Address addressBefore = addresses.put(node, address);
        boolean sameStart = address.equals(addressBefore);
        if (before != null && before.state() == MemberState.UP && sameStart) return Optional.empty();
        closed.remove(address);
        Member up = new Member(node, says.control(), says.data(), MemberState.UP, now);
        put(up);
        if (!sameStart && addressBefore != null) closed.remove(addressBefore);
        return Optional.of(sameStart ? new MembershipEvent.Back(up) : new MembershipEvent.Joined(up));
    }

    /// A peer that had ended its last link has another: its process lives.
    synchronized void linkBegan(Address address) {
        closed.remove(address);
    }

    /// The last link from a peer ended: when it leaves the view, it is down and not only hung.
    synchronized List<MembershipEvent> linksEnded(Address address, NodeId node) {
        if (!address.equals(addresses.get(node))) return List.of(); // an earlier start of it
        closed.add(address);
        Member member = members.get(node);
        if (member == null || member.state() != MemberState.HUNG) return List.of();
        Member down = member.in(MemberState.DOWN, clock.instant());
        put(down);
        return List.of(new MembershipEvent.Lost(down));
    }

    /// No daemon listens where these nodes were: they are down and not only hung.
    synchronized List<MembershipEvent> refused(InetSocketAddress control) {
        List<MembershipEvent> events = new ArrayList<>();
        for (Member member : List.copyOf(members.values()))
            if (member.control().equals(control) && addresses.containsKey(member.node()))
                events.addAll(linksEnded(addresses.get(member.node()), member.node()));
        return events;
    }

    /// Where the other members of a view are reached.
    synchronized Map<NodeId, PeerFile.Peer> peersOf(View view) {
        Map<NodeId, PeerFile.Peer> peers = new TreeMap<>();
        latestAddresses(view).forEach((node, address) -> {
            if (!node.equals(self) && members.containsKey(node)) {
                MemberAddress says = MemberAddress.of(address).orElseThrow();
                peers.put(node, new PeerFile.Peer(says.control(), says.data()));
            }
        });
        return peers;
    }
}
