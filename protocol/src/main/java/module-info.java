/// What nodes say to each other, and how the links that carry it are secured.
module drover.protocol {
    requires transitive drover.model;
    requires transitive io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.unix.common;
    requires com.github.luben.zstd_jni;
    requires java.management;
    requires java.naming;
    requires org.slf4j;

    exports drover.protocol;
    exports drover.protocol.file;
    exports drover.protocol.image;
    exports drover.protocol.job;
    exports drover.protocol.local;
    exports drover.protocol.mtls;
    exports drover.protocol.link;
}
