package drover.protocol.link;

/// Whether to compress on a link: the seconds that it saves on the wire against those that it costs. Pure.
///
/// For each byte, `(1 - share) / link` seconds are saved, where `share` is what is left of a byte. That must be
/// more than the seconds by the clock until it is compressed and, at the peer, inflated; and a multiple of the
/// processors' seconds for both, the larger the busier this node's processors are: one that nobody else wants is
/// worth less than a guest's.
final class CompressionChoice {
    /// What inflating takes of the time of compressing, at most: measured in ADR 13.
    static final double INFLATING = 0.5;
    /// Gain over cost, with idle processors: some for what is not counted.
    static final double IDLE_MARGIN = 1.25;
    /// So much more processor time must be gained with busy ones.
    static final double BUSY_MARGIN = 3;
    /// On such a link (2.4 Gbit) nothing is compressed, however quick the compressor finds it: both ends would
    /// have a core that does nothing else.
    static final double FAST_BYTES_PER_SECOND = 300e6;

    /// What compressing a byte of content costs, in seconds.
    ///
    /// @param clock with all waiting for a processor
    /// @param processor of these, those in which it had one
    record Cost(double clock, double processor) {
        static Cost ofBytesPerSecond(double clock, double processor) {
            return new Cost(1 / clock, 1 / processor);
        }
    }

    private CompressionChoice() {}

    /// @param linkBytesPerSecond what the link takes; infinite while not known
    /// @param share what is left of a byte that is compressed, 0 to 1
    /// @param cpuDemand runnable tasks for each processor of this node
    static boolean pays(double linkBytesPerSecond, double share, Cost cost, double cpuDemand) {
        if (!(linkBytesPerSecond < FAST_BYTES_PER_SECOND)) return false;
        double saved = (1 - share) / linkBytesPerSecond;
        double inflating = INFLATING * cost.processor;
        double margin = IDLE_MARGIN + BUSY_MARGIN * Math.clamp(cpuDemand, 0.0, 1.0);
        return saved >= IDLE_MARGIN * (cost.clock + inflating) && saved >= margin * (cost.processor + inflating);
    }
}
