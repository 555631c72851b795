package drover.homefs.mount;
import drover.model.*;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.util.Optional;
public class HomeMount implements AutoCloseable { 
 public interface FrameSender { boolean send(LinkClass c, ByteBuf b); }
 public interface CallerLookup { Optional<GuestKey> guestOf(int pid); }
 public HomeMount(NodeId home, int fd, boolean resumed, FrameSender s, CallerLookup l, HomeMountConfig c){}
 public void start(){} public void onFrame(ByteBuf f){} public void onLinkUp(){} public void onLinkDown(){} public void beginJob(){} @Override public void close(){}
}
