package drover.linux.syscall;

import drover.model.Credentials;

/// credentials(7) of the calling thread alone: setfsuid(2), setfsgid(2), setgroups(2), capset(2). A thread of
/// root's process that acts for somebody else keeps none of root's capabilities in effect, so that quotas,
/// reserved blocks and trusted attributes are refused to it as to that user.
public final class ThreadCredentials {
    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;

    private ThreadCredentials() {}

    /// Returns 0 or the negated errno of the call that failed; the thread must then not act for anybody.
    public static int assume(Credentials credentials) {
        Scratch scratch = Scratch.own();
        // back to full rights first: setgroups(2) needs them
        RawSyscall.call(122, 0);
        int failed = capabilities(true);
        if (failed < 0) return failed;
        int count = credentials.groups().size();
        if (count * 4 > Scratch.VALUE_BYTES) return -Errno.EINVAL;
        var value = scratch.value();
        for (int group : credentials.groups()) value.putInt(group);
        failed = (int) RawSyscall.call(116, count, scratch.valueAddress());
        if (failed < 0) return failed;
        RawSyscall.call(123, credentials.gid());
        RawSyscall.call(122, credentials.uid());
        // setfsuid never fails visibly: ask what is in force
        if ((int) RawSyscall.call(123, -1) != credentials.gid() || (int) RawSyscall.call(122, -1) != credentials.uid())
            return -Errno.EPERM;
        return credentials.isRoot() ? 0 : capabilities(false);
    }

    /// All that are permitted into effect, or none.
    private static int capabilities(boolean effective) {
        Scratch scratch = Scratch.own();
        var value = scratch.value();
        value.putInt(0, LINUX_CAPABILITY_VERSION_3).putInt(4, 0);
        long header = scratch.valueAddress();
        int failed = (int) RawSyscall.call(125, header, header + 8);
        if (failed < 0) return failed;
        for (int half = 0; half < 2; half++) {
            int at = 8 + 12 * half;
            value.putInt(at, effective ? value.getInt(at + 4) : 0);
        }
        return (int) RawSyscall.call(126, header, header + 8);
    }
}
