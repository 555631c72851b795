package drover.cli.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {
    private static Table jobs() {
        Table table = new Table(List.of(
                Column.numbers("JOB", 0),
                Column.words("STATE", 0),
                Column.words("USER", 2),
                Column.words("COMMAND", 0)));
        table.row(List.of("7", "running", "anna", "make -j28 all the things in the world"));
        table.row(List.of("1042", "queued", "b", "true"));
        return table;
    }

    @Test
    void numbersStandRightAndWordsLeftUnderTheirTitles() {
        assertEquals(
                List.of(
                        " JOB  STATE    USER  COMMAND",
                        "   7  running  anna  make -j28 all the things in the world",
                        "1042  queued   b     true"),
                jobs().lines(Table.ANY_WIDTH));
    }

    @Test
    void theLastColumnIsCutBeforeAnotherOneGoes() {
        assertEquals("   7  running  anna  make -j28 all…", jobs().lines(35).get(1));
    }

    @Test
    void theColumnOfTheHighestRankGoesFirst() {
        List<String> lines = jobs().lines(30);
        assertEquals(" JOB  STATE    COMMAND", lines.getFirst());
        assertEquals("   7  running  make -j28 all …", lines.get(1));
    }

    @Test
    void noLineIsEverWiderThanTheTerminal() {
        for (int width = 1; width < 80; width++)
            for (String line : jobs().lines(width))
                assertTrue(line.codePointCount(0, line.length()) <= width, "width " + width + ": " + line);
    }

    @Test
    void aCommandsNameCannotSteerTheTerminal() {
        Table table = new Table(List.of(Column.words("COMMAND", 0)));
        table.row(List.of("\u001b[2Jx\ny\u202ez\u009b"));
        assertEquals("?[2Jx?y?z?", table.lines(80).get(1));
        assertFalse(Table.printable("\u0007").contains("\u0007"));
    }

    @Test
    void aRowOfTheWrongLengthIsRefused() {
        Table table = new Table(List.of(Column.words("A", 0)));
        assertThrows(IllegalArgumentException.class, () -> table.row(List.of("1", "2")));
    }

    @Test
    void bytesHaveAtMostThreeDigitsAndAUnit() {
        assertEquals("0B", Units.bytes(0));
        assertEquals("1023B", Units.bytes(1023));
        assertEquals("1.0K", Units.bytes(1024));
        assertEquals("1.5M", Units.bytes(3 << 19));
        assertEquals("100M", Units.bytes(100L << 20));
        assertEquals("1.0G", Units.bytes((1L << 30) - 1));
        assertEquals("8.0P", Units.bytes(9_007_199_254_740_992L));
        assertEquals("-", Units.bytes(-1));
    }

    @Test
    void secondsGrowIntoMinutesHoursAndDays() {
        assertEquals("0.25s", Units.seconds(0.25));
        assertEquals("12.3s", Units.seconds(12.34));
        assertEquals("1m00s", Units.seconds(59.96));
        assertEquals("2m05s", Units.seconds(125));
        assertEquals("3h07m", Units.seconds(3 * 3600 + 7 * 60 + 5));
        assertEquals("4d02h", Units.seconds(4 * 86_400 + 2 * 3600));
        assertEquals("-", Units.seconds(Double.NaN));
    }
}
