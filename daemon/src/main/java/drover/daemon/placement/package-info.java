/// Makes the view that placement policy decides on, and asks it.
package drover.daemon.placement;
