/// What the administrator has ordered of a node: whether it takes guests, and whether its own jobs leave it.
@NullMarked
package drover.daemon.orders;

import org.jspecify.annotations.NullMarked;
