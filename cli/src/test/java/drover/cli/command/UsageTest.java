package drover.cli.command;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.cli.connection.DaemonConnection;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class UsageTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(String... words) {
        CommandContext context = new CommandContext(
                new DaemonConnection(Path.of("/nonexistent/s")), new PrintStream(out, true, UTF_8), () -> 80);
        return DroverCommand.execute(context, new PrintStream(err, true, UTF_8), List.of(words));
    }

    @Test
    void helpIsOnePageWithEveryCommand() {
        assertEquals(0, run("help"));
        String page = out.toString(UTF_8);
        for (String command : List.of(
                "run", "attach", "logs", "kill", "nodes", "ps", "show", "why", "top", "init", "token", "join", "leave",
                "revoke", "ca", "node", "daemon", "doctor", "lab", "demo", "help", "version"))
            assertTrue(page.contains("\n  " + command), command + " is missing in:\n" + page);
        assertTrue(page.lines().allMatch(l -> l.length() <= 80), page);
        assertTrue(page.lines().count() <= 40, page);
    }

    @Test
    void noCommandIsWrongUsage() {
        assertEquals(2, run());
        assertTrue(err.toString(UTF_8).contains("Usage: drover COMMAND"));
        assertEquals("", out.toString(UTF_8));
    }

    @Test
    void anUnknownCommandIsWrongUsageAndGetsAGuess() {
        assertEquals(2, run("nods"));
        assertEquals(
                "drover: 'nods' is no command of this version. Did you mean: drover nodes? All commands: drover help\n",
                err.toString(UTF_8));
    }

    @Test
    void commandsOfLaterVersionsAreUnknown() {
        for (String later : List.of("checkpoint", "restart", "sim", "tune")) assertEquals(2, run(later));
    }

    @Test
    void anOrderThatIsNoneIsWrongUsage() {
        assertEquals(2, run("node"));
        assertEquals(2, run("node", "empty", "n2"));
        assertTrue(err.toString(UTF_8).contains("there is no order 'empty': it is drain, undrain, stay or block"));
    }

    @Test
    void aMissingOrSuperfluousWordIsWrongUsage() {
        assertEquals(2, run("show"));
        assertEquals(2, run("nodes", "x"));
        assertEquals(2, run("ps", "--nonsense"));
        assertTrue(err.toString(UTF_8).contains("See: drover show --help"), err.toString(UTF_8));
    }

    @Test
    void eachCommandExplainsItself() {
        for (String command : HelpPage.names()) assertEquals(0, run("help", command), command);
        assertEquals(0, run("kill", "--help"));
        assertTrue(out.toString(UTF_8).contains("Usage: drover kill"), out.toString(UTF_8));
        assertEquals(2, run("help", "nonsense"));
    }

    @Test
    void signalsHaveOneName() {
        assertEquals("TERM", SignalNames.canonical("15").orElseThrow());
        assertEquals("KILL", SignalNames.canonical("SIGKILL").orElseThrow());
        assertEquals("SYS", SignalNames.canonical("31").orElseThrow());
        assertEquals("34", SignalNames.canonical("34").orElseThrow());
        for (String wrong : List.of("0", "65", "-1", "", "SIG", "x"))
            assertTrue(SignalNames.canonical(wrong).isEmpty(), wrong);
    }
}
