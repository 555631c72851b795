/// What is said on one machine over Unix sockets: deputy and commands to the daemon, daemon to the keeper.
package drover.protocol.local;
