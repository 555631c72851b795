package drover.homefs;

import drover.homefs.FileModel.Operation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One process that does to files what it is told, in `agent.py`. Not thread safe.
final class FileAgent implements AutoCloseable {
    final String name;
    /// -1 for home.
    final int node;
    final Map<String, FileModel.File> held = new TreeMap<>();
    private final Process process;
    private final BufferedReader answers;
    private final Writer orders;

    FileAgent(String name, int node, Process process) {
        this.name = name;
        this.node = node;
        this.process = process;
        answers = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
        orders = process.outputWriter(StandardCharsets.UTF_8);
    }

    void begin(Operation operation) throws IOException {
        orders.write(operation + "\n");
        orders.flush();
    }

    String end() throws IOException {
        String answer = answers.readLine();
        if (answer == null || !(answer.startsWith("ok") || answer.startsWith("errno")))
            throw new IllegalStateException(name + " says " + answer);
        return answer;
    }

    String look(List<String> paths) throws IOException {
        begin(new Operation(words("look", paths)));
        return end().substring(3);
    }

    private static List<String> words(String first, List<String> more) {
        List<String> words = new ArrayList<>(List.of(first));
        words.addAll(more);
        return words;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
