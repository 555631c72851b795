package drover.protocol.file;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Immutable bytes: a name, a symbolic link's target, an extended attribute. Linux knows no encoding of them.
public final class Bytes implements Comparable<Bytes> {
    /// NAME_MAX of Linux.
    public static final int NAME_MAX = 255;

    public static final Bytes EMPTY = new Bytes(new byte[0]);

    private final byte[] bytes;

    private Bytes(byte[] bytes) {
        this.bytes = bytes;
    }

    public static Bytes of(byte... bytes) {
        return new Bytes(bytes.clone());
    }

    /// Takes the array over: the caller must not change it any more.
    public static Bytes owning(byte[] bytes) {
        return new Bytes(bytes);
    }

    public static Bytes of(String text) {
        return new Bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The names with a slash before each.
    public static Bytes path(List<Bytes> names) {
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (Bytes name : names) {
            path.write('/');
            path.writeBytes(name.bytes);
        }
        return new Bytes(path.toByteArray());
    }

    public int length() {
        return bytes.length;
    }

    /// The bytes themselves, not a copy: for the native call that reads them. Must not be changed.
    public byte[] array() {
        return bytes;
    }

    public boolean startsWith(String ascii) {
        return bytes.length >= ascii.length()
                && Arrays.equals(
                        bytes, 0, ascii.length(), ascii.getBytes(StandardCharsets.US_ASCII), 0, ascii.length());
    }

    /// Whether this is a name that a directory may hold: not empty, not `.` or `..`, no slash, no NUL.
    public boolean isName() {
        if (bytes.length == 0) return false;
        if (bytes[0] == '.' && (bytes.length == 1 || (bytes.length == 2 && bytes[1] == '.'))) return false;
        for (byte b : bytes) if (b == '/' || b == 0) return false;
        return true;
    }

    public boolean hasNul() {
        for (byte b : bytes) if (b == 0) return true;
        return false;
    }

    @Override
    public int compareTo(Bytes other) {
        return Arrays.compareUnsigned(bytes, other.bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Bytes that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
