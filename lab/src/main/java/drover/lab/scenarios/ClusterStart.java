package drover.lab.scenarios;

import com.fasterxml.jackson.databind.JsonNode;
import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.lab.namespaces.Programs;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Makes one cluster of a lab's nodes, as a person would: init on the first, a token, join on the others, a
/// daemon on each; then waits until every node lists every other as up.
public final class ClusterStart {
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(90);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final int LOG_LINES_SHOWN = 12;
    private static final String SPEED_FILE = "/var/lib/drover/speed";

    private final Lab lab;
    private final NodeQuestion question;
    private final Progress progress;
    private final Duration limit;

    /// Prepares to start; nothing happens before [#run].
    ///
    /// @param limit from the first daemon's start until all see all
    public ClusterStart(Lab lab, Progress progress, Duration limit) {
        this.lab = lab;
        this.question = new NodeQuestion(lab);
        this.progress = progress;
        this.limit = limit;
    }

    /// What a cold start of this many nodes may take on a loaded machine of two cores.
    public static Duration usualLimit(int nodes) {
        return Duration.ofSeconds(90 + 10L * nodes);
    }

    public void run() {
        List<NodeId> nodes = lab.plan().nodeIds();
        NodeId first = nodes.getFirst();
        nodes.forEach(this::configure);
        progress.say("making the cluster on " + first);
        drover(
                first,
                "init",
                "--name",
                first.name(),
                "--address",
                address(first),
                "--cluster",
                lab.plan().name());
        launchDaemon(first);
        awaitConvergence(List.of(first));
        List<NodeId> others = nodes.subList(1, nodes.size());
        others.forEach(node -> giveSpeed(first, node));
        if (!others.isEmpty()) joinAll(first, others);
        awaitConvergence(nodes);
    }

    /// A node that was killed: same disk, so it only needs its daemon.
    public void restart(NodeId node) {
        launchDaemon(node);
    }

    private void joinAll(NodeId first, List<NodeId> others) {
        String token = drover(first, "token", "--uses", Integer.toString(others.size()))
                .strip()
                .lines()
                .reduce((earlier, later) -> later)
                .orElseThrow(() -> new LabException("`drover token` on " + first + " printed no token"));
        // As many at once as there are cores: each is a JVM that starts.
        try (ExecutorService starters =
                Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
            List<Future<Void>> joining = new ArrayList<>();
            for (NodeId node : others) joining.add(starters.submit(join(first, node, token)));
            int done = 0;
            for (Future<Void> each : joining) {
                progress.at("nodes joining", done++, joining.size());
                await(each, starters);
            }
        }
    }

    private Callable<Void> join(NodeId first, NodeId node, String token) {
        return () -> {
            drover(node, "join", address(first), "--token", token, "--name", node.name(), "--address", address(node));
            launchDaemon(node);
            return null;
        };
    }

    private static void await(Future<Void> each, ExecutorService starters) {
        try {
            each.get();
        } catch (ExecutionException e) {
            starters.shutdownNow();
            if (e.getCause() instanceof LabException failure) throw failure;
            throw new LabException("a node could not join: " + e.getCause(), e);
        } catch (InterruptedException e) {
            starters.shutdownNow();
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }

    private void configure(NodeId node) {
        Path file = lab.fileOf(node, "/etc/drover/drover.properties");
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(
                    file,
                    "name=" + node + "\naddress=" + address(node) + "\nguest-cgroup=" + lab.group(node, "quota/guests")
                            + "\n");
        } catch (IOException e) {
            throw new LabException("cannot write the configuration of " + node + ": " + e.getMessage(), e);
        }
    }

    /// All nodes are this machine: its speed need not be measured for each, half a second of CPU a node.
    private void giveSpeed(NodeId measured, NodeId node) {
        Path speed = lab.fileOf(node, SPEED_FILE);
        try {
            Files.createDirectories(speed.getParent());
            Files.copy(lab.fileOf(measured, SPEED_FILE), speed, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new LabException("cannot tell " + node + " the speed of this machine: " + e.getMessage(), e);
        }
    }

    private String address(NodeId node) {
        return lab.plan().addressOf(node);
    }

    private String drover(NodeId node, String... arguments) {
        List<String> command = new ArrayList<>(List.of("drover"));
        command.addAll(List.of(arguments));
        Programs.Outcome outcome = lab.systemOf(node).run(COMMAND_LIMIT, command.toArray(String[]::new));
        if (!outcome.succeeded())
            throw new LabException("`drover " + arguments[0] + "` on " + node + " failed with exit status "
                    + outcome.exitStatus() + ": " + outcome.errors().strip());
        return outcome.output();
    }

    private void launchDaemon(NodeId node) {
        lab.systemOf(node).launch(List.of("drover", "daemon"));
    }

    /// Waits until each of these nodes lists all of them as up.
    public void awaitConvergence(List<NodeId> nodes) {
        Set<NodeId> expected = new LinkedHashSet<>(nodes);
        Set<NodeId> pending = new LinkedHashSet<>(nodes);
        long deadline = System.nanoTime() + limit.toNanos();
        String lastSeen = "";
        while (!pending.isEmpty()) {
            NodeId asked = pending.iterator().next();
            Set<NodeId> missing = new LinkedHashSet<>(expected);
            missing.removeAll(upAsSeenBy(asked));
            if (missing.isEmpty()) {
                pending.remove(asked);
                progress.at("nodes see all others", nodes.size() - pending.size(), nodes.size());
                continue;
            }
            lastSeen = asked + " does not list as up: " + names(missing);
            if (System.nanoTime() - deadline > 0) {
                progress.clear();
                throw new LabException("the cluster did not come together within " + limit.toSeconds() + " s: "
                        + lastSeen
                        + "\n" + tails(asked, missing)
                        + "see: drover lab logs NODE --name " + lab.plan().name());
            }
            pause();
        }
    }

    /// Empty while the node's daemon does not answer.
    private Set<NodeId> upAsSeenBy(NodeId node) {
        Set<NodeId> found = new TreeSet<>();
        for (JsonNode each : question.nodes(node))
            if (each.path("state").asText().equals("up"))
                found.add(new NodeId(each.path("name").asText()));
        return found;
    }

    private String tails(NodeId asked, Set<NodeId> missing) {
        Set<NodeId> shown = new LinkedHashSet<>();
        shown.add(asked);
        missing.stream().limit(3).forEach(shown::add);
        StringBuilder text = new StringBuilder();
        for (NodeId node : shown) {
            text.append("--- end of the log of ").append(node).append('\n');
            text.append(tail(node));
        }
        return text.toString();
    }

    private String tail(NodeId node) {
        try {
            List<String> lines = Files.exists(lab.directory().log(node))
                    ? Files.readAllLines(lab.directory().log(node))
                    : List.of();
            if (lines.isEmpty()) return "(empty)\n";
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size())) + "\n";
        } catch (IOException e) {
            return "(cannot be read: " + e.getMessage() + ")\n";
        }
    }

    private static String names(Set<NodeId> nodes) {
        return String.join(", ", nodes.stream().map(NodeId::name).toList());
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }
}
