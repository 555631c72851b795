package drover.homefs.server;

import drover.protocol.file.Bytes;

/// A large file that a guest is reading or writing.
///
/// @param path at home, where it was last seen
/// @param bytes that have gone over the link
/// @param position behind the last of them
/// @param size of the file now
public record FileTransfer(Bytes path, boolean writes, long bytes, long position, long size) {}
