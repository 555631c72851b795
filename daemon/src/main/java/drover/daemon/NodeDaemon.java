package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.control.HomeFiles;
import drover.daemon.control.HomeJobs;
import drover.daemon.control.JobLogs;
import drover.daemon.control.JobQueries;
import drover.daemon.control.LiveGuests;
import drover.daemon.control.LocalRequests;
import drover.daemon.deputy.LocalServer;
import drover.daemon.guest.GuestHost;
import drover.daemon.guest.Keeper;
import drover.daemon.journal.Journal;
import drover.daemon.links.FileLinks;
import drover.daemon.links.ImageLinks;
import drover.daemon.links.JobLinks;
import drover.daemon.links.PacketLinks;
import drover.daemon.network.GuestDevices;
import drover.daemon.network.HomeNetwork;
import drover.daemon.network.PacketPump;
import drover.daemon.orders.NodeOrders;
import drover.daemon.orders.OrderDesk;
import drover.daemon.placement.Placement;
import drover.daemon.security.NodeSecurity;
import drover.daemon.security.SecurityFailure;
import drover.daemon.security.SecurityPlaces;
import drover.homefs.cache.BlockStore;
import drover.homefs.server.FileServer;
import drover.homefs.server.FileServerConfig;
import drover.homefs.server.FileTransfer;
import drover.linux.syscall.Userfaultfd;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage;
import drover.protocol.link.LinkClass;
import drover.protocol.link.LinkConfig;
import drover.protocol.link.LinkHub;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One node of the cluster, wired: as a home the authority for its jobs and files, as a node a host for guests
/// of other homes. Everything here owns its own threads; this class only starts, connects and stops.
final class NodeDaemon implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NodeDaemon.class);

    private final Deque<AutoCloseable> running = new ArrayDeque<>();

    private NodeDaemon() {}

    /// Starts a node.
    ///
    /// @param libexec where the native programs are
    /// @throws StartFailure if it cannot, with a message for the user
    static NodeDaemon start(DaemonConfig config, Places places, Path libexec) throws StartFailure {
        return start(config, places, libexec, 1);
    }

    /// As [#start(DaemonConfig, Places, Path)].
    ///
    /// @param pace how many times as often as usual it does what a member of the group does all the time
    static NodeDaemon start(DaemonConfig config, Places places, Path libexec, int pace) throws StartFailure {
        NodeDaemon node = new NodeDaemon();
        try {
            node.wire(config, places, libexec, pace);
            return node;
        } catch (IOException | SQLException | RuntimeException | InternalError e) {
            node.close();
            LOG.debug("start", e);
            throw new StartFailure("the daemon cannot start: " + FailureWords.of(e, places.state()));
        } catch (StartFailure e) {
            node.close();
            throw e;
        }
    }

    private void wire(DaemonConfig config, Places places, Path libexec, int pace)
            throws StartFailure, IOException, SQLException {
        Files.createDirectories(places.run());
        Files.createDirectories(places.state());
        keep(DaemonLock.take(places.run()));
        NodeSecurity security = keep(openSecurity(places));
        NodeOrders orders = NodeOrders.open(places.state().resolve("orders"));
        Cluster cluster = keep(Cluster.prepare(config, places, security.identity(), pace));
        LinkHub.compressWith(libexec.resolveSibling("lib").resolve("libzstd-jni.so"));
        LinkHub hub = keep(new LinkHub(security.identity(), links(config), cluster::dataAddress));
        hub.cpuDemand(cluster.ownLoad()::cpuDemand);

        LiveGuests live = new LiveGuests();
        FileServer files = keep(new FileServer(
                FileServerConfig.ofMachine(config.name(), places.run(), places.state(), config.lease()), live, live));
        ImageLinks images = new ImageLinks(hub);
        FileLinks fileLinks = keep(new FileLinks(config.name(), hub, files, images));
        JobLinks jobLinks = new JobLinks(config.name(), hub);

        Keeper.Setup keeper = new Keeper.Setup(
                libexec.resolve("drover-keeper"),
                libexec.resolve("drover-init"),
                places.run(),
                places.state().resolve("images"),
                config.guestCgroup(),
                config.guestWeight());
        BlockStore content =
                keep(new BlockStore(places.state().resolve("content"), (long) config.keptContentMib() << 20));
        PacketLinks packetLinks = new PacketLinks(config.name(), hub);
        PacketPump pump = keep(new PacketPump());
        GuestDevices devices = new GuestDevices(pump, packetLinks);
        HomeNetwork network = keep(new HomeNetwork(config.jobNetwork(), live, places.run(), pump, packetLinks));
        packetLinks.connectEnds(
                new PacketLinks.Ends(network::fromNode, devices::fromHome, network::reached, devices::look));
        GuestHost guests = keep(new GuestHost(
                config, orders::openness, keeper, content, devices, new ToHome(jobLinks, fileLinks), images));
        fileLinks.connectMounts(guests.mounts());
        cluster.ownLoad().countGuests(guests::guestCount);
        cluster.ownLoad().askOpenness(orders::openness);
        OrderDesk desk = new OrderDesk(config.name(), orders, new OrderedNode(config, guests, cluster));
        cluster.receiveOrders(desk::received);

        Journal journal = keep(new Journal(places.state().resolve("journal.db")));
        Placement placement =
                new Placement(config.name(), cluster, config.guestMax(), orders::jobsStay, new SecureRandom());
        JobLogs logs = new JobLogs(places.state());
        OwnFiles ownFiles = new OwnFiles(files);
        HomeJobs jobs =
                keep(new HomeJobs(config, journal, cluster, placement, jobLinks, live, ownFiles, network, logs));
        jobLinks.connectEnds(new JobLinks.Ends(jobs::message, guests::message, jobs::nodeUp, jobs::nodeDown));

        hub.start();
        fileLinks.serveOwn();
        network.begin(jobs::message, jobLinks::isUp);
        jobs.begin();
        jobs.nodeUp(config.name());
        serveSecurity(security, hub, config, cluster);
        cluster.join(security.revocations());
        LocalRequests requests = new LocalRequests(
                jobs,
                new JobQueries(config.name(), jobs, ownFiles, logs),
                new NodeQueries(cluster.membership(), cluster, guests::fileCounters, desk));
        keep(new LocalServer(places.run().resolve("drover.sock"), requests));
        LOG.info("{} is up at {}", config.name(), hub.listenAddress());
    }

    private static LinkConfig links(DaemonConfig config) {
        LinkConfig links = LinkConfig.listeningOn(new InetSocketAddress(config.address(), config.dataPort()));
        return Userfaultfd.isAvailable() ? links : links.withoutPostCopy();
    }

    private static NodeSecurity openSecurity(Places places) throws IOException, StartFailure {
        try {
            return NodeSecurity.open(new SecurityPlaces(places.config(), places.state()), InstantSource.system());
        } catch (SecurityFailure e) {
            throw new StartFailure(String.valueOf(e.getMessage()));
        }
    }

    private void serveSecurity(NodeSecurity security, LinkHub hub, DaemonConfig config, Cluster cluster)
            throws IOException, StartFailure {
        try {
            security.start(hub, new InetSocketAddress(config.address(), config.enrolPort()), cluster::learn);
        } catch (SecurityFailure e) {
            throw new StartFailure(String.valueOf(e.getMessage()));
        }
    }

    private <T extends AutoCloseable> T keep(T part) {
        running.push(part);
        return part;
    }

    /// Stops everything in the opposite order. Guests on this node go on in the keeper's hands.
    @Override
    public void close() {
        while (!running.isEmpty()) {
            AutoCloseable part = running.pop();
            try {
                part.close();
            } catch (Exception e) {
                LOG.warn("closing {}: {}", part.getClass().getSimpleName(), e.toString());
            }
        }
    }

    /// Home's files, as its jobs need them.
    private record OwnFiles(FileServer server) implements HomeFiles {
        @Override
        public void expect(NodeId node) {
            server.expect(node);
        }

        @Override
        public void whenKnown(NodeId node, Runnable task) {
            server.whenKnown(node, task);
        }

        @Override
        public boolean isBehind(NodeId node) {
            return server.isBehind(node);
        }

        @Override
        public List<FileTransfer> transfersOf(GuestKey guest) {
            return server.transfersOf(guest);
        }

        @Override
        public boolean waitsForLock(GuestKey guest) {
            return server.waitsForLock(guest);
        }

        @Override
        public boolean carryLocks(GuestKey former, GuestKey next) {
            return server.carryLocks(former, next);
        }

        @Override
        public void guestEnded(GuestKey guest) {
            server.guestEnded(guest);
        }
    }

    /// This node, as those see it who give it orders.
    private record OrderedNode(DaemonConfig config, GuestHost guests, Cluster cluster) implements OrderDesk.Node {
        @Override
        public void guests(Consumer<List<GuestKey>> then) {
            guests.all(then);
        }

        @Override
        public boolean send(NodeId node, byte[] message) {
            return cluster.sendOrder(node, message);
        }

        @Override
        public boolean accepts(NodeId node) {
            return config.accepts(node);
        }
    }

    /// What guests say to their homes.
    private record ToHome(JobLinks jobs, FileLinks files) implements GuestHost.ToHome {
        @Override
        public void send(NodeId home, JobMessage message) {
            jobs.sendToHome(home, message);
        }

        @Override
        public boolean send(NodeId home, LinkClass linkClass, ByteBuf fileFrame) {
            return files.sendToHome(home, linkClass, fileFrame);
        }
    }
}
