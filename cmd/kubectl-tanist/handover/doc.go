// Package handover is `kubectl tanist handover`. It lets another pod lead by preferring it (the annotation tanist.dev/preferred-leader)
// until it does: one Service, or all that are led from one node. It writes that one annotation and nothing else. Whatever happens, it restores
// the annotation, unless the user asks to keep it.
//
// It checks before it writes. What Tanist's own rules say comes from package explain. With --dry-run the only write is one that the API server
// does not store.
package handover
