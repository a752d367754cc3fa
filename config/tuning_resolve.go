package config

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ResolvedTuning is which tuning two ConfigMaps put in force, and why.
type ResolvedTuning struct {
	Tuning Tuning
	// Source is where it comes from.
	Source TuningSource
	// Errors are what is wrong with the ConfigMap tanist-tuning. Without any, that is the source.
	Errors field.ErrorList
	// StateErrors are what is wrong with the last good tuning, when that is needed.
	StateErrors field.ErrorList
}

// TuningSource is where the tuning in force comes from.
type TuningSource int

// The sources, in the order in which they are tried.
const (
	// FromConfigMap is the ConfigMap tanist-tuning, or the defaults when there is none.
	FromConfigMap TuningSource = iota
	// FromState is the last good tuning in the ConfigMap tanist-state.
	FromState
	// FromDefaults is for when the one is wrong and the other has no tuning that this version can read.
	FromDefaults
)

// ResolveTuning decides which tuning is in force: that of the ConfigMap tanist-tuning while it is right, else the last good one in
// tanist-state, else the defaults. Either may be nil. It is a function of the two and of nothing that a replica remembers, so that
// all replicas agree, those that have just started among them.
func ResolveTuning(configMap, state *corev1.ConfigMap) ResolvedTuning {
	tuning, errs := ParseTuningConfigMap(configMap)
	if len(errs) == 0 {
		return ResolvedTuning{Tuning: tuning, Source: FromConfigMap}
	}
	text, found := stateText(state)
	if !found {
		return ResolvedTuning{Tuning: DefaultTuning(), Source: FromDefaults, Errors: errs}
	}
	lastGood, stateErrs := ParseTuning([]byte(text))
	if len(stateErrs) > 0 {
		return ResolvedTuning{Tuning: DefaultTuning(), Source: FromDefaults, Errors: errs, StateErrors: stateErrs}
	}
	return ResolvedTuning{Tuning: lastGood, Source: FromState, Errors: errs}
}

// TuningToSave is the text that belongs into the ConfigMap tanist-state, and whether it differs from what is there. Only a tuning
// that is right is saved. It is saved as it is written, comments included, since another version may understand it differently.
// None is as good as an empty one.
func TuningToSave(configMap, state *corev1.ConfigMap) (text string, differs bool) {
	if _, errs := ParseTuningConfigMap(configMap); len(errs) > 0 {
		return "", false
	}
	if configMap != nil {
		text = configMap.Data[TuningKey]
	}
	saved, _ := stateText(state)
	return text, text != saved
}

// stateText is the last good tuning as it was written. It ships without one.
func stateText(state *corev1.ConfigMap) (text string, found bool) {
	if state == nil {
		return "", false
	}
	text, found = state.Data[TuningKey]
	return text, found
}
