package certs

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// finding is something that a user has to mend.
type finding struct {
	about          corev1.ObjectReference
	reason, action string
	problem        string
}

// settling is how long something must be wrong before it is said: the CA injector comes a moment after an installation, and a
// Certificate's conditions are not written all at once.
const settling = 5 * time.Second

// standing remembers what is wrong, since when, and whether it was said.
type standing struct {
	// entries has one for each finding of the last look; it goes with the finding.
	entries map[finding]*entry
}

type entry struct {
	since time.Time
	said  bool
}

// news takes all that is wrong now, and returns what is to be said now and, if more is to be said soon, when to look again (0: not
// before something changes). While it may not be said, it is kept.
func (s *standing) news(now time.Time, findings []finding, mayBeSaid bool) (news []finding, again time.Duration) {
	entries := make(map[finding]*entry, len(findings))
	for _, f := range findings {
		e := s.entries[f]
		if e == nil {
			e = &entry{since: now}
		}
		entries[f] = e
		left := settling - now.Sub(e.since)
		switch {
		case e.said:
		case left > 0:
			if again == 0 || left < again {
				again = left
			}
		case mayBeSaid:
			e.said = true
			news = append(news, f)
		}
	}
	s.entries = entries
	return news, again
}

func withUID(about corev1.ObjectReference, uid types.UID) corev1.ObjectReference {
	about.UID = uid
	return about
}
