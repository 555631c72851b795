/// Links between nodes: dialled on demand, mutually authenticated, version-checked, reconnecting.
package drover.protocol.link;
