package drover.lab.command;

import drover.lab.scenarios.ClusterStart;
import drover.lab.scenarios.Progress;
import drover.model.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// What can happen to nodes. Each returns when it has happened.
final class NodeCommands {
    private NodeCommands() {}

    @Command(name = "kill", description = "Everything of the node dies at once, as when the power fails.")
    static final class Kill implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Option(
                names = "--silent",
                description = "cut the link first: otherwise its kernel still closes its connections")
        boolean silent;

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> ids(nodes).forEach(node -> it.kill(node, silent)));
            return 0;
        }
    }

    @Command(name = "start", description = "Boots a node that was killed: same disk, nothing else is left of it.")
    static final class Start implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Option(names = "--no-daemon", description = "boot it, but do not start its daemon")
        boolean noDaemon;

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> {
                var cluster = new ClusterStart(it, Progress.onStderr(), ClusterStart.usualLimit(1));
                for (NodeId node : ids(nodes)) {
                    it.boot(node);
                    if (!noDaemon) cluster.restart(node);
                }
            });
            return 0;
        }
    }

    @Command(name = "stop", description = "The whole node hangs: every process of it is frozen.")
    static final class Stop implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> ids(nodes).forEach(it::stop));
            return 0;
        }
    }

    @Command(name = "cont", description = "A node that hangs goes on.")
    static final class Cont implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> ids(nodes).forEach(it::goOn));
            return 0;
        }
    }

    @Command(
            name = "partition",
            description = "Cuts nodes off from all others; those named together still see each other.")
    static final class Partition implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> it.partition(ids(nodes)));
            return 0;
        }
    }

    @Command(name = "heal", description = "Ends partitions: of the nodes named, or of all.")
    static final class Heal implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Parameters(arity = "0..*", paramLabel = "NODE")
        List<String> nodes = new ArrayList<>();

        @Override
        public Integer call() {
            lab.change(it -> (nodes.isEmpty() ? it.plan().nodeIds() : ids(nodes)).forEach(it::heal));
            return 0;
        }
    }

    private static List<NodeId> ids(List<String> nodes) {
        return nodes.stream().map(NameOption::node).toList();
    }
}
