// Package history is `kubectl tanist history`. It prints the last moves of a leader Service, which Tanist keeps on the primary EndpointSlice.
// It reads with the user's own permissions, and writes nothing.
package history
