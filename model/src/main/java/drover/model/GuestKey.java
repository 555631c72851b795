package drover.model;

/// One run of a job on one node. The epoch is the fence: home raises it whenever it gives the job to another
/// run, and accepts nothing from earlier ones.
public record GuestKey(JobId job, int epoch) {
    public GuestKey {
        if (epoch <= 0) throw new IllegalArgumentException("an epoch must be positive, got " + epoch);
    }

    @Override
    public String toString() {
        return job + "#" + epoch;
    }
}
