package drover.daemon.membership.wire;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Objects;
import org.jgroups.Address;
import org.jgroups.util.ByteArrayDataInputStream;
import org.jgroups.util.ByteArrayDataOutputStream;
import org.jgroups.util.Util;

/// The first frame on a link, from the node that dialled: which version it speaks and who it is.
record Greeting(MemberAddress sender, Address address) {
    static final int MAGIC = 0x44524d47; // DRMG
    static final short VERSION = 1;
    private static final int GREETING_LIMIT = 512; // a name, two addresses and room for later versions

    Greeting {
        Objects.requireNonNull(sender);
        Objects.requireNonNull(address);
    }

    static void write(DataOutputStream out, Address self) throws IOException {
        ByteArrayDataOutputStream body = new ByteArrayDataOutputStream(128);
        Util.writeAddress(self, body);
        out.writeInt(MAGIC);
        out.writeShort(VERSION);
        out.writeShort(body.position());
        out.write(body.buffer(), 0, body.position());
        out.flush();
    }

    static Greeting read(DataInputStream in) throws IOException {
        int magic = in.readInt();
        if (magic != MAGIC) throw new IOException("not a drover node: its first word is " + Integer.toHexString(magic));
        short version = in.readShort();
        if (version != VERSION)
            throw new IOException("it speaks version " + version + " of the group's links, this node speaks " + VERSION
                    + ": bring both to neighbouring versions");
        int length = in.readUnsignedShort();
        if (length > GREETING_LIMIT) throw new IOException("its greeting is too long: " + length + " bytes");
        byte[] body = new byte[length];
        in.readFully(body);
        try {
            Address address = Util.readAddress(new ByteArrayDataInputStream(body));
            MemberAddress sender =
                    MemberAddress.of(address).orElseThrow(() -> new IOException("its greeting names no node"));
            return new Greeting(sender, address);
        } catch (ClassNotFoundException | RuntimeException e) {
            throw new IOException("its greeting cannot be read: " + e, e);
        }
    }
}
