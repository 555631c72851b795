package drover.simulator.world;

import drover.model.JobId;
import java.util.Objects;

/// A job as its user knows it; policies see only what they could see of a real one.
///
/// @param arrivalNs when it is typed at its home
/// @param workSeconds on an idle core of speed 1
/// @param bytes memory it uses from its start to its end
/// @param tellsMemory whether it was started with `--mem`
public record JobSpec(JobId job, long arrivalNs, double workSeconds, long bytes, boolean tellsMemory) {
    public JobSpec {
        Objects.requireNonNull(job);
        if (arrivalNs < 0) throw new IllegalArgumentException("arrivalNs must be >= 0, got " + arrivalNs);
        if (!(workSeconds > 0)) throw new IllegalArgumentException("workSeconds must be > 0, got " + workSeconds);
        if (bytes < 0) throw new IllegalArgumentException("bytes must be >= 0, got " + bytes);
    }
}
