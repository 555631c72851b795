package drover.daemon.network;

import drover.linux.network.TunDevice;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.job.PacketFrame;
import drover.protocol.link.LinkHub;
import io.netty.buffer.ByteBuf;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The network devices of guests on this node: what a guest sends goes to its home, what its home sends goes
/// in. Safe from any thread.
public final class GuestDevices {
    private final PacketPump pump;
    private final PacketCarrier carrier;
    private final Map<GuestKey, Device> devices = new ConcurrentHashMap<>();

    public GuestDevices(PacketPump pump, PacketCarrier carrier) {
        this.pump = pump;
        this.carrier = carrier;
    }

    /// The guest has that device. Takes ownership of the descriptor.
    public void attach(GuestKey guest, int descriptor) {
        Device device = new Device(guest, TunDevice.of(descriptor));
        Device former = devices.put(guest, device);
        if (former != null) pump.remove(former, former.device::close);
        pump.add(device);
    }

    /// The guest is gone, or is another daemon's business.
    public void detach(GuestKey guest) {
        Device device = devices.remove(guest);
        if (device != null) pump.remove(device, device.device::close);
    }

    /// A packet from that home. The frame may be released when this returns.
    ///
    /// @throws IllegalArgumentException if it names no guest
    public void fromHome(NodeId home, ByteBuf frame) {
        if (!PacketFrame.isIpv4(frame)) throw new IllegalArgumentException("a frame without a packet");
        Device device = devices.get(PacketFrame.guest(frame, home));
        if (device != null) TunWriter.write(device.device, frame);
    }

    /// There may be room again on the way to a home.
    public void look() {
        pump.wake();
    }

    private final class Device implements PacketPump.Source {
        private final GuestKey guest;
        private final TunDevice device;

        Device(GuestKey guest, TunDevice device) {
            this.guest = guest;
            this.device = device;
        }

        @Override
        public TunDevice device() {
            return device;
        }

        @Override
        public boolean hasRoom() {
            return carrier.homeTakes(guest.job().home());
        }

        @Override
        public void packet(ByteBuf frame) {
            if (!PacketFrame.isIpv4(frame)) return; // of IPv6, which this version does not carry
            PacketFrame.name(frame, guest);
            int length = frame.readableBytes();
            carrier.toHome(
                    guest.job().home(), LinkHub.buffers().directBuffer(length).writeBytes(frame, 0, length));
        }
    }
}
