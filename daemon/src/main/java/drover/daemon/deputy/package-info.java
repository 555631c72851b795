/// The daemon's side of deputies and commands: the local socket, who is at its other end, and what they may.
package drover.daemon.deputy;
