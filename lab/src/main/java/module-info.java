/// A cluster in a box, and the experiments that run on it.
module drover.lab {
    requires drover.model;
    requires drover.protocol;
    requires drover.linux;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires java.desktop;
    requires xchart;

    opens drover.lab.command to
            info.picocli;
}
