/// The commands that talk to the daemon and are not the deputy.
module drover.cli {
    requires drover.model;
    requires drover.protocol;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;

    opens drover.cli.command to
            info.picocli;
}
