package drover.lab.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ExecWordsTest {
    private static void assertArranged(String expected, String words) {
        assertEquals(expected, String.join(" ", ExecWords.arrange(words.split(" ", -1))));
    }

    @Test
    void theCommandIsTakenAsItIs() {
        assertArranged("lab exec n1 sh -c x --name y", "lab exec n1 sh -c x --name y");
        assertArranged("lab exec n1 sh -c x -- y", "lab exec n1 -- sh -c x -- y");
    }

    @Test
    void optionsMayStandBeforeOrAfterTheNode() {
        assertArranged("lab exec --name a --user u n1 id", "lab exec --name a n1 --user u -- id");
        assertArranged("lab exec --user=u n1 id", "lab exec n1 --user=u id");
    }

    @Test
    void otherCommandsAreLeftAlone() {
        assertArranged("lab kill n1 --silent", "lab kill n1 --silent");
        assertArranged("demo", "demo");
    }
}
