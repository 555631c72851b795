package drover.protocol.mtls;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// PEM text (RFC 7468): labelled blocks of base64. Source of the form: RFC 7468 section 2.
public final class Pem {
    /// One block: what it is, and its DER bytes.
    public static final class Block {
        private final String label;
        private final byte[] der;

        Block(String label, byte[] der) {
            this.label = label;
            this.der = der;
        }

        public String label() {
            return label;
        }

        public byte[] der() {
            return der.clone();
        }
    }

    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    private Pem() {}

    /// All blocks of a text, in order. Text between blocks is ignored, as the RFC allows.
    ///
    /// @throws IllegalArgumentException when a block is not base64
    public static List<Block> decode(String text) {
        var blocks = new ArrayList<Block>();
        Matcher matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            String base64 = matcher.group(2).replaceAll("\\s", "");
            blocks.add(new Block(matcher.group(1), Base64.getDecoder().decode(base64)));
        }
        return blocks;
    }

    /// One block with lines of 64 characters.
    public static String encode(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                .encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }
}
