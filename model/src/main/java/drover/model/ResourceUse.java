package drover.model;

/// What a guest used, all its processes together.
public record ResourceUse(long userMicros, long systemMicros, long maxResidentBytes) {
    public static final ResourceUse NONE = new ResourceUse(0, 0, 0);

    public ResourceUse {
        if (userMicros < 0 || systemMicros < 0 || maxResidentBytes < 0)
            throw new IllegalArgumentException(
                    "must be >= 0, got " + userMicros + ", " + systemMicros + ", " + maxResidentBytes);
    }

    public double cpuSeconds() {
        return (userMicros + systemMicros) / 1e6;
    }

    public ResourceUse plus(ResourceUse other) {
        return new ResourceUse(
                userMicros + other.userMicros,
                systemMicros + other.systemMicros,
                Math.max(maxResidentBytes, other.maxResidentBytes));
    }
}
