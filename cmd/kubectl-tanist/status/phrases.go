package status

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Warning is a problem that the user should know.
type Warning struct {
	// Phrase is short and stable. The table shows it, and scripts may look for it.
	Phrase string `json:"phrase"`
	// Detail explains the problem, and what to do.
	Detail string `json:"detail,omitempty"`
}

// The phrases of warnings.
const (
	NamespaceNotOptedIn = "namespace not opted in"
	WrongNamespaceLabel = "wrong namespace label"
	ServiceNotOptedIn   = "Service not opted in"
	WrongAnnotation     = "wrong annotation"
	CannotHaveLeader    = "cannot have a leader"
	NameTaken           = "name taken"
	NoLeaderService     = "no leader Service yet"
	NoPodSelected       = "no leader: no pod selected"
	NoReadyPod          = "no leader: no ready pod"
	NoFitPod            = "no leader: no pod can take traffic"
	NoLeader            = "no leader"
	LeaderGone          = "leader gone"
	LeaderNotReady      = "leader not ready"
	LeaderTerminating   = "leader terminating"
	SeveralReady        = "several ready endpoints"
	IncompleteLeader    = "incomplete leader"
	NoReadinessProbe    = "no readiness probe"
	ForeignSlice        = "foreign EndpointSlice"
	WriteRefused        = "write refused"
	NoPreferredLeader   = "no preferred leader"
	WrongPodAnnotation  = "wrong pod annotation"
	SingleCandidate     = "single candidate"
	Paused              = "hand-overs paused"
	HeldBack            = "hand-over held back"
	ExcludedLeader      = "excluded leader"
	OldLeaderStays      = "old leader not evicted"
	OtherType           = "leader Service of another type"
	LeaseMissing        = "Lease missing"
	LeaseNotHeld        = "Lease not held"
	LeaseHolderUnknown  = "Lease holder unknown"
	LeaseHolderNotReady = "Lease holder not ready"
	NoDrainWindow       = "no drain window"
	SuccessorNoWindow   = "successor without drain window"
	TanistNotRunning    = "Tanist is not running"
	TanistWaits         = "Tanist waits for its Lease"
	NotAuthenticated    = "admission is not authenticated"
	Deleted             = "gone"
)

// NothingHeldBack is the reason of the condition tanist.dev/HandoversPaused while nothing is held back.
const NothingHeldBack = "NothingHeldBack"

// annotationPath matches the field of an error about an annotation.
var annotationPath = regexp.MustCompile(`^metadata\.annotations\[(.+)\]$`)

// annotationOf returns the annotation that an error is about. It is empty if the error is about something else.
func annotationOf(err *field.Error) string {
	if match := annotationPath.FindStringSubmatch(err.Field); match != nil {
		return match[1]
	}
	return ""
}

func wrongKeys(errs field.ErrorList) []string {
	var keys []string
	for _, err := range errs {
		keys = append(keys, annotationOf(err))
	}
	return keys
}
