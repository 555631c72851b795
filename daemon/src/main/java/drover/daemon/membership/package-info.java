/// Who is in the cluster, who is hung or gone, and what each node last said about its load.
///
/// `Membership` is the only door: it starts the group (JGroups over the mutually authenticated links of
/// `wire`), keeps the file of known peers, and tells listeners what changed. `LoadGossip` spreads load vectors
/// over it.
package drover.daemon.membership;
