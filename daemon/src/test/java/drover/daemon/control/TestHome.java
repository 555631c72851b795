package drover.daemon.control;

import drover.daemon.config.DaemonConfig;
import drover.daemon.deputy.LocalServer;
import drover.daemon.journal.Journal;
import drover.daemon.placement.Placement;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.function.UnaryOperator;

/// A home with its real socket, journal and jobs, and nodes that the test plays.
final class TestHome implements AutoCloseable {
    final ScriptedNodes nodes = new ScriptedNodes();
    final HomeJobs jobs;
    final Path directory;
    private final Journal journal;
    private final LocalServer server;

    TestHome(Path directory) throws Exception {
        this(directory, calls -> calls);
    }

    /// @param wrap may change what the socket's callers meet
    TestHome(Path directory, UnaryOperator<LocalServer.Listener> wrap) throws Exception {
        this.directory = directory;
        Properties properties = new Properties();
        properties.putAll(Map.of("name", "n1", "address", "127.0.0.1", "node-loss-seconds", "1"));
        DaemonConfig config = DaemonConfig.parse(properties, "test");
        journal = new Journal(directory.resolve("journal.db"));
        HomeJobsIT.TwoNodes knowledge = new HomeJobsIT.TwoNodes();
        JobLogs logs = new JobLogs(directory);
        Placement placement = new Placement(config.name(), knowledge, 100, new Random(1));
        jobs = new HomeJobs(config, journal, knowledge, placement, nodes, new LiveGuests(), guest -> {}, logs);
        JobQueries queries = new JobQueries(config.name(), jobs, logs);
        server = new LocalServer(directory.resolve("drover.sock"), wrap.apply(new HomeJobsIT.Calls(jobs, queries)));
    }

    TestDeputy deputy() throws Exception {
        return new TestDeputy(directory.resolve("drover.sock"));
    }

    @Override
    public void close() {
        server.close();
        jobs.close();
        journal.close();
    }
}
