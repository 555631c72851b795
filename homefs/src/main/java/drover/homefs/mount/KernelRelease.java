package drover.homefs.mount;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The running kernel's version, where a resumed mount cannot ask any more what was agreed at its handshake.
record KernelRelease(int major, int minor) {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");

    static KernelRelease running() {
        Matcher matcher = RELEASE.matcher(System.getProperty("os.version"));
        return matcher.matches()
                ? new KernelRelease(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
                : new KernelRelease(0, 0);
    }

    boolean isAtLeast(int wantedMajor, int wantedMinor) {
        return major != wantedMajor ? major > wantedMajor : minor >= wantedMinor;
    }
}
