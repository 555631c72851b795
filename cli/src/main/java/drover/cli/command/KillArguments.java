package drover.cli.command;

import java.util.ArrayList;
import java.util.List;

/// Lets `drover kill -9 42` and `drover kill -KILL 42` work as with kill(1).
final class KillArguments {
    private KillArguments() {}

    static List<String> normal(List<String> words) {
        List<String> out = new ArrayList<>(words);
        if (out.size() < 3 || !out.getFirst().equals("kill")) return out;
        String second = out.get(1);
        if (second.length() < 2 || second.charAt(0) != '-') return out;
        return SignalNames.canonical(second.substring(1))
                .map(name -> {
                    out.set(1, "--signal=" + name);
                    return out;
                })
                .orElse(out);
    }
}
