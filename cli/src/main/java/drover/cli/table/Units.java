package drover.cli.table;

import java.util.Locale;

/// Sizes and times as a person reads them. JSON never goes through here.
public final class Units {
    private static final String[] SIZES = {"B", "K", "M", "G", "T", "P"};

    private Units() {}

    /// `0B`, `1023B`, `1.5K`, `23.4G`: powers of 1024, at most four digits.
    public static String bytes(long bytes) {
        if (bytes < 0) return "-";
        double value = bytes;
        int unit = 0;
        while (value >= 1023.95 && unit < SIZES.length - 1) {
            value /= 1024;
            unit++;
        }
        if (unit == 0) return bytes + "B";
        return String.format(Locale.ROOT, value < 99.95 ? "%.1f%s" : "%.0f%s", value, SIZES[unit]);
    }

    /// `0.25s`, `12.3s`, `2m05s`, `3h07m`, `4d02h`.
    public static String seconds(double seconds) {
        if (!(seconds >= 0)) return "-";
        if (seconds < 9.995) return String.format(Locale.ROOT, "%.2fs", seconds);
        if (seconds < 59.95) return String.format(Locale.ROOT, "%.1fs", seconds);
        long whole = Math.round(seconds);
        if (whole < 3600) return String.format(Locale.ROOT, "%dm%02ds", whole / 60, whole % 60);
        if (whole < 86_400) return String.format(Locale.ROOT, "%dh%02dm", whole / 3600, whole / 60 % 60);
        return String.format(Locale.ROOT, "%dd%02dh", whole / 86_400, whole / 3600 % 24);
    }

    /// Two decimals, or what the value is if it is no number.
    public static String number(double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "-";
    }
}
