package drover.daemon.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What the machine and its kernel offer. Reads /proc, /sys and /dev below a root, so that a test can show it
/// others.
final class MachineChecks {
    private static final int JAVA_LEAST = 25;
    /// Mounts are made safe by mount_setattr(2), which came with 5.12.
    private static final int[] KERNEL_LEAST = {5, 12};
    /// FUSE_NOTIFY_RESEND and passthrough.
    private static final int[] FUSE_RESEND = {6, 9};

    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final List<String> NAMESPACES = List.of("mnt", "pid", "ipc", "uts", "net", "cgroup");
    private static final List<String> NFT = List.of("usr/sbin/nft", "sbin/nft", "usr/bin/nft", "bin/nft");
    private static final List<String> CONTROLLERS = List.of("cpu", "memory", "pids", "freezer");
    private static final Set<String> TIME_KEEPERS =
            Set.of("chronyd", "ntpd", "ntpd-rs", "openntpd", "systemd-timesyn", "ptp4l", "phc2sys");

    private final Path root;
    private final String release;

    MachineChecks(Path root, String kernelRelease) {
        this.root = root;
        this.release = kernelRelease;
    }

    List<Finding> all() {
        List<Finding> findings = new ArrayList<>(List.of(java(), user(), kernel(), fuse(), fuseModes(), namespaces()));
        findings.addAll(cgroups());
        findings.add(seccomp());
        findings.add(jobNetwork());
        findings.add(userfaultfd());
        findings.add(clock());
        return findings;
    }

    private static Finding java() {
        int version = Runtime.version().feature();
        String found = Runtime.version() + " in " + System.getProperty("java.home");
        return version >= JAVA_LEAST
                ? Finding.ok("java", found)
                : Finding.missing("java", found + " is older than " + JAVA_LEAST + "; install a newer one");
    }

    private static Finding user() {
        return isRoot()
                ? Finding.ok("user", "root")
                : Finding.note("user", "not root: the daemon needs root, and some of this cannot be looked at without");
    }

    static boolean isRoot() {
        try {
            return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    private boolean isAtLeast(int[] wanted) {
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) return false;
        int major = Integer.parseInt(matcher.group(1));
        int minor = Integer.parseInt(matcher.group(2));
        return major != wanted[0] ? major > wanted[0] : minor >= wanted[1];
    }

    private Finding kernel() {
        return isAtLeast(KERNEL_LEAST)
                ? Finding.ok("kernel", release)
                : Finding.missing("kernel", release + " is older than 5.12; install a newer one");
    }

    private Finding fuse() {
        if (!Files.exists(root.resolve("dev/fuse")))
            return Finding.missing("fuse", "there is no /dev/fuse; as root: modprobe fuse");
        if (!read("proc/filesystems").contains("\tfuse\n"))
            return Finding.missing("fuse", "the kernel does not know fuse now; as root: modprobe fuse");
        return Finding.ok("fuse", "/dev/fuse");
    }

    /// Each way of working with FUSE that depends on the kernel, and which one is taken.
    private Finding fuseModes() {
        boolean resend = isAtLeast(FUSE_RESEND);
        String repeat = resend ? "notify_resend: the kernel repeats" : "notify_resend: none, the keeper retains";
        return Finding.ok(
                "fuse modes",
                repeat + " requests after a daemon's restart; passthrough: not used by this version;"
                        + " inc_epoch: not used by this version");
    }

    private Finding namespaces() {
        List<String> lacking = NAMESPACES.stream()
                .filter(name -> !Files.exists(
                        root.resolve("proc/self/ns").resolve(name), java.nio.file.LinkOption.NOFOLLOW_LINKS))
                .toList();
        return lacking.isEmpty()
                ? Finding.ok("namespaces", String.join(" ", NAMESPACES))
                : Finding.missing("namespaces", "the kernel has none of kind " + String.join(", ", lacking));
    }

    private List<Finding> cgroups() {
        Set<String> controllers = new TreeSet<>();
        Set<String> versions = new LinkedHashSet<>();
        for (String line : read("proc/mounts").lines().toList()) {
            String[] fields = line.split(" ", -1);
            if (fields.length < 4) continue;
            if (fields[2].equals("cgroup")) {
                versions.add("v1");
                controllers.addAll(List.of(fields[3].split(",", -1)));
            } else if (fields[2].equals("cgroup2")) {
                versions.add("v2");
                controllers.add("freezer"); // part of v2 itself
                controllers.addAll(List.of(read(fields[1].substring(1) + "/cgroup.controllers")
                        .trim()
                        .split(" ")));
            }
        }
        if (versions.isEmpty())
            return List.of(Finding.note(
                    "cgroups", "none are mounted: guests are frozen by signals, and --mem is not enforced"));
        controllers.retainAll(CONTROLLERS);
        List<String> lacking =
                CONTROLLERS.stream().filter(c -> !controllers.contains(c)).toList();
        String found = String.join(" and ", versions) + " with " + String.join(" ", controllers);
        return List.of(
                lacking.isEmpty()
                        ? Finding.ok("cgroups", found)
                        : Finding.note(
                                "cgroups",
                                found + ", without " + String.join(", ", lacking)
                                        + ": what these limit is not limited"));
    }

    private Finding seccomp() {
        return Files.exists(root.resolve("proc/sys/kernel/seccomp/actions_avail"))
                ? Finding.ok("seccomp", "filters")
                : Finding.missing(
                        "seccomp", "the kernel has no seccomp filters, without which guests are not confined");
    }

    /// Guests' nodes need the device, homes nftables too.
    private Finding jobNetwork() {
        if (!Files.exists(root.resolve("dev/net/tun")))
            return Finding.note(
                    "job network",
                    "there is no /dev/net/tun: only jobs that run with --net none or node run here; as root: modprobe tun");
        return NFT.stream().anyMatch(file -> Files.exists(root.resolve(file)))
                ? Finding.ok("job network", "jobs have their home's network: /dev/net/tun and nft")
                : Finding.note("job network", "there is no nft: jobs started here have no network; install nftables");
    }

    private Finding userfaultfd() {
        return Files.exists(root.resolve("proc/sys/vm/unprivileged_userfaultfd"))
                ? Finding.ok("userfaultfd", "there; moving a running job may fetch its memory on demand")
                : Finding.note("userfaultfd", "the kernel has none: moving a running job will copy all memory first");
    }

    /// Certificates and make(1) need clocks that agree. Only a hint: time may also be kept from outside.
    private Finding clock() {
        if (Files.exists(root.resolve("run/systemd/timesync/synchronized")))
            return Finding.ok("clock", "synchronised by systemd-timesyncd");
        try (Stream<Path> processes = Files.list(root.resolve("proc"))) {
            return processes
                    .filter(p -> p.getFileName().toString().matches("\\d+"))
                    .map(p ->
                            read(root.relativize(p.resolve("comm")).toString()).trim())
                    .filter(TIME_KEEPERS::contains)
                    .findFirst()
                    .map(name -> Finding.ok("clock", "kept by " + name))
                    .orElse(Finding.note(
                            "clock",
                            "no program that sets it was found; if nothing outside does either, install chrony"));
        } catch (IOException e) {
            return Finding.note("clock", "cannot look for what keeps it: " + e.getMessage());
        }
    }

    private String read(String file) {
        try {
            return Files.readString(root.resolve(file));
        } catch (IOException e) {
            return "";
        }
    }
}
