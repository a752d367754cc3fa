package afterhandover

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// input is all that a decision about one Service depends on, besides the time. Its objects are shared with the informers.
type input struct {
	source, leaderService *corev1.Service
	options               config.AfterHandover
	// state is who leads, and old is the old leader, according to the slice of the primary family.
	state leaderslice.State
	old   leaderslice.OldLeader
	// pod is the pod with the old leader's name; nil if there is none that the Service selects.
	pod *corev1.Pod
	// gone is that the old leader does not exist any more.
	gone bool
	// tried is what this replica has tried in this term.
	tried attempts
}
