/// What JGroups needs from us: a transport whose links are mutually authenticated, a discovery that reads the known
/// peers, and addresses that carry a node's name and ports.
package drover.daemon.membership.wire;
