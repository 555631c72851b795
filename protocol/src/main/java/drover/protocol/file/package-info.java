/// File calls from a guest's node to its home, their replies, and their codec.
package drover.protocol.file;
