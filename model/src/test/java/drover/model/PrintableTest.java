package drover.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void escapeSequencesOfBothKindsAreTakenApart() {
        assertEquals("a?[31mb", Printable.line("a\u001b[31mb", 80));
        assertEquals("a?31mb", Printable.line("a\u009b31mb", 80), "the one-character CSI of C1");
    }

    @Test
    void textThatReordersWhatFollowsIsTakenApart() {
        assertEquals("rm ?x", Printable.line("rm \u202ex", 80));
        assertEquals("a?b?c", Printable.line("a\u2028b\nc", 80));
    }

    @Test
    void ordinaryLettersOfAllScriptsStay() {
        assertEquals("Größe 大小", Printable.line("Größe 大小", 80));
    }

    @Test
    void aPictureOutsideTheBasicPlaneStays() {
        assertEquals("😀", Printable.line("😀", 80));
    }

    @Test
    void aLongTextIsCut() {
        assertEquals("abcd…", Printable.line("abcdefgh", 5));
    }
}
