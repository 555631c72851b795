/// One node of the cluster.
module drover.daemon {
    requires drover.model;
    requires drover.policy;
    requires drover.protocol;
    requires drover.linux;
    requires drover.homefs;
    requires com.fasterxml.jackson.databind;
    requires info.picocli;
    requires io.netty.codec;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires java.logging;
    requires java.naming;
    requires java.sql;
    requires jdk.net;
    requires static org.jspecify;
    requires org.jgroups;
    requires org.slf4j;
    requires org.bouncycastle.pkix;
    requires org.bouncycastle.provider;
    requires javax.jmdns;

    // JGroups makes headers and protocols by reflection.
    exports drover.daemon.membership.wire to
            org.jgroups;

    opens drover.daemon to
            info.picocli;
    opens drover.daemon.control to
            com.fasterxml.jackson.databind;
    opens drover.daemon.doctor to
            info.picocli;
    opens drover.daemon.security.command to
            info.picocli;
}
