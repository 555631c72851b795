package drover.protocol.link;

import io.netty.buffer.ByteBuf;

/// What is known of how well a link's frames can be compressed: by a look at a few bytes of each, which costs some
/// microseconds and tells compressed and encrypted content apart; and by what came of those that passed it.
/// Thread rule: any thread.
final class Compressibility {
    /// What is left of a byte until something was measured: a program's (ADR 13).
    static final double FIRST_SHARE = 0.45;

    private static final int SAMPLES = 8;
    private static final int SAMPLE_BYTES = 256;
    private static final int SAMPLED_BYTES = SAMPLES * SAMPLE_BYTES;
    /// Of n bytes that are all alike likely, n + n(n - 1)/256 pairs are equal (each byte with itself counted); the
    /// deviation is 1 %. Already compressed content is within 10 %.
    private static final double EVEN_PAIRS = SAMPLED_BYTES + SAMPLED_BYTES * (SAMPLED_BYTES - 1.0) / 256;

    private static final double UNEVEN = 1.3;
    private static final double WEIGHT = 1.0 / 8;
    /// A frame of which more is left is sent as it was.
    private static final double WORTHLESS_SHARE = 0.9;
    /// Frames that are not tried after one that looked better than it was, at most: 4 MiB of usual ones.
    private static final int MOST_SKIPPED = 32;

    private double share = FIRST_SHARE;
    private int skipped;
    private int toSkip;

    /// Whether to try the next frame, on such a link and for such a cost.
    synchronized boolean tries(double linkBytesPerSecond, CompressionChoice.Cost cost, double cpuDemand) {
        if (!CompressionChoice.pays(linkBytesPerSecond, share, cost, cpuDemand)) {
            // what comes now may be of another kind, so one in a while is tried
            if (!CompressionChoice.pays(linkBytesPerSecond, FIRST_SHARE, cost, cpuDemand)) return false;
            if (toSkip == 0) {
                toSkip = MOST_SKIPPED;
                return true;
            }
        }
        if (toSkip == 0) return true;
        toSkip--;
        return false;
    }

    /// Notes what came of a frame that was tried.
    ///
    /// @return whether it is to be sent compressed
    synchronized boolean tried(int bytes, int compressedBytes) {
        double left = Math.min(1, (double) compressedBytes / bytes);
        share += (left - share) * WEIGHT;
        boolean worth = left <= WORTHLESS_SHARE;
        skipped = worth ? 0 : Math.clamp(2L * skipped, 1, MOST_SKIPPED);
        toSkip = skipped;
        return worth;
    }

    /// Whether the frame's bytes are uneven enough for a compressor to find something. Content whose bytes are all
    /// alike likely and which nevertheless repeats itself is not found out: it is rare, and only sent as it is.
    static boolean looksCompressible(ByteBuf frame) {
        int length = frame.readableBytes();
        if (length < SAMPLED_BYTES) return false;
        int[] counts = new int[256];
        byte[] sample = new byte[SAMPLE_BYTES];
        for (int i = 0; i < SAMPLES; i++) {
            int at = (int) ((long) (length - SAMPLE_BYTES) * i / (SAMPLES - 1));
            frame.getBytes(frame.readerIndex() + at, sample);
            for (byte b : sample) counts[b & 0xff]++;
        }
        long pairs = 0;
        for (int count : counts) pairs += (long) count * count;
        return pairs > UNEVEN * EVEN_PAIRS;
    }
}
