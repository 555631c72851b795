package drover.lab.namespaces;

import drover.model.NodeId;
import java.util.OptionalLong;

/// One node as `drover lab status` shows it. The pid is that of its first process, as the machine sees it.
public record NodeStatus(NodeId name, String address, OptionalLong pid, NodeState state, boolean cutOff) {}
