/// On the guest's node: turns the kernel's FUSE requests into file calls, and replies into answers.
package drover.homefs.mount;
