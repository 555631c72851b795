package drover.lab.namespaces;

import drover.model.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// A way into one node: builds the command lines that run something there.
/// @param groups which of the node's control groups: `home` and `peers` (in its quota) or `system` (outside)
public record LabNode(LabDirectory lab, Installation installation, NodeId node, String groups) {
    public static final String HOME = "home";
    public static final String PEERS = "peers";
    public static final String SYSTEM = "system";

    public List<String> command(List<String> command, List<String> options) {
        List<String> all = new ArrayList<>(List.of(
                installation.nodeProgram().toString(), "exec", lab.path().toString(), node.name(), "--group", groups));
        all.addAll(options);
        all.add("--");
        all.addAll(command);
        return all;
    }

    public List<String> command(String... command) {
        return command(List.of(command), List.of());
    }

    /// Runs it to the end.
    public Programs.Outcome run(Duration limit, String... command) {
        return Programs.attempt(command(command), "", limit);
    }

    /// Leaves it running in the node, as a child of the node's first process; its output goes to the node's log.
    public void launch(List<String> command) {
        Programs.run(command(command, List.of("--detach", lab.log(node).toString())));
    }
}
