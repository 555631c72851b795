package drover.linux.syscall;

import java.util.Arrays;

/// Bytes that a call gave, or its errno.
public sealed interface NativeBytes {
    @SuppressWarnings("ArrayRecordComponent") // equality is by content, below
    record Given(byte[] bytes) implements NativeBytes {
        @Override
        public boolean equals(Object other) {
            return other instanceof Given(byte[] others) && Arrays.equals(bytes, others);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }
    }

    record Failed(int errno) implements NativeBytes {}
}
