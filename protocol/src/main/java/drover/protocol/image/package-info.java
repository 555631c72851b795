/// The image of a guest that moves, on its way from node to node.
package drover.protocol.image;
