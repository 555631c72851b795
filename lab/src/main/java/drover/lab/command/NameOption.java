package drover.lab.command;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabDirectory;
import drover.lab.namespaces.LabSetup;
import drover.model.NodeId;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/// Which lab a command is about.
final class NameOption {
    static final String DEFAULT = "lab";

    @Option(
            names = "--name",
            paramLabel = "L",
            defaultValue = DEFAULT,
            description = "the lab's name; labs of different names live side by side (default: ${DEFAULT-VALUE})")
    String name = DEFAULT;

    Lab open() {
        LabSetup.requireRoot();
        return Lab.open(name);
    }

    /// Acts on the lab while no other command changes it.
    void change(Consumer<Lab> action) {
        Lab lab = open();
        LabSetup.exclusively(name, () -> action.accept(lab));
    }

    LabDirectory directory() {
        return LabDirectory.of(name);
    }

    static NodeId node(String text) {
        return new NodeId(text);
    }
}
