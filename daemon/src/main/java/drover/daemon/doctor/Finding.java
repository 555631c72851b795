package drover.daemon.doctor;

import java.util.Locale;

/// One thing that was looked at.
///
/// @param what was looked at, in a word or two
/// @param detail what was found, and if it is not well, what to do
record Finding(String what, Verdict verdict, String detail) {
    /// How bad it is.
    enum Verdict {
        OK,
        /// Drover works without it, or it could not be looked at.
        NOTE,
        /// Drover does not work like this.
        MISSING;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    Finding {
        if (what.isBlank() || detail.isBlank())
            throw new IllegalArgumentException("a finding says what and how, got '" + what + "', '" + detail + "'");
    }

    static Finding ok(String what, String detail) {
        return new Finding(what, Verdict.OK, detail);
    }

    static Finding note(String what, String detail) {
        return new Finding(what, Verdict.NOTE, detail);
    }

    static Finding missing(String what, String detail) {
        return new Finding(what, Verdict.MISSING, detail);
    }
}
