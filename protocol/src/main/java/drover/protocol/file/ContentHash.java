package drover.protocol.file;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// The SHA-256 of a block of a file's content: who has a block of that hash has the content. Immutable.
public record ContentHash(long a, long b, long c, long d) {
    /// What a file is divided into; its last block is shorter.
    public static final int BLOCK_BYTES = 128 << 10;
    /// How many one call may ask for: who asks for some has others hashed that nobody may want.
    public static final int MAX_AT_ONCE = 16;

    static final int BYTES = 32;

    /// Of what is between the buffer's position and limit; moves neither. A direct buffer is taken in small
    /// steps, without a copy of the whole.
    public static ContentHash of(ByteBuffer block) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(block.duplicate());
            ByteBuffer sum = ByteBuffer.wrap(digest.digest()).order(ByteOrder.LITTLE_ENDIAN);
            return new ContentHash(sum.getLong(), sum.getLong(), sum.getLong(), sum.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    void put(ByteBuf out) {
        out.writeLongLE(a).writeLongLE(b).writeLongLE(c).writeLongLE(d);
    }

    static ContentHash get(ByteBuf in) {
        return new ContentHash(in.readLongLE(), in.readLongLE(), in.readLongLE(), in.readLongLE());
    }
}
