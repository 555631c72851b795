/// What the kernel tells about load, memory, pressure and processes.
package drover.linux.procfs;
