package drover.daemon.security;

import drover.model.NodeId;
import drover.protocol.mtls.IdentityFiles;
import drover.protocol.mtls.IdentityMaterial;
import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// The steps by which a machine becomes a node and ceases to be one, on its files.
public final class Enrolment {
    private static final int CLUSTER_NAME_LIMIT = 40;

    private final SecurityPlaces places;
    private final InstantSource clock;

    public Enrolment(SecurityPlaces places, InstantSource clock) {
        this.places = places;
        this.clock = clock;
    }

    /// Makes a cluster, its authority, and this machine its first node.
    ///
    /// @return the cluster's id: its name and eight random digits, so that two clusters of one name stay apart
    public String init(Optional<String> name, Optional<String> address, String cluster, Duration certificateLife)
            throws IOException, SecurityFailure {
        refuseIfNode();
        if (places.hasAuthority())
            throw new SecurityFailure("there is an authority in " + places.authority()
                    + " already; if it is not needed any more, remove that directory first");
        if (!cluster.matches("[A-Za-z0-9][A-Za-z0-9-]*") || cluster.length() > CLUSTER_NAME_LIMIT)
            throw new SecurityFailure(
                    "a cluster's name is 1 to " + CLUSTER_NAME_LIMIT + " letters, digits and -, got '" + cluster + "'");
        NodeSetup setup = NodeSetup.of(places, name, address);
        byte[] random = new byte[4];
        new SecureRandom().nextBytes(random);
        String clusterId = cluster + "-" + HexFormat.of().formatHex(random);
        AuthorityStore store = AuthorityStore.create(places.authority(), clusterId, certificateLife, clock);
        KeyPair keys = Authority.newKeys();
        var certificate = store.certifyOwn(keys.getPublic(), setup.self());
        IdentityFiles.replace(places.revocations(), store.revocations());
        writeLines(places.enrolment(), List.of(new HostPort(setup.self().address(), setup.enrolPort()).toString()));
        IdentityFiles.write(
                places.identity(), new IdentityMaterial(keys.getPrivate(), certificate, List.of(store.certificate())));
        setup.writeConfiguration(places.config());
        return clusterId;
    }

    /// A join token of this cluster, as text.
    public String token(Duration life, int uses) throws IOException, SecurityFailure {
        return AuthorityStore.open(places.authority(), clock)
                .issueToken(life, uses, enrolmentAddresses())
                .text();
    }

    /// Makes this machine a node of the token's cluster.
    ///
    /// @param host where to ask, before the token's own addresses; without it the local network is asked last
    /// @return the node it is now
    public EnrolledNode join(Optional<String> host, String tokenText, Optional<String> name, Optional<String> address)
            throws IOException, SecurityFailure {
        refuseIfNode();
        JoinToken token = JoinToken.parse(tokenText);
        NodeSetup setup = NodeSetup.of(places, name, address);
        List<HostPort> named = named(host, token);
        Asked asked;
        try {
            if (named.isEmpty()) throw new IOException("the token names no address");
            asked = new Asked(named, EnrolmentClient.join(named, token, setup.self()));
        } catch (IOException e) {
            if (host.isPresent()) throw e;
            List<HostPort> found =
                    LanDiscovery.find(InetAddress.getByName(setup.self().address()));
            if (found.isEmpty())
                throw new SecurityFailure(
                        e.getMessage() + "; nobody on the local network answered either. Name the authority's node:"
                                + " drover join HOST --token T",
                        e);
            asked = new Asked(found, EnrolmentClient.join(found, token, setup.self()));
        }
        EnrolmentClient.Enrolled enrolled = asked.enrolled();
        setup.writeConfiguration(places.config());
        IdentityFiles.replace(places.revocations(), enrolled.revocations().signed());
        writeLines(
                places.enrolment(),
                asked.addresses().stream().map(HostPort::toString).toList());
        writeLines(
                places.peers(),
                enrolled.peers().stream()
                        .filter(peer -> !peer.node().equals(setup.self().node()))
                        .map(EnrolledNode::peerLine)
                        .toList());
        IdentityFiles.write(places.identity(), enrolled.material()); // last: with it the machine is a node
        return setup.self();
    }

