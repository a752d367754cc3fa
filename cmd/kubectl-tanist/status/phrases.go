package status

import (
	"regexp"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Warning is what a user must know.
type Warning struct {
	// Phrase is short and stable: what the table shows, and what a script may look for.
	Phrase string `json:"phrase"`
	// Detail says more, such as what to do.
	Detail string `json:"detail,omitempty"`
}

// The phrases.
const (
	NamespaceNotOptedIn = "namespace not opted in"
	ServiceNotOptedIn   = "Service not opted in"
	WrongAnnotation     = "wrong annotation"
	CannotHaveLeader    = "cannot have a leader"
	NameTaken           = "name taken"
	NoLeaderService     = "no leader Service yet"
	NoPodSelected       = "no leader: no pod selected"
	NoReadyPod          = "no leader: no ready pod"
	NoLeader            = "no leader"
	LeaderTerminating   = "leader terminating"
	SeveralReady        = "several ready endpoints"
	IncompleteLeader    = "incomplete leader"
	NoReadinessProbe    = "no readiness probe"
	ForeignSlice        = "foreign EndpointSlice"
	WriteRefused        = "write refused"
	NoDrainWindow       = "no drain window"
	TanistNotRunning    = "Tanist is not running"
	Deleted             = "gone"
)

// annotationPath is how an error names an annotation.
var annotationPath = regexp.MustCompile(`^metadata\.annotations\[(.+)\]$`)

// annotationOf is the annotation that an error is about; empty when it is about something else.
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
