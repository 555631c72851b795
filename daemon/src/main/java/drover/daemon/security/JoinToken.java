package drover.daemon.security;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/// What a machine needs to join: where to ask, a secret to show, and the hash of the authority's certificate,
/// so that it gives the secret to nobody else. As text: `drover1-` and base64url of the secret (16 bytes), the
/// hash (32), the addresses (a count, then length and text of each) and a check sum (4), which tells a mistyped
/// token from a forged one.
final class JoinToken {
    static final int SECRET_BYTES = 16;
    private static final String PREFIX = "drover1-";
    private static final int CHECK_BYTES = 4;
    private static final int ADDRESS_LIMIT = 8;
    private static final int TEXT_LIMIT = 2048;

    private final byte[] secret;
    private final byte[] authorityHash;
    private final List<HostPort> addresses;

    JoinToken(byte[] secret, byte[] authorityHash, List<HostPort> addresses) {
        if (secret.length != SECRET_BYTES || authorityHash.length != Hashes.BYTES)
            throw new IllegalArgumentException(
                    "a token has 16 and 32 bytes, got " + secret.length + " and " + authorityHash.length);
        if (addresses.size() > ADDRESS_LIMIT)
            throw new IllegalArgumentException("a token has at most 8 addresses, got " + addresses.size());
        this.secret = secret.clone();
        this.authorityHash = authorityHash.clone();
        this.addresses = List.copyOf(addresses);
    }

    static JoinToken random(SecureRandom random, byte[] authorityHash, List<HostPort> addresses) {
        byte[] secret = new byte[SECRET_BYTES];
        random.nextBytes(secret);
        return new JoinToken(secret, authorityHash, addresses);
    }

    byte[] secret() {
        return secret.clone();
    }

    byte[] authorityHash() {
        return authorityHash.clone();
    }

    List<HostPort> addresses() {
        return addresses;
    }

    String text() {
        var bytes = new ByteArrayOutputStream();
        bytes.writeBytes(secret);
        bytes.writeBytes(authorityHash);
        bytes.write(addresses.size());
        for (HostPort address : addresses) {
            byte[] text = address.toString().getBytes(StandardCharsets.US_ASCII);
            bytes.write(text.length);
            bytes.writeBytes(text);
        }
        byte[] body = bytes.toByteArray();
        bytes.writeBytes(Arrays.copyOf(Hashes.sha256(body), CHECK_BYTES));
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
    }

    /// Reads the text.
    ///
    /// @throws SecurityFailure when the text is no token of this version
    static JoinToken parse(String text) throws SecurityFailure {
        String stripped = text.strip();
        if (!stripped.startsWith(PREFIX) || stripped.length() > TEXT_LIMIT)
            throw new SecurityFailure("this is no join token (one begins with '" + PREFIX
                    + "'); make one on the node that holds the authority: drover token");
        try {
            byte[] all = Base64.getUrlDecoder().decode(stripped.substring(PREFIX.length()));
            int bodyLength = all.length - CHECK_BYTES;
            if (bodyLength < 0) throw mistyped();
            byte[] body = Arrays.copyOf(all, bodyLength);
            if (!Arrays.equals(
                    Arrays.copyOf(Hashes.sha256(body), CHECK_BYTES), Arrays.copyOfRange(all, bodyLength, all.length)))
                throw mistyped();
            return read(ByteBuffer.wrap(body));
        } catch (IllegalArgumentException | BufferUnderflowException e) {
            throw mistyped();
        }
    }

    private static JoinToken read(ByteBuffer in) {
        byte[] secret = new byte[SECRET_BYTES];
        byte[] hash = new byte[Hashes.BYTES];
        in.get(secret).get(hash);
        int count = Byte.toUnsignedInt(in.get());
        var addresses = new ArrayList<HostPort>();
        for (int i = 0; i < count; i++) {
            byte[] address = new byte[Byte.toUnsignedInt(in.get())];
            in.get(address);
            addresses.add(HostPort.parse(new String(address, StandardCharsets.US_ASCII), 0));
        }
        return new JoinToken(secret, hash, addresses);
    }

    private static SecurityFailure mistyped() {
        return new SecurityFailure("the join token is incomplete or mistyped; copy it again, as one word");
    }
}
