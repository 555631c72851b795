/// Unix sockets with what the JDK lacks: passed descriptors and the peer's groups.
package drover.linux.socket;
