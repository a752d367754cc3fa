// Package handover is `kubectl tanist handover`: it lets another pod lead by preferring it (the annotation
// tanist.dev/preferred-leader) until it does. It writes that one annotation and nothing else, and puts it back as it was whatever
// happens, unless it is asked to keep it.
package handover
