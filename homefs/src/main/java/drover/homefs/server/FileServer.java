package drover.homefs.server;
import drover.model.*;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
public class FileServer implements AutoCloseable { 
 public FileServer(FileServerConfig c, GuestAuthority a, EffectListener e) {}
 public void onFrame(NodeId n, LinkClass c, ByteBuf f, ReplySender r){}
 public void onLinkDown(NodeId n){}
 public void guestEnded(GuestKey k){}
 @Override public void close() {}
}
