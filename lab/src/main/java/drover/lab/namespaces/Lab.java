package drover.lab.namespaces;

import com.fasterxml.jackson.databind.json.JsonMapper;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A lab that runs on this machine. What it is can be read from its directory and from the kernel at any time: this
/// object holds no state of its own, so every command may be another process. Not for use by several threads.
public final class Lab {
    static final Duration DEATH_LIMIT = Duration.ofSeconds(20);
    /// As a node's guests yield to what else it does, its daemon first of all.
    private static final double GUESTS_WEIGHT = 0.1;

    private static final Duration FREEZE_LIMIT = Duration.ofSeconds(5);
    /// Before a kill: who stands by then stands, and who does not is inside a call.
    private static final Duration STANDSTILL_LIMIT = Duration.ofMillis(200);

    private final LabPlan plan;
    private final LabDirectory directory;
    private final Installation installation;
    private final ControlGroups groups;

    Lab(LabPlan plan, Installation installation, ControlGroups groups) {
        this.plan = plan;
        this.directory = LabDirectory.of(plan.name());
        this.installation = installation;
        this.groups = groups;
    }

    /// A lab that was set up before.
    public static Lab open(String name) {
        LabDirectory directory = LabDirectory.of(name);
        if (!Files.exists(directory.plan()))
            throw new LabException("there is no lab '" + name + "'" + others()
                    + "; make one with: drover lab up --nodes 4" + (name.equals("lab") ? "" : " --name " + name));
        try {
            LabPlan plan =
                    LabPlan.fromJson(new JsonMapper().readTree(directory.plan().toFile()));
            return new Lab(plan, Installation.find(), ControlGroups.ofThisMachine());
        } catch (IOException e) {
            throw new LabException(
                    "cannot read " + directory.plan() + ": " + e.getMessage()
                            + "; take the lab down with: drover lab down" + " --name " + name,
                    e);
        }
    }

    private static String others() {
        List<String> names = LabSetup.labs();
        return names.isEmpty() ? "" : ", only " + String.join(", ", names);
    }

    public LabPlan plan() {
        return plan;
    }

    public LabDirectory directory() {
        return directory;
    }

    public Installation installation() {
        return installation;
    }

    public ControlGroups groups() {
        return groups;
    }

    /// Name of one of a node's groups, in each hierarchy: `` for all of it, `system`, `quota`, and below
    /// that `quota/home`, `quota/guests` and `quota/peers`.
    public String group(NodeId node, String part) {
        String all = LabSetup.groupOf(plan.name()) + "/" + node;
        return part.isEmpty() ? all : all + "/" + part;
    }

    /// For commands that count as the node's work: in its quota.
    public LabNode at(NodeId node) {
        plan.numberOf(node);
        return new LabNode(directory, installation, node, LabNode.HOME);
    }

    /// For the commands of another system that drover is compared with: in its quota, but counted apart.
    public LabNode peerOf(NodeId node) {
        plan.numberOf(node);
        return new LabNode(directory, installation, node, LabNode.PEERS);
    }

    /// For what belongs to the node's system: outside its quota.
    public LabNode systemOf(NodeId node) {
        plan.numberOf(node);
        return new LabNode(directory, installation, node, LabNode.SYSTEM);
    }

    /// Path of a file of a running node, as this machine sees it.
    public Path fileOf(NodeId node, String path) {
        MachineProcess init = init(node)
                .filter(MachineProcess::isAlive)
                .orElseThrow(
                        () -> new LabException("node " + node + " is down; start it with: drover lab start " + node));
        return Path.of("/proc/" + init.pid() + "/root" + path);
    }

    public NodeStatus status(NodeId node) {
        Optional<MachineProcess> init = init(node).filter(MachineProcess::isAlive);
        NodeState state =
                init.isEmpty() ? NodeState.DOWN : Files.exists(directory.hung(node)) ? NodeState.HUNG : NodeState.UP;
        OptionalLong pid = init.isPresent() ? OptionalLong.of(init.get().pid()) : OptionalLong.empty();
        return new NodeStatus(node, plan.addressOf(node), pid, state, Files.exists(directory.cutOff(node)));
    }

    public List<NodeStatus> status() {
        return plan.nodeIds().stream().map(this::status).toList();
    }

    /// Boots a node that is down: same disk, nothing else of it is left.
    public void boot(NodeId node) {
        if (status(node).state() != NodeState.DOWN)
            throw new LabException("node " + node + " is not down; kill it first with: drover lab kill " + node);
        try {
            Files.createDirectories(directory.node(node).resolve("root"));
            Files.createDirectories(directory.disk(node));
            makeGroups(node);
        } catch (IOException e) {
            throw new LabException("cannot prepare node " + node + ": " + e.getMessage(), e);
        }
        Programs.run(List.of(
                installation.nodeProgram().toString(),
                "boot",
                directory.path().toString(),
                node.name(),
                installation.image().toString(),
                installation.jdk().toString(),
                plan.root().toString(),
                Long.toString(plan.limits().diskBytes()),
                Long.toString(plan.clockOffsetSeconds(node)),
                "--"));
        long pid = init(node)
                .orElseThrow(() -> new LabException("node " + node + " did not boot"))
                .pid();
        network().plugIn(node, pid, plan.addressOf(node), plan.limits().rate(), side(node));
    }

