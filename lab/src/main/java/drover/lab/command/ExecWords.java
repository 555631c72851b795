package drover.lab.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// `lab exec` takes its own options before or after NODE, and everything from the command's first word on as it is,
/// with or without `--` before it.
final class ExecWords {
    private static final Set<String> WITH_VALUE = Set.of("--name", "--user", "--env");

    private ExecWords() {}

    /// Puts the options of `lab exec` first; other command lines are returned as they are.
    static String[] arrange(String... words) {
        if (words.length < 2 || !words[0].equals("lab") || !words[1].equals("exec")) return words;
        List<String> options = new ArrayList<>(List.of("lab", "exec"));
        List<String> rest = new ArrayList<>();
        int at = 2;
        while (at < words.length) {
            String word = words[at++];
            if (word.equals("--")) {
                break;
            } else if (word.startsWith("-")) {
                options.add(word);
                if (WITH_VALUE.contains(word) && at < words.length) options.add(words[at++]);
            } else if (rest.isEmpty()) {
                rest.add(word);
            } else {
                at--;
                break;
            }
        }
        options.addAll(rest);
        options.addAll(Arrays.asList(words).subList(at, words.length));
        return options.toArray(String[]::new);
    }
}
