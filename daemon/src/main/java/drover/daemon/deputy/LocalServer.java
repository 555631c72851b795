package drover.daemon.deputy;

import drover.linux.socket.UnixSocket;
import drover.model.Credentials;
import drover.model.ExitStatus;
import drover.protocol.Wire;
import drover.protocol.WireException;
import drover.protocol.link.IdleLoops;
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
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The socket at which deputies and commands call. Anyone on this machine may connect; who they are, the kernel
/// says.
public final class LocalServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LocalServer.class);
    /// A spec carries arguments and environment, which the kernel limits to 2 MiB by default.
    private static final int FRAME_MAX_BYTES = 4 << 20;
    /// Of callers who may only ask: no question is longer, and they shall not fill the daemon's memory.
    private static final int QUESTION_MAX_BYTES = 64 << 10;
    /// Connections of one user who may only ask, at once.
    private static final int ASKERS_MAX = 64;

    private static final int RUN = 1;
    private static final int SESSION = 2;
    private static final int RESUME = 3;
    private static final int ATTACH = 4;
    private static final int COMMAND = 20;
    private static final int SECRET_BYTES = 16;

    /// What callers want. Called on the socket's event loop: never block. Buffers are valid until the call returns.
    public interface Listener {
        /// Whether that user may have jobs here. Any thread.
        boolean mayRun(Credentials caller);

        void run(DeputyConnection caller, String options, ByteBuf spec);

        void session(DeputyConnection caller, int epoch, ByteBuf frame);

        void resume(DeputyConnection caller, long job, byte[] secret);

        void attach(DeputyConnection caller, long job);

        void command(DeputyConnection caller, String json);

        void closed(DeputyConnection caller);
    }

    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final Channel server;
    /// Connections of those who may only ask, by uid. Event loop only.
    private final Map<Integer, Integer> askers = new HashMap<>();

    /// Binds the socket, replacing what a crashed daemon left.
    public LocalServer(Path socket, Listener listener) throws IOException {
        Files.deleteIfExists(socket);
        IdleLoops.letSleep(group);
        server = new ServerBootstrap()
                .group(group)
                .channel(EpollServerDomainSocketChannel.class)
                .childHandler(new ChannelInitializer<EpollDomainSocketChannel>() {
                    @Override
                    protected void initChannel(EpollDomainSocketChannel channel) throws IOException {
                        receive(channel, listener);
                    }
                })
                .bind(new DomainSocketAddress(socket.toFile()))
                .syncUninterruptibly()
                .channel();
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-rw-rw-"));
    }

    /// Sets a new connection up for who calls; the kernel says who that is. Event loop only.
    private void receive(EpollDomainSocketChannel channel, Listener listener) throws IOException {
        UnixSocket.Peer kernel = UnixSocket.peerOf(channel.fd().intValue());
        long start = Peer.startTicksOf(kernel.pid()).orElse(0L);
        Credentials credentials = new Credentials(kernel.uid(), kernel.gid(), kernel.groups());
        boolean mayRun = listener.mayRun(credentials);
        if (!mayRun) {
            if (askers.merge(kernel.uid(), 1, Integer::sum) > ASKERS_MAX)
                LOG.debug("uid {} has more than {} connections", kernel.uid(), ASKERS_MAX);
            channel.closeFuture().addListener(_ -> askers.merge(kernel.uid(), -1, LocalServer::sumOrNone));
            if (askers.get(kernel.uid()) > ASKERS_MAX) {
                var _ = channel.close();
                return;
            }
        }
        int frameMaxBytes = mayRun ? FRAME_MAX_BYTES : QUESTION_MAX_BYTES;
        String tooLong = mayRun
                ? "arguments and environment take more than " + FRAME_MAX_BYTES + " bytes; shorten them"
                : UserTable.userName(kernel.uid()) + " may not run jobs on this node; ask its administrator";
        channel.pipeline()
                .addLast(new LengthFieldBasedFrameDecoder(ByteOrder.LITTLE_ENDIAN, frameMaxBytes, 0, 4, 0, 4, true))
                .addLast(new LengthFieldPrepender(ByteOrder.LITTLE_ENDIAN, 4, 0, false))
                .addLast(new Handler(
                        listener, new DeputyConnection(channel, new Peer(kernel.pid(), start, credentials)), tooLong));
    }

    private static @Nullable Integer sumOrNone(int count, int change) {
        return count + change == 0 ? null : count + change;
    }

    @Override
    public void close() {
        server.close().syncUninterruptibly();
        var _ = group.shutdownGracefully();
    }

    private static final class Handler extends SimpleChannelInboundHandler<ByteBuf> {
        private final Listener listener;
        private final DeputyConnection caller;
        private final String tooLong;
        private boolean standsForAJob;

        Handler(Listener listener, DeputyConnection caller, String tooLong) {
            this.listener = listener;
            this.caller = caller;
            this.tooLong = tooLong;
        }

        /// Who does not read its answers gets no more of them: their questions wait in the socket.
        @Override
        public void channelWritabilityChanged(ChannelHandlerContext context) throws Exception {
            context.channel().config().setAutoRead(context.channel().isWritable());
            super.channelWritabilityChanged(context);
        }

        /// A connection is one deputy's, and its end is that deputy's end: it stands for one job, once.
        private void standForAJob() {
            if (standsForAJob) throw new WireException("a connection stands for one job only");
            standsForAJob = true;
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, ByteBuf in) {
            int type = Wire.readU8(in);
            switch (type) {
                case RUN -> {
                    standForAJob();
                    listener.run(caller, Wire.readString(in), in);
                }
                case SESSION -> listener.session(caller, Wire.readI32(in), in);
                case RESUME -> {
                    standForAJob();
                    long job = Wire.readI64(in);
                    if (in.readableBytes() != SECRET_BYTES) throw new WireException("a secret has 16 bytes");
                    byte[] secret = new byte[SECRET_BYTES];
                    in.readBytes(secret);
                    listener.resume(caller, job, secret);
                }
                case ATTACH -> {
                    standForAJob();
                    listener.attach(caller, Wire.readI64(in));
                }
                case COMMAND -> listener.command(caller, in.toString(StandardCharsets.UTF_8));
                default -> throw new WireException("unknown local message of type " + type);
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            listener.closed(caller);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (cause instanceof ClosedChannelException) return; // what was still to be said to one who left
            LOG.warn("process {} sent what cannot be used: {}", caller.peer().pid(), cause.toString());
            if (cause instanceof TooLongFrameException) {
                // The decoder throws the rest away as it comes; closing now would keep the answer from being read.
                caller.refused(ExitStatus.DROVER_FAILED, tooLong);
                return;
            }
            var _ = context.close();
        }
    }
}
