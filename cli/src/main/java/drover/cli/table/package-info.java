/// What a person reads: aligned columns that fit the terminal, sizes and times in human units.
package drover.cli.table;
