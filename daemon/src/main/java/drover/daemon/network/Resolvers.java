package drover.daemon.network;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Home's servers of names (resolv.conf(5)), as its jobs are to see them. A server that only home's own
/// processes reach, on its loopback, or one of IPv6, is asked through the gateway.
///
/// @param path the file; empty where jobs can read home's as it is
/// @param lines what they are to read there
/// @param behindGateway the servers that the gateway asks for them
record Resolvers(String path, String lines, List<InetAddress> behindGateway) {
    private static final String KEYWORD = "nameserver";
    private static final int LENGTH_MAX = 16_384;

    /// Reads the file as it is now.
    ///
    /// @param file `/etc/resolv.conf`
    static Resolvers read(Path file, String gateway) {
        try {
            Path real = file.toRealPath();
            if (Files.size(real) > LENGTH_MAX) return new Resolvers("", "", List.of());
            return of(real.toString(), Files.readString(real), gateway);
        } catch (IOException e) {
            return new Resolvers("", "", List.of()); // as at home: none
        }
    }

    static Resolvers of(String path, String content, String gateway) {
        List<InetAddress> behind = new ArrayList<>();
        StringBuilder lines = new StringBuilder();
        boolean any = false;
        for (String line : content.lines().toList()) {
            String[] words = line.strip().split("\\s+");
            if (!words[0].equals(KEYWORD) || words.length < 2) {
                lines.append(line).append('\n');
                continue;
            }
            any = true;
            if (isReachable(words[1])) {
                lines.append(line).append('\n');
                continue;
            }
            if (behind.isEmpty()) lines.append(KEYWORD + " ").append(gateway).append('\n');
            addLiteral(words[1], behind);
        }
        if (!any) { // then a resolver asks its own machine
            lines.append(KEYWORD + " ").append(gateway).append('\n');
            addLiteral("127.0.0.1", behind);
        }
        boolean isThere = !path.startsWith("/run/"); // a guest has a /run of its own
        return behind.isEmpty() && isThere
                ? new Resolvers("", "", List.of())
                : new Resolvers(path, lines.toString(), List.copyOf(behind));
    }

    private static boolean isReachable(String literal) {
        try {
            InetAddress address = InetAddress.ofLiteral(literal);
            return address instanceof Inet4Address && !address.isLoopbackAddress() && !address.isAnyLocalAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static void addLiteral(String literal, List<InetAddress> to) {
        try {
            to.add(InetAddress.ofLiteral(literal));
        } catch (IllegalArgumentException e) {
            // one that nobody at home can ask either
        }
    }
}
