package certs

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// finding is a problem that a user must correct.
type finding struct {
	about          corev1.ObjectReference
	reason, action string
	problem        string
}

// reportAfter is how long a problem must last before it is reported. The CA injector runs a moment after an installation, and the
// conditions of a Certificate are not all written at once.
const reportAfter = 5 * time.Second

// deduplicator remembers what is wrong, since when, and whether it has been reported.
type deduplicator struct {
	// entries has one for each finding of the last check.
	entries map[finding]*entry
}

type entry struct {
	since    time.Time
	reported bool
}

// due takes all current findings, and returns those to report now. If more will be due, next is after how long; otherwise it is 0. While
// mayReport is false, nothing is due, and the findings are kept for later.
func (d *deduplicator) due(now time.Time, findings []finding, mayReport bool) (due []finding, next time.Duration) {
	entries := make(map[finding]*entry, len(findings))
	for _, f := range findings {
		e := d.entries[f]
		if e == nil {
			e = &entry{since: now}
		}
		entries[f] = e
		left := reportAfter - now.Sub(e.since)
		switch {
		case e.reported:
		case left > 0:
			if next == 0 || left < next {
				next = left
			}
		case mayReport:
			e.reported = true
			due = append(due, f)
		}
	}
	d.entries = entries
	return due, next
}

func withUID(about corev1.ObjectReference, uid types.UID) corev1.ObjectReference {
	about.UID = uid
	return about
}
