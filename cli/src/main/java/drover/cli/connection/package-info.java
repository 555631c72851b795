/// One question and its answer over the daemon's local socket.
package drover.cli.connection;
