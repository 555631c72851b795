package drover.daemon.config;

import drover.model.AddressRange;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// One node's configuration: `/etc/drover/drover.properties`, kebab-case keys. Every key has a default except
/// `name` and `address`; an unknown key is an error, so that a misspelt one is not silently ignored.
///
/// @param name this node's name
/// @param address this node's address on the cluster's network
/// @param dataPort port of the links that carry jobs and files
/// @param enrolPort port at which machines without a certificate may join
/// @param membershipPort port of the membership protocol
/// @param guestCgroup control group under which guests are placed, relative to each hierarchy's root; empty:
///     the daemon's own
/// @param guestCpus cores that guests may use; 0: what the control group and the machine give
/// @param guestWeight what all guests together weigh against the rest of the machine where there is not enough
///     processor for both, as control groups count it: 100 is as much as any other group
/// @param allowGroup besides root, members of this group may run jobs here
/// @param acceptFrom homes whose guests this node takes; `*` for all of the cluster
/// @param acceptRoot whether root's jobs of other homes may run here
/// @param nodeNetwork whether guests may be given this node's network (`--net node`)
/// @param homeNetwork whether jobs have this home's network unless `--net` says otherwise
/// @param jobNetwork addresses of jobs in this home's network (`--net home`): none that anybody here has, and not
///     those of carriers (100.64.0.0/10), which private networks over the Internet have taken
/// @param balance whether this home's running jobs are moved by themselves when that pays
/// @param nodeLoss how long a running guest's node may be unreachable before the job is run again on another
/// @param jobLoss the same before a job is given up that cannot be run again: nobody gains by giving it up early, and
///     a daemon that was restarted, or a switch, is back within a minute
/// @param lease how long a guest may run without its home
/// @param queueMax jobs that may wait at this home
/// @param guestMax guests on this node at once, idle ones included
/// @param postCopyFromMib a guest of this node with so much memory moves before it: it stands still for a moment only,
///     and until all has followed it depends on both nodes; 1000000 is never
/// @param keptContentMib how much of homes' programs and libraries this node's disk keeps
public record DaemonConfig(
        NodeId name,
        String address,
        int dataPort,
        int enrolPort,
        int membershipPort,
        String guestCgroup,
        double guestCpus,
        int guestWeight,
        String allowGroup,
        Set<String> acceptFrom,
        boolean acceptRoot,
        boolean nodeNetwork,
        boolean homeNetwork,
        AddressRange jobNetwork,
        boolean balance,
        Duration nodeLoss,
        Duration jobLoss,
        Duration lease,
        int queueMax,
        int guestMax,
        int postCopyFromMib,
        int keptContentMib) {

    /// Where the daemon keeps things; each can be moved by an environment variable, so that tests can run
    /// beside a real one.
    public record Places(Path config, Path state, Path run) {
        public static Places fromEnvironment(Map<String, String> environment) {
            return new Places(
                    Path.of(environment.getOrDefault("DROVER_CONFIG", "/etc/drover/drover.properties")),
                    Path.of(environment.getOrDefault("DROVER_STATE_DIR", "/var/lib/drover")),
                    Path.of(environment.getOrDefault("DROVER_RUN_DIR", "/run/drover")));
        }
    }

    /// A configuration that cannot be used; the message names file, key, value and range.
    public static final class Invalid extends Exception {
        private static final long serialVersionUID = 1L;

        Invalid(String message) {
            super(message);
        }
    }

    /// In MiB: no guest has so much.
    private static final int NEVER = 1_000_000;

    /// In MiB. What is smaller is sent as fast as it is promised.
    private static final int WORTH_POST_COPY = 16;

    public DaemonConfig {
        acceptFrom = Set.copyOf(acceptFrom);
    }

    /// Whether this node takes guests of that home.
    public boolean accepts(NodeId home) {
        return acceptFrom.contains("*") || acceptFrom.contains(home.name()) || home.equals(name);
    }

    public static DaemonConfig load(Path file) throws Invalid {
        Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        } catch (NoSuchFileException e) {
            throw new Invalid(
                    "there is no configuration " + file + ": this machine is no node of a cluster yet; make it"
                            + " one, as root: drover init, or drover join HOST --token T");
        } catch (AccessDeniedException e) {
            throw new Invalid("the configuration " + file + " may not be read by this user; start the daemon as root");
        } catch (IOException | IllegalArgumentException e) {
            throw new Invalid("cannot read the configuration " + file + ": " + e.getMessage() + "; put that right, or"
                    + " write it anew: drover leave, then drover join HOST --token T");
        }
        return parse(properties, file.toString());
    }

    /// Reads all keys.
    ///
    /// @param source named in messages
    public static DaemonConfig parse(Properties properties, String source) throws Invalid {
        Reader in = new Reader(properties, source);
        DaemonConfig config = new DaemonConfig(
                in.node("name"),
                in.required("address"),
                in.integer("data-port", 7410, 1, 65_535),
                in.integer("enrol-port", 7411, 1, 65_535),
                in.integer("membership-port", 7412, 1, 65_535),
                in.text("guest-cgroup", ""),
                in.decimal("guest-cpus", 0, 0, 4096),
                in.integer("guest-weight", 10, 1, 100),
                in.text("allow-group", "drover"),
                in.words("accept-from", "*"),
                in.flag("accept-root", true),
                in.flag("node-network", false),
                in.flag("home-network", true),
                in.addresses("job-network", "198.18.0.0/15"),
                in.flag("balance", false),
                in.seconds("node-loss-seconds", 6, 1, 3600),
                in.seconds("job-loss-seconds", 60, 1, 3600),
                in.seconds("lease-seconds", 10, 2, 3600),
                in.integer("queue-max", 20_000, 1, 1_000_000),
                in.integer("guest-max", 512, 1, 10_000),
                in.integer("post-copy-from-mib", WORTH_POST_COPY, 0, NEVER),
                in.integer("kept-content-mib", 1_024, 1, 1_000_000));
        in.refuseUnknown();
        return config;
    }

    private static final class Reader {
        private final Map<String, String> left = new TreeMap<>();
        private final Set<String> known = new TreeSet<>();
        private final String source;

        Reader(Properties properties, String source) {
            properties
                    .stringPropertyNames()
                    .forEach(key -> left.put(key, properties.getProperty(key).trim()));
            this.source = source;
        }

        private Optional<String> take(String key) {
            known.add(key);
            return Optional.ofNullable(left.remove(key));
        }

        String text(String key, String otherwise) {
            return take(key).orElse(otherwise);
        }

        String required(String key) throws Invalid {
            String value = text(key, "");
            if (value.isEmpty()) throw new Invalid(source + ": '" + key + "' is missing");
            return value;
        }

        NodeId node(String key) throws Invalid {
            try {
                return new NodeId(required(key));
            } catch (IllegalArgumentException e) {
                throw new Invalid(source + ": '" + key + "': " + e.getMessage());
            }
        }

        Set<String> words(String key, String otherwise) {
            List<String> words = Arrays.asList(text(key, otherwise).split("[,\\s]+"));
            return new TreeSet<>(words);
        }

        AddressRange addresses(String key, String otherwise) throws Invalid {
            try {
                return AddressRange.parse(text(key, otherwise));
            } catch (IllegalArgumentException e) {
                throw new Invalid(source + ": '" + key + "': " + e.getMessage());
            }
        }

        boolean flag(String key, boolean otherwise) throws Invalid {
            String value = text(key, Boolean.toString(otherwise));
            return switch (value) {
                case "true", "yes" -> true;
                case "false", "no" -> false;
                default -> throw new Invalid(source + ": '" + key + "' is true or false, got '" + value + "'");
            };
        }

        int integer(String key, int otherwise, int least, int most) throws Invalid {
            String value = text(key, Integer.toString(otherwise));
            try {
                int number = Integer.parseInt(value);
                if (number >= least && number <= most) return number;
            } catch (NumberFormatException e) {
                // Said below, with the range.
            }
            throw new Invalid(source + ": '" + key + "' is a whole number from " + least + " to " + most + ", got '"
                    + value + "'");
        }

        Duration seconds(String key, int otherwise, int least, int most) throws Invalid {
            return Duration.ofMillis((long) (decimal(key, otherwise, least, most) * 1000));
        }

        double decimal(String key, double otherwise, double least, double most) throws Invalid {
            String value = text(key, Double.toString(otherwise));
            try {
                double number = Double.parseDouble(value);
                if (number >= least && number <= most) return number;
            } catch (NumberFormatException e) {
                // Said below, with the range.
            }
            throw new Invalid(
                    source + ": '" + key + "' is a number from " + least + " to " + most + ", got '" + value + "'");
        }

        void refuseUnknown() throws Invalid {
            if (!left.isEmpty())
                throw new Invalid(source + ": unknown key '"
                        + left.keySet().iterator().next() + "'; known are " + String.join(", ", known));
        }
    }
}
