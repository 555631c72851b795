/// The /dev/fuse kernel protocol: structures, opcodes, and the descriptor it is spoken over.
package drover.linux.fuse;
