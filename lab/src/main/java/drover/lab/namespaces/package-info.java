/// A lab on this machine: its switch, its nodes, their namespaces, control groups and links. Knows nothing of
/// Drover's daemon; what is started in the nodes is decided in `scenarios`.
package drover.lab.namespaces;
