package drover.lab.namespaces;

import drover.model.NodeId;
import java.nio.file.Path;

/// Where a lab keeps what it must remember. All of it is in /run: gone after a reboot, as the lab is.
public record LabDirectory(Path path) {
    public static final Path ALL_LABS = Path.of("/run/drover-lab");

    public static LabDirectory of(String labName) {
        return new LabDirectory(ALL_LABS.resolve(LabPlan.checkName(labName)));
    }

    public Path plan() {
        return path.resolve("lab.json");
    }

    /// The process that is just setting the lab up; absent when it has finished.
    public Path creator() {
        return path.resolve("creator");
    }

    public Path lock() {
        return path.resolve("lock");
    }

    public Path environment() {
        return path.resolve("env");
    }

    public Path hosts() {
        return path.resolve("hosts");
    }

    public Path bareFiles() {
        return path.resolve("bare-files");
    }

    public Path switchGroups() {
        return path.resolve("switch/groups");
    }

    public Path switchProcess() {
        return path.resolve("switch/process");
    }

    public Path disk(NodeId node) {
        return path.resolve("disks").resolve(node.name());
    }

    public Path node(NodeId node) {
        return path.resolve("nodes").resolve(node.name());
    }

    public Path init(NodeId node) {
        return node(node).resolve("init");
    }

    /// Present while the node is frozen.
    public Path hung(NodeId node) {
        return node(node).resolve("hung");
    }

    /// Present while the node is cut off; holds the name of the side's bridge.
    public Path cutOff(NodeId node) {
        return node(node).resolve("cut-off");
    }

    public Path log(NodeId node) {
        return path.resolve("log").resolve(node.name() + ".log");
    }

    /// The fast way into a node: `exec NODE CMD`, no JVM.
    public Path exec() {
        return path.resolve("exec");
    }
}
