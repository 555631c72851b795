package drover.lab.experiments;

import java.util.List;

/// What became of a run's results. A result that is missing or wrong counts as lost.
public record Verdict(int lost, List<String> problems) {
    public Verdict {
        problems = List.copyOf(problems);
    }
}
