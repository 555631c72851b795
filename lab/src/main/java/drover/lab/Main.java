package drover.lab;

/// Entry point of the lab commands.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(2);
    }
}
