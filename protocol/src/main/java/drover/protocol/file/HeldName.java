package drover.protocol.file;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;

/// A name in the root of home's files, by which a guest that is made from another finds what that one holds open,
/// also if it has no name at home any more: `NAME.drover-open-NUMBER`. The number is the file's as guests see it
/// (st_ino), in hexadecimal; the name says only what it was. CRIU is told such names on the source
/// (`native/src/criu/names.c`) and opens them on the target. No listing has them.
public final class HeldName {
    private static final String MARK = ".drover-open-";

    private HeldName() {}

    /// Empty if this is no such name.
    public static OptionalLong number(Bytes name) {
        String text = new String(name.array(), StandardCharsets.ISO_8859_1);
        int mark = text.indexOf(MARK);
        if (mark < 0) return OptionalLong.empty();
        try {
            return OptionalLong.of(Long.parseUnsignedLong(text.substring(mark + MARK.length()), 16));
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    public static boolean is(Bytes name) {
        return number(name).isPresent();
    }
}
