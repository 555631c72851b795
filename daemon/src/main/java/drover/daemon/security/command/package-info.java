/// The commands that make and unmake a node: they act on files, as root, and need no running daemon.
package drover.daemon.security.command;
