package drover.homefs;

import drover.homefs.FileModel.Operation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Compares what agents see with what is so. Not thread safe.
final class Looks {
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final long LATE_NANOS = 50_000_000;

    private int late;

    /// Looks that saw what is so later than after 50 ms.
    int late() {
        return late;
    }

    /// An agent must see of these paths what is so.
    ///
    /// @param wait whether it may see it a moment late
    void see(FileAgent agent, List<String> paths, String truth, boolean wait) throws IOException {
        long begun = System.nanoTime();
        String seen = agent.look(paths);
        while (!seen.equals(truth)) {
            if (!wait || System.nanoTime() - begun > PATIENCE_NANOS)
                throw new AssertionError(agent.name + " sees of " + paths + ": " + difference(seen, truth));
            Thread.onSpinWait();
            seen = agent.look(paths);
        }
        if (System.nanoTime() - begun > LATE_NANOS) late++;
    }

    /// A job that starts holds nothing yet: what others hold may be seen late after home's changes.
    void seeHeld(FileAgent agent, String number, boolean wait) throws IOException {
        String truth = agent.held.get(number).held();
        long begun = System.nanoTime();
        while (true) {
            agent.begin(Operation.of("lookheld", number));
            String seen = agent.end();
            if (seen.equals("ok " + truth)) return;
            if (!wait || System.nanoTime() - begun > PATIENCE_NANOS)
                throw new AssertionError(agent.name + " holds as " + number + " " + seen + ", not " + truth);
        }
    }

    private static String difference(String seen, String truth) {
        String[] is = seen.split(" ; ", -1);
        String[] must = truth.split(" ; ", -1);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < must.length; i++)
            if (!is[i].equals(must[i])) differences.add("[" + i + "] " + is[i] + " not " + must[i]);
        return String.join(", ", differences);
    }

    /// Of what an agent sees, what a model knows, too.
    static String withoutTimes(String looks) {
        return looks.replaceAll("\\|[-0-9:]*", "");
    }

    /// The same as the model has it.
    static String described(FileModel model, List<String> paths) {
        return String.join(" ; ", paths.stream().map(model::described).toList());
    }
}
