package drover.simulator;

import drover.simulator.command.DroverSim;

/// Entry point of `drover sim ...`; the first argument is that word.
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(DroverSim.run(args));
    }
}
