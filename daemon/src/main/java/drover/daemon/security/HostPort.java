package drover.daemon.security;

import java.net.InetSocketAddress;

/// A host and a port; an IPv6 address is written in brackets.
public record HostPort(String host, int port) {
    public HostPort {
        if (host.isEmpty() || host.length() > 200 || !host.matches("[A-Za-z0-9.:_%-]+"))
            throw new IllegalArgumentException("a host is a name or an IP address, got '" + host + "'");
        if (port < 1 || port > 65_535) throw new IllegalArgumentException("a port is 1 to 65535, got " + port);
    }

    /// Reads `host`, `host:port`, `[v6]:port` or a bare IPv6 address.
    ///
    /// @throws IllegalArgumentException when it is none of these
    public static HostPort parse(String text, int defaultPort) {
        if (text.startsWith("[")) {
            int end = text.indexOf(']');
            if (end < 0) throw new IllegalArgumentException("'" + text + "' has no ']'");
            String rest = text.substring(end + 1);
            return new HostPort(
                    text.substring(1, end), rest.startsWith(":") ? port(text, rest.substring(1)) : defaultPort);
        }
        int colon = text.indexOf(':');
        if (colon < 0 || text.indexOf(':', colon + 1) >= 0) return new HostPort(text, defaultPort);
        return new HostPort(text.substring(0, colon), port(text, text.substring(colon + 1)));
    }

    private static int port(String text, String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' ends with no port number", e);
        }
    }

    InetSocketAddress resolve() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }
}
