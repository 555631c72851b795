package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

/// What a command left behind: its exit status as a shell gives it (128+n after signal n), and what it wrote.
record Outcome(int exitStatus, String output, String errors) {
    /// Its output, if it succeeded; else the test fails with the command's own words.
    String orFail() {
        assertEquals(0, exitStatus, () -> "stdout: " + output + "\nstderr: " + errors);
        return output.strip();
    }
}
