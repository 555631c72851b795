package drover.cli;

/// Entry point of the commands that talk to the daemon.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(2);
    }
}
