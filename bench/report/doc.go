// Package report holds what a run of bench has measured and writes it: as a table, as JSON and as an HTML page with plots. The run fills
// in samples, and Complete derives the statistics, ratios and notes from them.
//
// The package talks to no cluster and reads no clock.
package report
