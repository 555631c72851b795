package drover.daemon.membership.wire;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.function.Supplier;
import org.jgroups.Address;
import org.jgroups.Header;
import org.jgroups.util.Util;

/// What is said about being alive: a question (PING), its answer, which is mostly given unasked (PONG), or a
/// report that somebody is silent.
public final class WatchHeader extends Header {
    static final short MAGIC = 1041;

    enum Kind {
        PING(1),
        PONG(2),
        REPORT(3);

        private final int code;

        Kind(int code) {
            this.code = code;
        }

        static Kind of(int code) throws IOException {
            for (Kind kind : values()) if (kind.code == code) return kind;
            throw new IOException("a watch message of unknown kind " + code);
        }
    }

    private Kind kind = Kind.PING;
    private Address silent;

    /// For deserialisation by JGroups.
    public WatchHeader() {}

    WatchHeader(Kind kind, Address silent) {
        this.kind = kind;
        this.silent = silent;
    }

    Kind kind() {
        return kind;
    }

    /// The silent member of a report, otherwise null.
    Address silent() {
        return silent;
    }

    @Override
    public short getMagicId() {
        return MAGIC;
    }

    @Override
    public Supplier<? extends Header> create() {
        return WatchHeader::new;
    }

    @Override
    public int serializedSize() {
        return 1 + Util.size(silent);
    }

    @Override
    public void writeTo(DataOutput out) throws IOException {
        out.writeByte(kind.code);
        Util.writeAddress(silent, out);
    }

    @Override
    public void readFrom(DataInput in) throws IOException, ClassNotFoundException {
        kind = Kind.of(in.readUnsignedByte());
        silent = Util.readAddress(in);
    }
}
