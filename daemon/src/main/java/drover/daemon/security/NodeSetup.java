package drover.daemon.security;

import drover.model.NodeId;
import drover.protocol.link.LinkConfig;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/// Name, address and ports of the machine that becomes a node: from the command line, else from the
/// configuration file, else from the machine.
record NodeSetup(EnrolledNode self, int enrolPort) {
    private static final int MEMBERSHIP_PORT = 7412;

    static NodeSetup of(SecurityPlaces places, Optional<String> name, Optional<String> address)
            throws IOException, SecurityFailure {
        var configured = new Properties();
        if (Files.exists(places.config()))
            try (var reader = Files.newBufferedReader(places.config())) {
                configured.load(reader);
            }
        try {
            String chosenName =
                    choose("name", name, configured, places.config()).orElseGet(NodeSetup::hostName);
            String chosenAddress =
                    choose("address", address, configured, places.config()).orElseGet(NodeSetup::ownAddress);
            if (chosenAddress.isEmpty())
                throw new SecurityFailure("this machine has no address but loopback; name one with --address");
            if (new InetSocketAddress(chosenAddress, 0).isUnresolved())
                throw new SecurityFailure("'" + chosenAddress
                        + "' is no address, and no name that is known here; choose this machine's with --address");
            return new NodeSetup(
                    new EnrolledNode(
                            new NodeId(chosenName),
                            chosenAddress,
                            port(configured, "data-port", LinkConfig.DEFAULT_PORT),
                            port(configured, "membership-port", MEMBERSHIP_PORT)),
                    port(configured, "enrol-port", EnrolmentServer.DEFAULT_PORT));
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(e.getMessage() + "; choose with --name and --address", e);
        }
    }

    /// Writes the configuration if there is none.
    void writeConfiguration(Path config) throws IOException {
        if (Files.exists(config)) return;
        Path directory = config.toAbsolutePath().getParent();
        if (directory != null) Files.createDirectories(directory);
        Files.writeString(config, "name=" + self.node() + "\naddress=" + self.address() + "\n");
    }

    private static Optional<String> choose(String key, Optional<String> given, Properties configured, Path config)
            throws SecurityFailure {
        Optional<String> written = Optional.ofNullable(configured.getProperty(key))
                .map(String::strip)
                .filter(text -> !text.isEmpty());
        if (given.isPresent() && written.isPresent() && !given.equals(written))
            throw new SecurityFailure("--" + key + " is " + given.get() + ", but " + config + " says " + written.get()
                    + "; change one of them");
        return given.or(() -> written);
    }

    private static int port(Properties configured, String key, int otherwise) {
        String text = configured.getProperty(key, Integer.toString(otherwise)).strip();
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + " is a port, got '" + text + "'", e);
        }
    }

    /// The host's name up to its first dot, with what a node's name may not have replaced.
    static String validName(String hostName) {
        int dot = hostName.indexOf('.');
        String label = (dot > 0 ? hostName.substring(0, dot) : hostName).toLowerCase(Locale.ROOT);
        String allowed = label.replaceAll("[^a-z0-9-]", "-");
        String cut = allowed.length() > 63 ? allowed.substring(0, 63) : allowed;
        String bare = cut.replaceAll("^-+|-+$", "");
        return bare.isEmpty() ? "node" : bare;
    }

    private static String hostName() {
        try {
            return validName(
                    Files.readString(Path.of("/proc/sys/kernel/hostname")).strip());
        } catch (IOException e) {
            return "node";
        }
    }

    private static String ownAddress() {
        try {
            for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
                if (!network.isUp() || network.isLoopback()) continue;
                for (InetAddress address : Collections.list(network.getInetAddresses()))
                    if (address instanceof Inet4Address) return address.getHostAddress();
            }
        } catch (IOException e) {
            return "";
        }
        return "";
    }
}
