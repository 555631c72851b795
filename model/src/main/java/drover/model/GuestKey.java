package drover.model;

/// One run of a job on one node. The epoch is the fence: home raises it whenever it gives the job to another
/// run, and accepts nothing from earlier ones.
public record GuestKey(JobId job, int epoch) {
    public GuestKey {
        if (epoch <= 0) throw new IllegalArgumentException("an epoch must be positive, got " + epoch);
    }

    /// Written out, as in what it is made of: each request of a guest for files asks for it, and what a record has
    /// instead is slow until it is compiled, and long in compiling.
    @Override
    public boolean equals(Object other) {
        return other instanceof GuestKey that && epoch == that.epoch && job.equals(that.job);
    }

    @Override
    public int hashCode() {
        return job.hashCode() * 31 + epoch;
    }

    @Override
    public String toString() {
        return job + "#" + epoch;
    }
}
