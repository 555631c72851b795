package drover.model;

/// A job's identity: the home that has authority over it, and a number that this home never gives twice.
/// Written `42@n1`; at its home just `42`.
public record JobId(NodeId home, long number) implements Comparable<JobId> {
    public JobId {
        if (number <= 0) throw new IllegalArgumentException("a job's number must be positive, got " + number);
    }

    /// Parses `42` (a job of `here`) or `42@n1`.
    public static JobId parse(String text, NodeId here) {
        int at = text.indexOf('@');
        String digits = at < 0 ? text : text.substring(0, at);
        NodeId home = at < 0 ? here : new NodeId(text.substring(at + 1));
        try {
            return new JobId(home, Long.parseLong(digits));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a job is written as 42 or 42@n1, got '" + text + "'", e);
        }
    }

    @Override
    public int compareTo(JobId other) {
        int byHome = home.compareTo(other.home);
        return byHome != 0 ? byHome : Long.compare(number, other.number);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof JobId that && number == that.number && home.equals(that.home);
    }

    @Override
    public int hashCode() {
        return home.hashCode() * 31 + Long.hashCode(number);
    }

    @Override
    public String toString() {
        return number + "@" + home;
    }
}
