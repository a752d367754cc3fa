// Package handover is `kubectl tanist handover`. It lets another pod lead by preferring it (the annotation tanist.dev/preferred-leader)
// until it does. It writes that one annotation and nothing else. Whatever happens, it restores the annotation, unless the user asks to
// keep it.
package handover
