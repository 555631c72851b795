package drover.linux.syscall;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Native memory of one thread for the arguments of one call: two names and one structure or value.
final class Scratch {
    /// PATH_MAX, and the largest name with its NUL fits easily.
    static final int NAME_BYTES = 4096;
    /// XATTR_SIZE_MAX: the largest value any call here passes by this memory.
    static final int VALUE_BYTES = 65_536;

    private static final ThreadLocal<Scratch> OWN = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment first = Arena.ofAuto().allocate(NAME_BYTES, 8);
    private final MemorySegment second = Arena.ofAuto().allocate(NAME_BYTES, 8);
    private final MemorySegment value = Arena.ofAuto().allocate(VALUE_BYTES, 8);
    private final ByteBuffer valueBuffer = value.asByteBuffer().order(ByteOrder.nativeOrder());

    private Scratch() {}

    static Scratch own() {
        return OWN.get();
    }

    /// Address of the name with a NUL behind it, or -1 if it is too long for a path.
    long name(byte[] name) {
        return put(first, name);
    }

    long secondName(byte[] name) {
        return put(second, name);
    }

    private static long put(MemorySegment target, byte[] name) {
        if (name.length >= NAME_BYTES) return -1;
        MemorySegment.copy(name, 0, target, ValueLayout.JAVA_BYTE, 0, name.length);
        target.set(ValueLayout.JAVA_BYTE, name.length, (byte) 0);
        return target.address();
    }

    long valueAddress() {
        return value.address();
    }

    /// The memory at [#valueAddress()]; position 0.
    ByteBuffer value() {
        return valueBuffer.clear();
    }

    byte[] valueBytes(int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(value, ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }
}