    private void makeGroups(NodeId node) throws IOException {
        String all = group(node, "");
        if (!groups.remove(all, DEATH_LIMIT))
            throw new LabException("the control groups of " + node + " are still in use: " + groups.processes(all));
        List<String> leaves = List.of("system", "quota/home", "quota/guests", "quota/peers");
        leaves.forEach(leaf -> groups.create(group(node, leaf)));
        groups.weigh(group(node, "quota"), GUESTS_WEIGHT);
        NodeLimits limits = plan.limits();
        limits.cpu()
                .ifPresent(shares ->
                        groups.limitCpu(group(node, "quota"), shares.of(plan.numberOf(node)), shares.period()));
        limits.memoryBytes().ifPresent(bytes -> groups.limitMemory(group(node, "quota"), bytes));
        writeGroups(LabNode.HOME, node, "quota/home");
        writeGroups(LabNode.PEERS, node, "quota/peers");
        writeGroups(LabNode.SYSTEM, node, "system");
    }

    private void writeGroups(String name, NodeId node, String part) throws IOException {
        Files.write(
                directory.node(node).resolve("groups." + name),
                groups.directories(group(node, part)).stream()
                        .map(Path::toString)
                        .toList());
    }

    /// As when the power fails: everything of the node dies at once.
    /// @param silently the link is cut first, so that not even the kernel says goodbye (no FIN, no RST)
    public void kill(NodeId node, boolean silently) {
        if (status(node).state() == NodeState.DOWN)
            throw new LabException("node " + node + " is down already; start it with: drover lab start " + node);
        if (silently) network().silence(node);
        // Nobody may see another die, and tell. Who cannot be frozen waits in the kernel, and tells nothing either.
        var _ = groups.freeze(group(node, ""), STANDSTILL_LIMIT);
        // Everything by name, not only the first process: frozen ones would otherwise run on for a moment when thawed.
        if (!groups.kill(group(node, ""), DEATH_LIMIT))
            throw new LabException("processes of node " + node + " do not die: " + groups.processes(group(node, ""))
                    + "; they hang in the kernel, see /proc/PID/stack");
        forget(directory.hung(node));
        forget(directory.init(node));
        network().unplug(node);
    }

    /// Freezes the whole node.
    public void stop(NodeId node) {
        if (status(node).state() != NodeState.UP)
            throw new LabException(
                    "node " + node + " is " + status(node).state() + ": only one that is up can be stopped");
        try {
            // First the mark: whoever enters a frozen group is frozen too.
            Files.createFile(directory.hung(node));
        } catch (IOException e) {
            throw new LabException("cannot mark node " + node + " as hung: " + e.getMessage(), e);
        }
        var _ = groups.freeze(group(node, ""), FREEZE_LIMIT);
    }

    public void goOn(NodeId node) {
        if (status(node).state() != NodeState.HUNG)
            throw new LabException("node " + node + " is " + status(node).state() + ": it does not hang");
        groups.thaw(group(node, ""));
        forget(directory.hung(node));
    }

    /// Cuts nodes off from the others; together they still see each other.
    public void partition(List<NodeId> nodes) {
        nodes.forEach(this::requireRunning);
        String side = network().cutOff(nodes);
        for (NodeId node : nodes) {
            try {
                Files.writeString(directory.cutOff(node), side);
            } catch (IOException e) {
                throw new LabException("cannot mark node " + node + " as cut off: " + e.getMessage(), e);
            }
        }
    }

    public void heal(NodeId node) {
        if (!Files.exists(directory.cutOff(node))) return;
        if (status(node).state() != NodeState.DOWN) network().heal(node);
        forget(directory.cutOff(node));
    }

    /// What each node has sent and received since it booted.
    public Map<String, LinkBytes> bytes() {
        return network().bytes();
    }

    private void requireRunning(NodeId node) {
        plan.numberOf(node);
        if (status(node).state() == NodeState.DOWN)
            throw new LabException("node " + node + " is down; start it with: drover lab start " + node);
    }

    private Optional<MachineProcess> init(NodeId node) {
        plan.numberOf(node);
        return MachineProcess.read(directory.init(node));
    }

    private Optional<String> side(NodeId node) {
        try {
            return Files.exists(directory.cutOff(node))
                    ? Optional.of(Files.readString(directory.cutOff(node)))
                    : Optional.empty();
        } catch (IOException e) {
            throw new LabException("cannot read " + directory.cutOff(node) + ": " + e.getMessage(), e);
        }
    }

    Switch network() {
        return new Switch(MachineProcess.read(directory.switchProcess())
                .filter(MachineProcess::isAlive)
                .orElseThrow(() -> new LabException("the switch of lab " + plan.name()
                        + " is gone; take the lab down and up again: drover lab down --name " + plan.name())));
    }

    private static void forget(Path mark) {
        try {
            Files.deleteIfExists(mark);
        } catch (IOException e) {
            throw new LabException("cannot remove " + mark + ": " + e.getMessage(), e);
        }
    }
}
