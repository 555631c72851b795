package drover.daemon.control;

import java.nio.file.Path;

/// A process that asks for a job as a deputy does, and is gone at once.
final class KilledDeputy {
    private KilledDeputy() {}

    public static void main(String[] args) throws Exception {
        new TestDeputy(Path.of(args[0])).run("{}", "/bin/true");
        Runtime.getRuntime().halt(0);
    }

    /// Runs it to its end.
    static void run(Path socket) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledDeputy.class.getName(),
                        socket.toString())
                .inheritIO()
                .start();
        if (process.waitFor() != 0) throw new AssertionError("it ended with " + process.exitValue());
    }
}
