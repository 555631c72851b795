package drover.protocol.link;

/// Whether to compress on a link: the seconds that it saves on the wire against those that it costs. Pure.
///
/// For each byte, `(1 - share) / link` seconds are saved, where `share` is what is left of a byte; compressing it
/// and undoing that at the peer cost `(1 + INFLATING) / compressor`. The gain must be a multiple of the cost, the
/// larger the busier this node's processors are: a second that nobody else wants is worth less than one of a guest's.
final class CompressionChoice {
    /// What inflating takes of the time of compressing, at most: measured in ADR 13.
    static final double INFLATING = 0.5;
    /// Gain over cost, with idle processors: some for what is not counted, such as waking a thread.
    static final double IDLE_MARGIN = 1.25;
    /// So much more with busy ones.
    static final double BUSY_MARGIN = 3;
    /// On such a link (2.4 Gbit) nothing is compressed, however quick the compressor finds it: both ends would
    /// have a core that does nothing else.
    static final double FAST_BYTES_PER_SECOND = 300e6;

    private CompressionChoice() {}

    /// @param linkBytesPerSecond what the link takes; infinite while not known
    /// @param share what is left of a byte that is compressed, 0 to 1
    /// @param compressorBytesPerSecond of the content, by the clock: a busy machine has a slow compressor
    /// @param cpuDemand runnable tasks for each processor of this node
    static boolean pays(double linkBytesPerSecond, double share, double compressorBytesPerSecond, double cpuDemand) {
        if (!(linkBytesPerSecond < FAST_BYTES_PER_SECOND)) return false;
        double saved = (1 - share) / linkBytesPerSecond;
        double cost = (1 + INFLATING) / compressorBytesPerSecond;
        double margin = IDLE_MARGIN + BUSY_MARGIN * Math.clamp(cpuDemand, 0.0, 1.0);
        return saved >= margin * cost;
    }
}
