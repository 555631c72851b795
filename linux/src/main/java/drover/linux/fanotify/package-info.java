/// Changes of files that other processes make, as the kernel tells them.
package drover.linux.fanotify;
