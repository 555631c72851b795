package drover.lab.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class NodeCommandsTest {
    @Test
    void aCommandTakesItsLabItsNodesAndWhatIsItsOwn() {
        var kill = new NodeCommands.Kill();
        new CommandLine(kill).parseArgs("n2", "--name", "other", "--silent", "n3");
        assertEquals("other", kill.lab.name);
        assertEquals(List.of("n2", "n3"), kill.names);
        assertTrue(kill.silent);
    }

    @Test
    void whichNodesMustBeSaidExceptToHeal() {
        for (Object command : List.of(
                new NodeCommands.Kill(),
                new NodeCommands.Start(),
                new NodeCommands.Stop(),
                new NodeCommands.Cont(),
                new NodeCommands.Partition())) {
            CommandLine line = new CommandLine(command);
            assertThrows(CommandLine.MissingParameterException.class, line::parseArgs, line.getCommandName());
        }
        new CommandLine(new NodeCommands.Heal()).parseArgs();
    }
}
