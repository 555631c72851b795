package drover.lab;

import drover.lab.command.DroverLab;

/// Entry point of `drover lab ...` and `drover demo`; the first argument is that word.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(DroverLab.run(args));
    }
}
