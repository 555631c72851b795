package drover.daemon.network;

import drover.linux.network.TunDevice;
import drover.model.AddressRange;
import java.io.IOException;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What home's kernel needs to forward for jobs: a network device that leads to all their addresses, an
/// nftables table of Drover's own, and forwarding switched on. The device outlives the daemon, and the table
/// is there only while the device is, so a device tells the next daemon that there is something to remove.
final class ForwardingRules {
    private static final Logger LOG = LoggerFactory.getLogger(ForwardingRules.class);
    static final String DEVICE = "drover0";
    private static final int MTU_BYTES = 1500;
    private static final Path FORWARDING = Path.of("/proc/sys/net/ipv4/ip_forward");
    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final long NFT_SECONDS_MAX = 10;

    private final AddressRange range;
    /// There while this daemon, or one before it, has switched forwarding on: it is to be switched off again.
    private final Path switchedOn;

    ForwardingRules(AddressRange range, Path runDirectory) {
        this.range = range;
        this.switchedOn = runDirectory.resolve("forwarding-switched-on");
    }

    /// Why there can be none of this; empty if there can.
    static Optional<String> unusable() {
        if (!Files.exists(Path.of("/dev/net/tun")))
            return Optional.of("there is no /dev/net/tun; as root: modprobe tun");
        return nft().isPresent() ? Optional.empty() : Optional.of("there is no nft; install nftables");
    }

    static Optional<Path> nft() {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.concat(Stream.of(path.split(":")), Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin"))
                .filter(directory -> directory.startsWith("/"))
                .map(directory -> Path.of(directory, "nft"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /// Makes all of it, or takes what a daemon before has left.
    ///
    /// @throws IOException with what failed, for the user
    TunDevice raise() throws IOException {
        refuseOverlap(Files.readAllLines(ROUTES));
        TunDevice device = TunDevice.make(DEVICE, range, MTU_BYTES);
        try {
            boolean wasOn = Files.readString(FORWARDING).strip().equals("1") && !Files.exists(switchedOn);
            nft(table(range, !wasOn));
            if (!wasOn) {
                Files.writeString(switchedOn, "");
                Files.writeString(FORWARDING, "1");
            }
            LOG.info("jobs have this home's network from now on: {} by {}", range, DEVICE);
            return device;
        } catch (IOException e) {
            lower(device);
            throw e;
        }
    }

    /// Removes all of it.
    void lower(TunDevice device) {
        try {
            if (Files.deleteIfExists(switchedOn)) Files.writeString(FORWARDING, "0");
            nft("table ip drover\ndelete table ip drover\n");
            LOG.info("no job has this home's network any more: its rules are removed");
        } catch (IOException e) {
            LOG.error("the rules for jobs' network stay: {}; see: nft list table ip drover", e.getMessage());
        }
        device.remove();
    }

    /// Removes what a daemon before has left.
    void removeLeftovers() {
        try {
            if (NetworkInterface.getByName(DEVICE) == null) return;
            lower(TunDevice.make(DEVICE, range, MTU_BYTES));
        } catch (IOException e) {
            LOG.warn("what an earlier daemon left of jobs' network stays: {}", e.getMessage());
        }
    }

    /// Addresses that mean something else to this machine already must not be taken from it.
    private void refuseOverlap(List<String> routes) throws IOException {
        for (String line : routes) {
            String[] fields = line.split("\\s+");
            if (fields.length < 8 || fields[0].equals("Iface") || fields[0].equals(DEVICE)) continue;
            int mask = Integer.reverseBytes(Integer.parseUnsignedInt(fields[7], 16));
            int prefixLength = Integer.bitCount(mask);
            if (prefixLength == 0) continue; // the default route
            int network = Integer.reverseBytes(Integer.parseUnsignedInt(fields[1], 16));
            if (range.contains(network) || (range.network() & mask) == network)
                throw new IOException("jobs' addresses " + range + " are of a network of this machine, "
                        + AddressRange.text(network) + "/" + prefixLength + " by " + fields[0]
                        + "; choose others: job-network in the configuration");
        }
    }

    /// Who is outside opens no connection to a job, and nobody but jobs is let through where nobody was before.
    static String table(AddressRange range, boolean onlyJobs) {
        return String.format(
                Locale.ROOT,
                """
                table ip drover
                delete table ip drover
                table ip drover {
                  chain arriving {
                    type filter hook prerouting priority -300; policy accept;
                    ip saddr %1$s iifname != { "%2$s", "lo" } drop
                  }
                  chain input {
                    type filter hook input priority 0; policy accept;
                    ip daddr %1$s iifname != { "%2$s", "lo" } drop
                  }
                  chain forward {
                    type filter hook forward priority 0; policy accept;
                    oifname "%2$s" ct state != { established, related } drop
                    %3$s
                    iifname "%2$s" tcp flags syn tcp option maxseg size set rt mtu
                  }
                  chain leaving {
                    type nat hook postrouting priority 100; policy accept;
                    ip saddr %1$s oifname != { "%2$s", "lo" } masquerade
                  }
                }
                """,
                range,
                DEVICE,
                onlyJobs ? "iifname != \"" + DEVICE + "\" oifname != \"" + DEVICE + "\" drop" : "");
    }

    private static void nft(String rules) throws IOException {
        Path program = nft().orElseThrow(() -> new IOException("there is no nft; install nftables"));
        Process process = new ProcessBuilder(program.toString(), "-f", "-")
                .redirectErrorStream(true)
                .start();
        try (var in = process.outputWriter(StandardCharsets.UTF_8)) {
            in.write(rules);
        }
        try {
            if (!process.waitFor(NFT_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new IOException("nft does not end");
            }
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.exitValue() != 0)
                throw new IOException("this kernel or machine refuses what jobs' network needs of nftables: "
                        + said.lines().findFirst().orElse("status " + process.exitValue()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
