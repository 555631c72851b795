package drover.protocol.link;

/// What a node has sent compressed since it began.
///
/// @param frames those that were; of what was sent as it is, nothing is counted
/// @param bytes of their content
/// @param compressedBytes what was sent of it, before TLS
record CompressionCounters(long frames, long bytes, long compressedBytes) {}
