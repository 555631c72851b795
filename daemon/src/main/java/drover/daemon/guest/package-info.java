/// The guests on this node: relays between their homes and the keeper, and mounts the file views.
package drover.daemon.guest;
