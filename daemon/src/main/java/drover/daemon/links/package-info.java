/// Carries job messages and file frames over the links between nodes, and within this node.
package drover.daemon.links;
