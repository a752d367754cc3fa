// Package page is what the dashboard shows: for each Service that asks for a leader, its status, who led it when, how the leader changed, and
// what happened to its pods. It is made of functions from objects and a time to values.
//
// The status is that of package status, and the moves are those of package history. The package never talks to the API, reads no clock, and
// decides nothing that Tanist decides.
package page
