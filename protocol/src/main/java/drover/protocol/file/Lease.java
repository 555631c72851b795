package drover.protocol.file;

/// How far a node may go on believing what home told it, while it is connected.
public enum Lease {
    /// Not at all: something was changing while home looked.
    NONE(0),
    /// For a moment. Home takes it back when a guest changes it, but would not notice a change made at home.
    BRIEF(1),
    /// Until home takes it back, which it does whoever changes it.
    FULL(2);

    private final int code;

    Lease(int code) {
        this.code = code;
    }

    static Lease ofCode(int code) throws MalformedFileFrame {
        for (Lease lease : values()) if (lease.code == code) return lease;
        throw new MalformedFileFrame("a lease of the unknown kind " + code);
    }

    int code() {
        return code;
    }
}
