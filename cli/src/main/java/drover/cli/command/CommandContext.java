package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.connection.DaemonConnection;
import drover.cli.table.Table;
import java.io.PrintStream;
import java.util.List;
import java.util.function.IntSupplier;

/// What every command needs: whom to ask, where to print, how wide.
///
/// @param width of the terminal in columns, [Table#ANY_WIDTH] when the output is none; asked only when a table is
/// printed
public record CommandContext(DaemonConnection daemon, PrintStream out, IntSupplier width) {
    static ObjectNode question(String command) {
        return DaemonConnection.JSON.createObjectNode().put("command", command);
    }

    JsonNode ask(ObjectNode question) throws CommandFailedException {
        return daemon.ask(question);
    }

    /// One request for each job, in order; the first that is refused ends it.
    void askOfEach(String command, List<String> jobs) throws CommandFailedException {
        for (String job : jobs) ask(question(command).put("job", job));
    }

    void print(Table table) {
        for (String line : table.lines(width.getAsInt())) out.println(line);
    }

    /// One array, whatever the answer was.
    void printJson(JsonNode answer) {
        JsonNode array = answer;
        if (!answer.isArray()) {
            ArrayNode one = DaemonConnection.JSON.createArrayNode();
            one.add(answer);
            array = one;
        }
        out.println(array.toPrettyString());
    }
}
