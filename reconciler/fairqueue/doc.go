// Package fairqueue is a queue that serves namespaces in turn, so that the many entries of one namespace do not delay the few of another.
//
// It knows nothing of what is queued, and never blocks. Its callers lock it.
package fairqueue
