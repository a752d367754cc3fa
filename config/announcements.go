package config

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// NoAnnouncement is the value of the annotation tanist.dev/handover-on that stands for an empty list.
const NoAnnouncement = "none"

// announcements are the words of the annotation tanist.dev/handover-on, and the switches of the tuning that they stand for.
var announcements = []struct {
	word    string
	enabled func(*ElectionTuning) *bool
}{
	{"cordon", func(t *ElectionTuning) *bool { return &t.HandoverOnCordon }},
	{"removal-taint", func(t *ElectionTuning) *bool { return &t.HandoverOnRemovalTaint }},
	{"node-shutdown", func(t *ElectionTuning) *bool { return &t.HandoverOnNodeShutdown }},
	{"rollout", func(t *ElectionTuning) *bool { return &t.HandoverOnRollout }},
	{"scale-down", func(t *ElectionTuning) *bool { return &t.HandoverOnScaleDown }},
	{"disruption-target", func(t *ElectionTuning) *bool { return &t.HandoverOnDisruptionTarget }},
}

// Announcements returns the words that the annotation tanist.dev/handover-on may list.
func Announcements() []string {
	var words []string
	for _, a := range announcements {
		words = append(words, a.word)
	}
	return words
}

// ElectionOr returns the tuning of elections, with the switches of announcements that the Service asks for. If it asks for none, they are
// the tuning's.
func (o Options) ElectionOr(t Tuning) ElectionTuning {
	if o.HandoverOn == nil {
		return t.Election
	}
	election := t.Election
	for _, a := range announcements {
		*a.enabled(&election) = slices.Contains(o.HandoverOn, a.word)
	}
	return election
}

// handoverOn parses a list of announcements. An empty list is one that moves the leader for no announcement.
func (p *parser) handoverOn(key string, into *[]string) {
	value, found := p.annotations[key]
	if !found {
		return
	}
	listed, known := SplitKeys(value), Announcements()
	if len(listed) == 1 && listed[0] == NoAnnouncement {
		listed = nil
	}
	for _, word := range listed {
		switch {
		case word == NoAnnouncement:
			p.reject(key, value, `must be either "`+NoAnnouncement+`" or a list of announcements`)
			return
		case !slices.Contains(known, word):
			p.errs = append(p.errs, field.NotSupported(annotationsPath.Key(key), cut(word), append(known, NoAnnouncement)))
			return
		}
	}
	*into = slices.DeleteFunc(known, func(word string) bool { return !slices.Contains(listed, word) })
}
