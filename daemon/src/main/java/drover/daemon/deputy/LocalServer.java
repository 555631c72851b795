package drover.daemon.deputy;

import drover.linux.socket.UnixSocket;
import drover.model.Credentials;
import drover.protocol.Wire;
import drover.protocol.WireException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.handler.codec.LengthFieldPrepender;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The socket at which deputies and commands call. Anyone on this machine may connect; who they are, the kernel
/// says.
public final class LocalServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalServer.class);
    /// A spec carries arguments and environment, which the kernel limits to 2 MiB by default.
    private static final int FRAME_MAX_BYTES = 4 << 20;

    private static final int RUN = 1;
    private static final int SESSION = 2;
    private static final int RESUME = 3;
    private static final int ATTACH = 4;
    private static final int COMMAND = 20;
    private static final int SECRET_BYTES = 16;

    /// What callers want. Called on the socket's event loop: never block. Buffers are valid until the call returns.
    public interface Listener {
        void run(DeputyConnection caller, String options, ByteBuf spec);

        void session(DeputyConnection caller, int epoch, ByteBuf frame);

        void resume(DeputyConnection caller, long job, byte[] secret);

        void attach(DeputyConnection caller, long job);

        void command(DeputyConnection caller, String json);

        void closed(DeputyConnection caller);
    }

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Channel server;

    /// Binds the socket, replacing what a crashed daemon left.
    public LocalServer(Path socket, Listener listener) throws IOException {
        Files.deleteIfExists(socket);
        server = new ServerBootstrap()
                .group(group)
                .channel(EpollServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<EpollDomainSocketChannel>() {
                    @Override
                    protected void initChannel(EpollDomainSocketChannel channel) {
                        channel.pipeline()
                                .addLast(new LengthFieldBasedFrameDecoder(
                                        ByteOrder.LITTLE_ENDIAN, FRAME_MAX_BYTES, 0, 4, 0, 4, true))
                                .addLast(new LengthFieldPrepender(ByteOrder.LITTLE_ENDIAN, 4, 0, false))
                                .addLast(new Handler(listener));
                    }
                })
                .bind(new DomainSocketAddress(socket.toFile()))
                .syncUninterruptibly()
                .channel();
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
        var _ = group.shutdownGracefully();
    }

    private static final class Handler extends SimpleChannelInboundHandler<ByteBuf> {
        private final Listener listener;
        private @Nullable DeputyConnection caller;

        Handler(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void channelActive(ChannelHandlerContext context) throws Exception {
            int descriptor = ((EpollDomainSocketChannel) context.channel()).fd().intValue();
            UnixSocket.Peer kernel = UnixSocket.peerOf(descriptor);
            long start = Peer.startTicksOf(kernel.pid()).orElse(0L);
            Credentials credentials = new Credentials(kernel.uid(), kernel.gid(), kernel.groups());
            caller = new DeputyConnection(context.channel(), new Peer(kernel.pid(), start, credentials));
            super.channelActive(context);
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf in) {
            int type = Wire.readU8(in);
            switch (type) {
                case RUN -> listener.run(caller, Wire.readString(in), in);
                case SESSION -> listener.session(caller, Wire.readI32(in), in);
                case RESUME -> {
                    long job = Wire.readI64(in);
                    if (in.readableBytes() != SECRET_BYTES) throw new WireException("a secret has 16 bytes");
                    byte[] secret = new byte[SECRET_BYTES];
                    in.readBytes(secret);
                    listener.resume(caller, job, secret);
                }
                case ATTACH -> listener.attach(caller, Wire.readI64(in));
                case COMMAND -> listener.command(caller, in.toString(StandardCharsets.UTF_8));
                default -> throw new WireException("unknown local message of type " + type);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            if (caller != null) listener.closed(caller);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            LOG.warn("a local connection is closed: {}", cause.toString());
            var _ = context.close();
        }
    }
}
