package config

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ResolvedTuning is the tuning that two ConfigMaps put in force, and why.
type ResolvedTuning struct {
	Tuning Tuning
	// Source is where the tuning comes from.
	Source TuningSource
	// Errors are those of the ConfigMap tanist-tuning. Without any, that ConfigMap is the source.
	Errors field.ErrorList
	// StateErrors are those of the last good tuning, if it is needed.
	StateErrors field.ErrorList
}

// TuningSource is where the tuning in force comes from.
type TuningSource int

// The sources, in the order in which they are tried.
const (
	// FromConfigMap is the ConfigMap tanist-tuning, or the defaults if it does not exist.
	FromConfigMap TuningSource = iota
	// FromState is the last good tuning in the ConfigMap tanist-state.
	FromState
	// FromDefaults are the defaults, if tanist-tuning is wrong and tanist-state has no tuning that this version can read.
	FromDefaults
)

// ResolveTuning decides which tuning is in force: the one in tanist-tuning if it is valid, else the last good one in tanist-state, else
// the defaults. Either ConfigMap may be nil. The result depends on nothing that a replica remembers, so all replicas agree, even those
// that have just started.
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

// TuningToSave returns the text to save in the ConfigMap tanist-state, and whether it differs from what is there. Only a valid tuning is
// saved. It is saved as it is written, including comments, because another version may understand it differently. A missing tuning
// counts as an empty one.
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

// stateText returns the last good tuning as it was written. A new installation has none.
func stateText(state *corev1.ConfigMap) (text string, found bool) {
	if state == nil {
		return "", false
	}
	text, found = state.Data[TuningKey]
	return text, found
}
