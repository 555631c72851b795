package drover.lab.command;

import drover.lab.namespaces.Lab;
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

    /// One that must be told which nodes.
    abstract static class OnNodes implements Callable<Integer> {
        @Mixin
        NameOption lab = new NameOption();

        @Parameters(arity = "1..*", paramLabel = "NODE")
        List<String> names = new ArrayList<>();

        abstract void change(Lab it, List<NodeId> nodes);

        @Override
        public final Integer call() {
            lab.change(it -> change(it, ids(names)));
            return 0;
        }
    }

    @Command(name = "kill", description = "Everything of the node dies at once, as when the power fails.")
    static final class Kill extends OnNodes {
        @Option(
                names = "--silent",
                description = "cut the link first: otherwise its kernel still closes its connections")
        boolean silent;

        @Override
        void change(Lab it, List<NodeId> nodes) {
            nodes.forEach(node -> it.kill(node, silent));
        }
    }

    @Command(name = "start", description = "Boots a node that was killed: same disk, nothing else is left of it.")
    static final class Start extends OnNodes {
        @Option(names = "--no-daemon", description = "boot it, but do not start its daemon")
        boolean noDaemon;

        @Override
        void change(Lab it, List<NodeId> nodes) {
            var cluster = new ClusterStart(it, Progress.onStderr(), ClusterStart.usualLimit(1));
            for (NodeId node : nodes) {
                it.boot(node);
                if (!noDaemon) cluster.restart(node);
            }
        }
    }

    @Command(name = "stop", description = "The whole node hangs: every process of it is frozen.")
    static final class Stop extends OnNodes {
        @Override
        void change(Lab it, List<NodeId> nodes) {
            nodes.forEach(it::stop);
        }
    }

    @Command(name = "cont", description = "A node that hangs goes on.")
    static final class Cont extends OnNodes {
        @Override
        void change(Lab it, List<NodeId> nodes) {
            nodes.forEach(it::goOn);
        }
    }

    @Command(
            name = "partition",
            description = "Cuts nodes off from all others; those named together still see each other.")
    static final class Partition extends OnNodes {
        @Override
        void change(Lab it, List<NodeId> nodes) {
            it.partition(nodes);
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
