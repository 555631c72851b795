package drover.architecture.impure;

/// The root, which a part below must not know.
public final class Wiring {
    /// What the part reaches for.
    public static final int ANSWER = 42;

    private Wiring() {}

    public static int answer() {
        return ANSWER;
    }
}
