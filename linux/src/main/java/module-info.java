/// The only door to native calls.
module drover.linux {
    requires transitive drover.model;
    requires java.management;
    requires org.slf4j;

    exports drover.linux.socket;
    exports drover.linux.syscall;
    exports drover.linux.fuse;
    exports drover.linux.procfs;
    exports drover.linux.cgroup;
    exports drover.linux.fanotify;
    exports drover.linux.network;
}
