package drover.daemon.control;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import drover.daemon.config.DaemonConfig;
import drover.daemon.deputy.LocalServer;
import drover.daemon.journal.Journal;
import drover.daemon.placement.ClusterKnowledge;
import drover.daemon.placement.Placement;
import drover.homefs.server.FileTransfer;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.JobMessage.GuestStarted;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.concurrent.CompletableFuture;

/// A home with its real socket, journal and jobs, and nodes that the test plays.
final class TestHome implements AutoCloseable {
    /// Makes what the socket's callers meet.
    interface Calls {
        LocalServer.Listener of(HomeJobs jobs, JobQueries queries, LocalRequests.Nodes nodes);
    }

    /// Whose members may run jobs: there is one of that name on each Debian.
    static final String ALLOWED_GROUP = "users";

    final ScriptedNodes nodes;
    final HomeJobs jobs;
    final Path directory;
    /// The guests that were known when nodes could first be dialled.
    final List<GuestKey> guestsOfBefore;
    /// Whether nodes do not say that they heard of changes.
    volatile boolean filesAreBehind;
    /// What each guest is reading and writing.
    volatile List<FileTransfer> transfers = List.of();
    private final Journal journal;
    private final LocalServer server;

    TestHome(Path directory) throws Exception {
        this(directory, LocalRequests::new);
    }

    TestHome(Path directory, Calls calls) throws Exception {
        this(directory, new ScriptedNodes(), new HomeJobsIT.TwoNodes(), calls);
    }

    TestHome(Path directory, ScriptedNodes nodes, ClusterKnowledge knowledge, Calls calls) throws Exception {
        this(directory, nodes, knowledge, calls, Map.of());
    }

    /// @param more of its configuration
    TestHome(Path directory, ScriptedNodes nodes, ClusterKnowledge knowledge, Calls calls, Map<String, String> more)
            throws Exception {
        this(directory, nodes, knowledge, calls, more, new NoNetwork());
    }

    TestHome(
            Path directory,
            ScriptedNodes nodes,
            ClusterKnowledge knowledge,
            Calls calls,
            Map<String, String> more,
            JobNetwork network)
            throws Exception {
        this.directory = directory;
        this.nodes = nodes;
        Properties properties = new Properties();
        properties.putAll(Map.of(
                "name",
                "n1",
                "address",
                "127.0.0.1",
                "node-loss-seconds",
                "1",
                "job-loss-seconds",
                "1",
                "allow-group",
                ALLOWED_GROUP));
        properties.putAll(more);
        DaemonConfig config = DaemonConfig.parse(properties, "test");
        journal = new Journal(directory.resolve("journal.db"));
        JobLogs logs = new JobLogs(directory);
        Placement placement = new Placement(config.name(), knowledge, 100, () -> false, new Random(1));
        NoFiles files = new NoFiles();
        LiveGuests live = new LiveGuests();
        nodes.setDiallable(false);
        jobs = new HomeJobs(config, journal, knowledge, placement, nodes, live, files, network, logs);
        guestsOfBefore = knowledge.loads().keySet().stream()
                .map(live::on)
                .flatMap(List::stream)
                .toList();
        nodes.setDiallable(true);
        jobs.begin();
        JobQueries queries = new JobQueries(config.name(), jobs, files, logs);
        server = new LocalServer(directory.resolve("drover.sock"), calls.of(jobs, queries, new NoNodes()));
    }

    TestDeputy deputy() throws Exception {
        return new TestDeputy(directory.resolve("drover.sock"));
    }

    /// Has the deputy's job accepted and its guest started, and says where.
    ScriptedNodes.Sent started(TestDeputy deputy) throws Exception {
        deputy.expect(TestDeputy.ACCEPTED);
        ScriptedNodes.Sent start = nodes.awaitStart();
        jobs.message(start.node(), new GuestStarted(ScriptedNodes.guest(start), 77));
        deputy.expect(TestDeputy.STARTED);
        return start;
    }

    @Override
    public void close() {
        server.close();
        jobs.close();
        journal.close();
    }

    /// These tests ask for no nodes.
    private static final class NoNodes implements LocalRequests.Nodes {
        @Override
        public JsonNode nodes() {
            return JsonNodeFactory.instance.arrayNode();
        }

        @Override
        public CompletableFuture<JsonNode> order(String word, String node) {
            return CompletableFuture.failedFuture(new UnsupportedOperationException(word));
        }
    }

    /// The guests of these tests open no files.
    private final class NoFiles implements HomeFiles {
        @Override
        public boolean waitsForLock(GuestKey guest) {
            return false;
        }

        @Override
        public boolean carryLocks(GuestKey former, GuestKey next) {
            return true;
        }

        @Override
        public void expect(NodeId node) {}

        @Override
        public void whenKnown(NodeId node, Runnable task) {
            if (!filesAreBehind) task.run();
        }

        @Override
        public boolean isBehind(NodeId node) {
            return false;
        }

        @Override
        public List<FileTransfer> transfersOf(GuestKey guest) {
            return transfers;
        }

        @Override
        public void guestEnded(GuestKey guest) {}
    }
}
