package drover.protocol.link;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/// Content for tests of compression.
final class Samples {
    private static final String[] WORDS = {
        "static", "int", "return", "struct", "char", "const", "(", ")", "{", "}", ";", "if", "for", "=", "->", "0",
        "NULL"
    };

    private Samples() {}

    /// Like a program's source: a third of it is left.
    static byte[] text(Random random, int bytes) {
        var text = new StringBuilder(bytes + 32);
        while (text.length() < bytes) {
            if (random.nextInt(4) == 0) text.append(Integer.toString(random.nextInt(1 << 20), 36));
            else text.append(WORDS[random.nextInt(WORDS.length)]);
            text.append(random.nextInt(9) == 0 ? "\n    " : " ");
        }
        return text.substring(0, bytes).getBytes(StandardCharsets.US_ASCII);
    }

    static byte[] random(Random random, int bytes) {
        byte[] content = new byte[bytes];
        random.nextBytes(content);
        return content;
    }

    static byte[] ofAnyKind(Random random, int bytes) {
        return switch (random.nextInt(4)) {
            case 0 -> random(random, bytes);
            case 1 -> new byte[bytes];
            case 2 -> text(random, bytes);
            default -> {
                byte[] mixed = text(random, bytes);
                int from = random.nextInt(bytes);
                System.arraycopy(random(random, bytes - from), 0, mixed, from, bytes - from);
                yield mixed;
            }
        };
    }
}
