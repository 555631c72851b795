/// A node's identity, and the TLS contexts made from it.
package drover.protocol.mtls;
