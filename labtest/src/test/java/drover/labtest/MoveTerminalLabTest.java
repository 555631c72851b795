package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Jobs that move with their terminal: whoever sits in front of it notices nothing.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class MoveTerminalLabTest {
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = SharedLabs.take();
        lab.addUsers();
        lab.sh("n1", "mkdir -p /srv/moves; chmod 777 /srv/moves; rm -rf /srv/moves/*");
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    /// A job with a terminal of its own, of 33 lines and 101 columns, at which somebody types.
    private static final class Terminal implements AutoCloseable {
        private final Command command;
        private int looked;

        Terminal(String user, String node, String words) throws Exception {
            String run = "stty rows 33 cols 101; exec drover run --node " + node + " -- " + words;
            command = lab.startAs(user, "n1", "env", "PS1=: ", "TERM=xterm", "script", "-qefc", run, "/dev/null");
        }

        void type(String text) throws IOException {
            command.input().write(text.getBytes(StandardCharsets.UTF_8));
            command.input().flush();
        }

        /// Waits until it shows a text behind what was waited for before.
        void awaitShown(String text) throws Exception {
            try {
                TestLab.awaitTrue("it is shown", () -> shown().indexOf(text, looked) >= 0);
            } catch (AssertionError e) {
                throw new AssertionError("not shown: '" + text + "', only: " + shown(), e);
            }
            looked = shown().indexOf(text, looked) + text.length();
        }

        String shown() {
            return command.seen();
        }

        @Override
        public void close() {
            command.close();
        }
    }

    private static void move(String node) throws Exception {
        long job = lab.lastJob().path("job").asLong();
        Outcome outcome = lab.at("n1", "drover", "migrate", Long.toString(job), node);
        assertEquals(0, outcome.exitStatus(), outcome.errors());
    }

    private static void movesWithAShellAndAnEditor(String user) throws Exception {
        String file = "/srv/moves/text-of-" + user;
        try (Terminal terminal = new Terminal(user, "n2", "sh -i")) {
            terminal.type("echo at $((20+21))\n");
            terminal.awaitShown("at 41");
            terminal.type("echo half of a li"); // typed, and not read before it is complete
            terminal.awaitShown("half of a li");
            move("n3");
            terminal.type("ne $((20+22)); tty; stty size; (echo to the tty >/dev/tty)\n");
            terminal.awaitShown("half of a line 42");
            terminal.awaitShown("/dev/pts/0");
            terminal.awaitShown("33 101");
            terminal.awaitShown("to the tty");
            terminal.type("sleep 1000\n");
            terminal.awaitShown("sleep 1000");
            lab.awaitGuest("n3", "1000");
            terminal.type("\032");
            terminal.awaitShown("Stopped");
            terminal.type("vim -u NONE -i NONE -n " + file + "\n");
            terminal.awaitShown("[New File]");
            terminal.type("ione");
            terminal.awaitShown("one");
            move("n2");
            terminal.type(" two\033:w\r");
            terminal.awaitShown("written");
            move("n3");
            terminal.type("a three\033:wq\r");
            TestLab.awaitTrue("it is written", () -> lab.sh("n1", "cat " + file).equals("one two three"));
            terminal.type("kill -9 %1\nexit 7\nexit 7\n"); // the first may be refused: there was a stopped job
            Outcome outcome = terminal.command.await(Command.LIMIT);
            assertEquals(7, outcome.exitStatus(), outcome.output());
        }
    }

    @Test
    void aShellAndAnEditorOfRootMoveWithTheirTerminal() throws Exception {
        movesWithAShellAndAnEditor("root");
    }

    @Test
    void aShellAndAnEditorOfAUserMoveWithTheirTerminal() throws Exception {
        movesWithAShellAndAnEditor("ann");
    }
}
