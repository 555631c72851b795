/// A simulated cluster that runs the very same policy classes as the daemon, from a seed.
module drover.simulator {
    requires drover.model;
    requires drover.policy;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires java.desktop;
    requires xchart;

    opens drover.simulator.command to
            info.picocli;
}
