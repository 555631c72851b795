package drover.daemon;

import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover daemon`: runs this machine's node in the foreground until it is told to stop.
@Command(name = "daemon", description = "Runs this machine's node in the foreground.")
final class DaemonCommand implements Callable<Integer> {
    @Option(
            names = "--libexec",
            paramLabel = "DIR",
            description = "Where drover-keeper and drover-init are; beside the program's own lib by default.")
    private Path libexec;

    @Option(
            names = "--train",
            hidden = true,
            description = "start and end a small cluster in this process, for the build's ahead-of-time cache")
    private boolean train;

    @Override
    public Integer call() throws InterruptedException, IOException, SecurityFailure {
        Places places = Places.fromEnvironment(System.getenv());
        CountDownLatch stop = new CountDownLatch(1);
        try {
            if (train) {
                new Rehearsal(places, libexecDirectory()).run();
                return 0;
            }
            DaemonConfig config = DaemonConfig.load(places.config());
            NodeDaemon node = NodeDaemon.start(config, places, libexecDirectory());
            Thread closing = new Thread(
                    () -> {
                        node.close();
                        stop.countDown();
                    },
                    "stop");
            Runtime.getRuntime().addShutdownHook(closing);
            stop.await();
            return 0;
        } catch (DaemonConfig.Invalid | StartFailure e) {
            System.err.println("drover: " + e.getMessage());
            return 1;
        }
    }

    /// The layout of an installation: lib/ with the modules beside libexec/ with the native programs.
    private Path libexecDirectory() throws StartFailure {
        Path wanted = Optional.ofNullable(libexec)
                .or(() -> Optional.ofNullable(System.getenv("DROVER_LIBEXEC")).map(Path::of))
                .orElseGet(() -> ownLocation().resolveSibling("../libexec").normalize());
        if (!wanted.resolve("drover-keeper").toFile().canExecute())
            throw new StartFailure("there is no drover-keeper in " + wanted + "; the installation is not whole");
        return wanted.toAbsolutePath();
    }

    private static Path ownLocation() {
        // By its URI: a folder's name may have blanks in it.
        return Path.of(URI.create(DaemonCommand.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString()));
    }
}
