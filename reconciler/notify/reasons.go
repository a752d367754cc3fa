package notify

import (
	"strings"
	"unicode/utf8"
)

// Reasons of Events. Those of a Warning are for a user to act upon.
const (
	// ReasonLeaderChanged is a hand-over that was committed.
	ReasonLeaderChanged = "LeaderChanged"
	// ReasonNoLeader is a Service that nobody can lead.
	ReasonNoLeader = "NoLeader"
	// ReasonLastResort is a leader that terminates and keeps the traffic, because nobody else is ready.
	ReasonLastResort = "LastResort"

	// ReasonInvalidAnnotation is an annotation of a Service or pod that cannot be what its user meant.
	ReasonInvalidAnnotation = "InvalidAnnotation"
	// ReasonInvalidService is a Service that opted in and cannot have a leader.
	ReasonInvalidService = "InvalidService"
	// ReasonInvalidTuning is a tuning that is not in force.
	ReasonInvalidTuning = "InvalidTuning"
	// ReasonTuningNotSaved is a tuning that is in force and would not outlast a wrong one.
	ReasonTuningNotSaved = "TuningNotSaved"
	// ReasonUnfitPod is a pod that cannot carry any of its Service's traffic.
	ReasonUnfitPod = "UnfitPod"
	// ReasonLeaderIncomplete is a leader that can carry only a part of it.
	ReasonLeaderIncomplete = "LeaderIncomplete"
	// ReasonNoReadinessProbe is a leader that counts as ready although nothing asks whether it answers.
	ReasonNoReadinessProbe = "NoReadinessProbe"
	// ReasonNoDrainWindow is a leader that stops serving the moment its deletion begins, although its Service asks for a drain window.
	ReasonNoDrainWindow = "NoDrainWindow"

	// ReasonLeaderServiceTaken is a leader Service's name that something else has.
	ReasonLeaderServiceTaken = "LeaderServiceTaken"
	// ReasonNamespaceOptedOut is a namespace's label that went while a Service of it has a leader Service.
	ReasonNamespaceOptedOut = "NamespaceOptedOut"
	// ReasonOtherInstallation is a leader Service that another installation of Tanist serves.
	ReasonOtherInstallation = "OtherInstallation"
	// ReasonContested is a leader Service that someone changes again and again.
	ReasonContested = "LeaderServiceContested"
	// reasonWriteRefused is a write that the API server refuses: a quota, a policy, an admission webhook, missing rights.
	reasonWriteRefused = "WriteRefused"
	// ReasonSliceTaken is an EndpointSlice's name that something else has.
	ReasonSliceTaken = "EndpointSliceTaken"
	// ReasonForeignSlice is an EndpointSlice that is not Tanist's and still sends the leader Service's traffic somewhere.
	ReasonForeignSlice = "ForeignEndpointSlice"
)

// Actions of Events: what Tanist was doing.
const (
	ActionElect  = "Elect"
	ActionMirror = "MirrorService"
	ActionRead   = "ReadConfiguration"
	ActionSave   = "SaveConfiguration"
)

// maxNote is the longest note, in bytes, that the API takes.
const maxNote = 1024

// FitNote cuts a note that is too long: the API would refuse the whole Event.
func FitNote(note string) string {
	return cut(note, maxNote)
}

// cut shortens a text to a number of bytes, between two runes.
func cut(note string, longest int) string {
	const more = " …"
	note = strings.ToValidUTF8(note, "\uFFFD")
	if len(note) <= longest {
		return note
	}
	end := longest - len(more)
	for end > 0 && !utf8.RuneStart(note[end]) {
		end--
	}
	return note[:end] + more
}
