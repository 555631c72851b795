package drover.daemon.security.command;

import drover.daemon.security.Enrolment;
import drover.daemon.security.SecurityFailure;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `drover ca`.
@Command(
        name = "ca",
        description = "Save the cluster's authority to an encrypted file, or bring it back.",
        mixinStandardHelpOptions = true)
public final class CaCommand {
    private static final String PASSPHRASE_HELP =
            "its first line is the passphrase (default: asked for, or read from standard input)";

    @Command(
            name = "backup",
            description = "Write the authority, encrypted with a passphrase.",
            mixinStandardHelpOptions = true)
    int backup(
            @Parameters(paramLabel = "FILE") Path file,
            @Option(names = "--passphrase-file", description = PASSPHRASE_HELP) Optional<Path> passphraseFile)
            throws IOException, SecurityFailure {
        Surroundings.enrolment().backup(file, passphrase(passphraseFile));
        System.out.println(
                "the authority is saved in " + file + "; keep it and its passphrase apart from this machine");
        return 0;
    }

    @Command(
            name = "restore",
            description = "Make this node the holder of a saved authority.",
            mixinStandardHelpOptions = true)
    int restore(
            @Parameters(paramLabel = "FILE") Path file,
            @Option(names = "--passphrase-file", description = PASSPHRASE_HELP) Optional<Path> passphraseFile)
            throws IOException, SecurityFailure {
        Enrolment enrolment = Surroundings.enrolment();
        String cluster = enrolment.restore(file, passphrase(passphraseFile));
        System.out.println("this node holds the authority of " + cluster + "; restart its daemon, and put its address"
                + " into identity/enrolment of the other nodes' state directories");
        return 0;
    }

    private static char[] passphrase(Optional<Path> file) throws IOException, SecurityFailure {
        if (file.isPresent()) {
            List<String> lines = Files.readAllLines(file.get());
            return lines.isEmpty() ? new char[0] : lines.getFirst().toCharArray();
        }
        Optional<Console> terminal = Optional.ofNullable(System.console()).filter(Console::isTerminal);
        if (terminal.isPresent()) {
            char[] typed = terminal.get().readPassword("passphrase: ");
            return typed == null ? new char[0] : typed;
        }
        String line = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        if (line == null) throw new SecurityFailure("no passphrase was given; use --passphrase-file FILE");
        return line.toCharArray();
    }
}
