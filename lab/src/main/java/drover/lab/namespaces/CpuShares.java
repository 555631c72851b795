package drover.lab.namespaces;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// How much of a core each node gets.
/// @param shares of one core; nodes take them in turn, so that a lab may have fast and slow ones
/// @param period in which a share is counted. In a short one it is as smooth as that of a slow core, but goes to
/// whoever
///     is first: of several busy guests one may get nothing for seconds (CFS bandwidth, seen with kernel 6.18)
public record CpuShares(List<Double> shares, Duration period) {
    /// Smooth at the time scale of one file call.
    public static final Duration DEFAULT_PERIOD = Duration.ofMillis(10);
    /// What the kernel takes.
    private static final Duration LONGEST_PERIOD = Duration.ofSeconds(1);

    public CpuShares {
        shares = List.copyOf(shares);
        for (double share : shares)
            if (!(share >= 0.01 && share <= 1024))
                throw new IllegalArgumentException("a node's cpu is a share of one core, 0.01 to 1024, got " + share);
        if (shares.isEmpty()) throw new IllegalArgumentException("there must be a share of a core");
        if (period.compareTo(DEFAULT_PERIOD) < 0 || period.compareTo(LONGEST_PERIOD) > 0)
            throw new IllegalArgumentException(
                    "a share of a core is counted in periods of 10 to 1000 ms, got " + period.toMillis() + " ms");
    }

    /// The same for each node.
    public static CpuShares each(double share) {
        return new CpuShares(List.of(share), DEFAULT_PERIOD);
    }

    /// Reads `0.10`, or `0.20,0.10,0.05` for nodes of three speeds.
    public static CpuShares parse(String text, Duration period) {
        try {
            return new CpuShares(
                    Arrays.stream(text.split(",", -1)).map(Double::valueOf).toList(), period);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "a share of a core looks like 0.10, or 0.20,0.05 for nodes in turn, got '" + text + "'", e);
        }
    }

    /// Of the node with that number.
    ///
    /// @param number 1 for n1
    public double of(int number) {
        return shares.get((number - 1) % shares.size());
    }

    /// As [#parse] reads it.
    @Override
    public String toString() {
        return shares.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
