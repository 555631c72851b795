package drover.daemon.security;

import drover.protocol.link.LinkHub;
import drover.protocol.mtls.IdentityFiles;
import drover.protocol.mtls.IdentityMaterial;
import drover.protocol.mtls.TlsIdentity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the running daemon does for its identity: renews its certificate in time, notices what commands changed
/// on disk, puts newer revocation lists in force at once, and, where the authority is, serves machines that
/// join. Thread rule: any thread.
public final class NodeSecurity implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeSecurity.class);
    /// What commands change here the kernel tells at once; where it cannot, that works within this.
    private static final Duration WATCH_PERIOD = Duration.ofSeconds(1);
    /// Where the kernel tells of changes, only the clock is looked at so often: it may be set.
    private static final Duration CALM_PERIOD = Duration.ofMinutes(1);
    /// After this part of its life a certificate is renewed: a third is left to try again.
    private static final double RENEW_AT = 2.0 / 3;

    private static final Duration RETRY_MIN = Duration.ofSeconds(1);
    private static final Duration RETRY_MAX = Duration.ofMinutes(10);

    private final SecurityPlaces places;
    private final InstantSource clock;
    private final TlsIdentity identity;
    private final RevocationList revocations;
    private final Enrolment enrolment;
    private Optional<EnrolmentServer> server = Optional.empty();
    private Thread watch;
    private Thread advertiser;
    private FileTime identityTime;
    private Instant nextRenewal = Instant.EPOCH;
    private Duration retry = RETRY_MIN;

    private NodeSecurity(SecurityPlaces places, InstantSource clock, TlsIdentity identity, RevocationList revocations)
            throws IOException {
        this.places = places;
        this.clock = clock;
        this.identity = identity;
        this.revocations = revocations;
        this.enrolment = new Enrolment(places, clock);
        this.identityTime = identityTime();
    }

    /// Reads the identity. The authority's own node renews a certificate that expired while it was off.
    ///
    /// @throws SecurityFailure when this machine is no node, or its certificate expired
    public static NodeSecurity open(SecurityPlaces places, InstantSource clock) throws IOException, SecurityFailure {
        if (!Files.exists(IdentityFiles.nodePem(places.identity())))
            throw new SecurityFailure(
                    "this machine is no node of a cluster yet; make one with: drover init, or join one"
                            + " with: drover join HOST --token T");
        IdentityMaterial material = IdentityFiles.read(places.identity());
        RevocationList revocations = RevocationList.open(places.revocations(), material.authority());
        var security = new NodeSecurity(places, clock, new TlsIdentity(material, revocations), revocations);
        if (security.isExpired()) {
            if (!places.hasAuthority())
                throw new SecurityFailure("the certificate of " + security.identity.node() + " expired on "
                        + material.certificate().getNotAfter().toInstant()
                        + "; if the clock is right, run drover leave, then drover join with a new token");
            security.renew();
        }
        return security;
    }

    public TlsIdentity identity() {
        return identity;
    }

    public RevocationList revocations() {
        return revocations;
    }

    /// Whether this node holds the authority.
    public boolean holdsAuthority() {
        return places.hasAuthority();
    }

    /// Begins to serve, to watch, and to cut the hub's links when their certificates are revoked.
    ///
    /// @param listen the enrolment port; used where the authority is
    /// @param joined hears of nodes that joined here
    /// @throws IOException when the enrolment port cannot be bound
    public void start(LinkHub hub, InetSocketAddress listen, Consumer<EnrolledNode> joined)
            throws IOException, SecurityFailure {
        revocations.onNewer(_ -> hub.disconnect(revocations::isRevoked, "its certificate was revoked"));
        if (places.hasAuthority()) {
            AuthorityStore store = AuthorityStore.open(places.authority(), clock);
            revocations.offer(store.revocations());
            server = Optional.of(new EnrolmentServer(store, revocations, identity, listen, joined));
        }
        if (server.isPresent()) advertise(server.get().address().getPort());
        watch = Thread.ofVirtual().name("security watch").start(this::watchFiles);
    }

    /// Apart, since it takes seconds, and a network without multicast is no reason not to serve.
    private void advertise(int port) throws IOException, SecurityFailure {
        InetAddress own = InetAddress.getByName(
                NodeSetup.of(places, Optional.empty(), Optional.empty()).self().address());
        if (own.isLoopbackAddress()) return;
        advertiser = Thread.ofPlatform().daemon().name("advertise").start(() -> {
            try (var _ = LanDiscovery.advertise(own, identity.node().name(), port, identity.clusterId())) {
                LOG.info("machines on the local network find this node by multicast DNS");
                Thread.sleep(Duration.ofDays(36_500));
            } catch (InterruptedException e) {
                // the daemon stops
            } catch (IOException | RuntimeException e) {
                LOG.warn("machines cannot find this node by multicast DNS: {}", e.getMessage());
            }
        });
    }

    /// Where machines may join, if the authority is here.
    public Optional<InetSocketAddress> enrolmentAddress() {
        return server.map(EnrolmentServer::address);
    }

    private void watchFiles() {
        try (WatchService changes = FileSystems.getDefault().newWatchService()) {
            places.identity()
                    .register(
                            changes,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY,
                            StandardWatchEventKinds.ENTRY_DELETE);
            while (true) {
                WatchKey changed = changes.poll(untilRenewal().toMillis(), TimeUnit.MILLISECONDS);
                if (changed != null) changed.pollEvents();
                look();
                if (changed != null && !changed.reset()) break; // the folder is gone; another one may come
            }
        } catch (InterruptedException e) {
            return;
        } catch (IOException e) {
            LOG.info("the kernel does not tell of changes in {}: {}", places.identity(), e.getMessage());
        }
        try {
            while (true) {
                Thread.sleep(WATCH_PERIOD);
                look();
            }
        } catch (InterruptedException e) {
            LOG.debug("the watch of the identity ends");
        }
    }

    private void look() {
        try {
            revocations.readAgain();
            reloadIfChanged();
            renewIfDue();
        } catch (IOException | RuntimeException e) {
            LOG.warn("the identity in {} cannot be watched: {}", places.identity(), e.getMessage());
        }
    }

    private void reloadIfChanged() throws IOException {
        FileTime now = identityTime();
        if (now.equals(identityTime)) return;
        identityTime = now;
        if (Files.exists(IdentityFiles.nodePem(places.identity()))) {
            identity.reload(places.identity());
            LOG.info("took a changed identity, valid until {}", end());
        } else {
            LOG.warn("the identity was removed: this node left the cluster; stop the daemon");
        }
    }

    private FileTime identityTime() throws IOException {
        var file = IdentityFiles.nodePem(places.identity());
        return Files.exists(file) ? Files.getLastModifiedTime(file) : FileTime.fromMillis(0);
    }

    /// Within the two periods.
    private Duration untilRenewal() {
        Duration left = Duration.between(clock.instant(), nextAttempt());
        if (left.compareTo(CALM_PERIOD) > 0) return CALM_PERIOD;
        return left.compareTo(WATCH_PERIOD) < 0 ? WATCH_PERIOD : left;
    }

    private Instant nextAttempt() {
        Instant due = renewalDue(identity.material().certificate());
        return due.isAfter(nextRenewal) ? due : nextRenewal;
    }

    private void renewIfDue() {
        Instant now = clock.instant();
        if (now.isBefore(nextAttempt())) return;
        if (!Files.exists(IdentityFiles.nodePem(places.identity()))) return;
        try {
            renew();
            retry = RETRY_MIN;
        } catch (IOException | SecurityFailure e) {
            LOG.warn(
                    "the certificate ends at {} and could not be renewed: {}; the next attempt is in {} s",
                    end(),
                    e.getMessage(),
                    retry.toSeconds());
            nextRenewal = now.plus(retry);
            retry = retry.multipliedBy(2).compareTo(RETRY_MAX) > 0 ? RETRY_MAX : retry.multipliedBy(2);
        }
    }

    static Instant renewalDue(X509Certificate certificate) {
        Instant begin = certificate.getNotBefore().toInstant().plus(Authority.CLOCK_TOLERANCE);
        Duration life = Duration.between(begin, certificate.getNotAfter().toInstant());
        return begin.plusMillis((long) (life.toMillis() * RENEW_AT));
    }

    private void renew() throws IOException, SecurityFailure {
        IdentityMaterial renewed;
        if (places.hasAuthority()) {
            AuthorityStore store = AuthorityStore.open(places.authority(), clock);
            KeyPair keys = Authority.newKeys();
            NodeSetup setup = NodeSetup.of(places, Optional.of(identity.node().name()), Optional.empty());
            X509Certificate certificate = store.certifyOwn(keys.getPublic(), setup.self());
            renewed = new IdentityMaterial(keys.getPrivate(), certificate, List.of(store.certificate()));
        } else {
            EnrolmentClient.Enrolled enrolled = EnrolmentClient.renew(enrolment.enrolmentAddresses(), identity);
            revocations.offer(enrolled.revocations().signed());
            renewed = enrolled.material();
        }
        IdentityFiles.write(places.identity(), renewed);
        identity.replace(renewed);
        identityTime = identityTime();
        LOG.info("renewed the certificate, valid until {}", end());
    }

    private Instant end() {
        return identity.material().certificate().getNotAfter().toInstant();
    }

    private boolean isExpired() {
        return !clock.instant().isBefore(end());
    }

    @Override
    public void close() {
        if (watch != null) watch.interrupt();
        if (advertiser != null) advertiser.interrupt();
        server.ifPresent(EnrolmentServer::close);
    }
}
