package drover.daemon.membership.wire;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.function.Supplier;
import org.jgroups.Address;
import org.jgroups.Header;
import org.jgroups.util.Util;

/// Reports to a judge that some member is silent.
public final class SilenceHeader extends Header {
    static final short MAGIC = 1041;

    private Address silent;

    /// For deserialisation by JGroups.
    public SilenceHeader() {}

    SilenceHeader(Address silent) {
        this.silent = silent;
    }

    Address silent() {
        return silent;
    }

    @Override
    public short getMagicId() {
        return MAGIC;
    }

    @Override
    public Supplier<? extends Header> create() {
        return SilenceHeader::new;
    }

    @Override
    public int serializedSize() {
        return Util.size(silent);
    }

    @Override
    public void writeTo(DataOutput out) throws IOException {
        Util.writeAddress(silent, out);
    }

    @Override
    public void readFrom(DataInput in) throws IOException, ClassNotFoundException {
        silent = Util.readAddress(in);
    }
}
