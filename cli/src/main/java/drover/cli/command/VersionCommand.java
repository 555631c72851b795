package drover.cli.command;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/// `drover version`
@Command(name = "version", description = "Print the version of drover, Java and the kernel.")
final class VersionCommand implements Callable<Integer> {
    private final CommandContext context;

    VersionCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() {
        context.out()
                .println("drover " + droverVersion() + " (Java "
                        + Runtime.version().feature() + ", Linux " + System.getProperty("os.version") + ")");
        return 0;
    }

    /// The module's own version, which the compiler writes into it.
    static String droverVersion() {
        ModuleDescriptorVersion version = new ModuleDescriptorVersion(VersionCommand.class.getModule());
        return version.text();
    }

    private record ModuleDescriptorVersion(Module module) {
        String text() {
            return module.isNamed() ? module.getDescriptor().rawVersion().orElse("unversioned") : "unpackaged";
        }
    }
}