    /// Who was asked, and what it gave.
    private record Asked(List<HostPort> addresses, EnrolmentClient.Enrolled enrolled) {}

    private static List<HostPort> named(Optional<String> host, JoinToken token) throws SecurityFailure {
        var addresses = new LinkedHashSet<HostPort>();
        try {
            host.ifPresent(text -> addresses.add(HostPort.parse(text, EnrolmentServer.DEFAULT_PORT)));
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(e.getMessage(), e);
        }
        addresses.addAll(token.addresses());
        return List.copyOf(addresses);
    }

    /// Gives up this node's certificates and removes its identity.
    ///
    /// @return what could not be done, if the authority could not be told
    public Optional<String> leave() throws IOException, SecurityFailure {
        if (places.hasAuthority())
            throw new SecurityFailure("this node holds the cluster's authority: without it nobody can join, renew or be"
                    + " revoked. Save it (drover ca backup FILE), restore it on another node (drover ca restore FILE),"
                    + " remove " + places.authority() + " here, then leave");
        TlsIdentity identity = identity();
        NodeId node = identity.node();
        Optional<String> untold = Optional.empty();
        try {
            EnrolmentClient.leave(enrolmentAddresses(), identity);
        } catch (IOException | SecurityFailure e) {
            untold = Optional.of(
                    "the authority could not be told: " + e.getMessage() + "; run there: drover revoke " + node);
        }
        Files.deleteIfExists(IdentityFiles.nodePem(places.identity()));
        Files.deleteIfExists(places.revocations());
        Files.deleteIfExists(places.enrolment());
        Files.deleteIfExists(places.peers());
        return untold;
    }

    /// Revokes a node. A daemon that runs here spreads the new list within a second.
    public void revoke(NodeId node) throws IOException, SecurityFailure {
        AuthorityStore store = AuthorityStore.open(places.authority(), clock);
        byte[] list = store.revoke(node);
        RevocationList.open(places.revocations(), store.certificate()).offer(list);
    }

    /// Saves the authority, encrypted.
    public void backup(Path file, char[] passphrase) throws IOException, SecurityFailure {
        AuthorityBackup.write(places.authority(), file, passphrase);
    }

    /// Makes this node the holder of a saved authority.
    ///
    /// @return the cluster's id
    public String restore(Path file, char[] passphrase) throws IOException, SecurityFailure {
        if (Files.exists(IdentityFiles.nodePem(places.identity()))) {
            String own = IdentityFiles.read(places.identity()).clusterId();
            return AuthorityBackup.restore(file, places.authority(), passphrase, Optional.of(own));
        }
        return AuthorityBackup.restore(file, places.authority(), passphrase, Optional.empty());
    }

    List<HostPort> enrolmentAddresses() throws IOException, SecurityFailure {
        if (!Files.exists(places.enrolment()))
            throw new SecurityFailure("there is no " + places.enrolment()
                    + ", so the authority's address is not known; write it there as host:port");
        try {
            return Files.readAllLines(places.enrolment()).stream()
                    .filter(line -> !line.isBlank())
                    .map(line -> HostPort.parse(line.strip(), EnrolmentServer.DEFAULT_PORT))
                    .toList();
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(places.enrolment() + ": " + e.getMessage(), e);
        }
    }

    private TlsIdentity identity() throws IOException, SecurityFailure {
        if (!Files.exists(IdentityFiles.nodePem(places.identity())))
            throw new SecurityFailure("this machine is no node of a cluster; there is nothing to leave");
        return TlsIdentity.load(places.identity(), Revocations.NONE);
    }

    private void refuseIfNode() throws IOException, SecurityFailure {
        if (!Files.exists(IdentityFiles.nodePem(places.identity()))) return;
        IdentityMaterial present = IdentityFiles.read(places.identity());
        throw new SecurityFailure("this machine is node " + present.identity().node() + " of cluster "
                + present.clusterId() + " already; leave it first: drover leave");
    }

    private static void writeLines(Path file, List<String> lines) throws IOException {
        IdentityFiles.replace(
                file,
                lines.stream()
                        .map(line -> line + "\n")
                        .collect(Collectors.joining())
                        .getBytes(StandardCharsets.UTF_8));
    }
}
