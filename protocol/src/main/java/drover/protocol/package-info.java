/// Primitives shared by all messages.
package drover.protocol;
