package drover.daemon;

/// Entry point of the daemon.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(2);
    }
}
