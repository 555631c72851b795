/// The live view of `drover top`.
package drover.cli.tui;
