package drover.protocol.link;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.CorruptedFrameException;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Undoes what [Compressor] did, into a buffer of the size that was announced and not a byte more. Each frame
/// stands for itself. Thread rule: event loops, each of which has a context of some 150 KiB once it was needed.
final class FrameInflater {
    private static final Logger LOG = LoggerFactory.getLogger(FrameInflater.class);
    private static final boolean AVAILABLE = isLoaded();

    private static final FastThreadLocal<ZstdDecompressCtx> CONTEXTS = new FastThreadLocal<>() {
        @Override
        protected ZstdDecompressCtx initialValue() {
            return new ZstdDecompressCtx();
        }

        @Override
        protected void onRemoval(ZstdDecompressCtx context) {
            context.close();
        }
    };

    private FrameInflater() {}

    /// Whether this machine has the library: without it a node speaks the version before compression.
    static boolean isAvailable() {
        return AVAILABLE;
    }

    private static boolean isLoaded() {
        try {
            return Zstd.defaultCompressionLevel() != 0;
        } catch (LinkageError e) {
            LOG.warn("links will not compress: {}", e.toString());
            return false;
        }
    }

    /// The content of a compressed frame.
    ///
    /// @param in the compressed content; it is not consumed
    /// @param size of the content, as announced and already checked against the limit
    /// @throws CorruptedFrameException when it is not the content of exactly this size
    static ByteBuf inflate(ByteBuf in, int size, ByteBufAllocator allocator) {
        int length = in.readableBytes();
        ByteBuf content = allocator.directBuffer(size, size);
        ByteBuf copy = null;
        try {
            ByteBuf from = in;
            int at = in.readerIndex();
            if (!in.isDirect() || in.nioBufferCount() != 1) {
                copy = allocator.directBuffer(length, length).writeBytes(in, at, length);
                from = copy;
                at = 0;
            }
            ByteBuffer source = from.nioBuffer(at, length);
            ByteBuffer target = content.nioBuffer(0, size);
            int got = CONTEXTS.get()
                    .decompressDirectByteBuffer(target, target.position(), size, source, source.position(), length);
            if (got != size)
                throw new CorruptedFrameException("a compressed frame holds " + got + " bytes and announced " + size);
            content.writerIndex(size);
            ByteBuf done = content;
            content = null;
            return done;
        } catch (ZstdException e) {
            throw new CorruptedFrameException("a compressed frame cannot be read: " + e.getMessage(), e);
        } finally {
            if (copy != null) copy.release();
            if (content != null) content.release();
        }
    }
}
