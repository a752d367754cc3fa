package leaderservice

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
)

// UpToDate reports whether Tanist would write nothing to a leader Service that is kept, when its slices say who leads. The successor is left
// out: only a replica knows it. `kubectl tanist get` asks, so that it warns of a refused write no longer than there is something to write.
func UpToDate(leaderService, source *corev1.Service, state leaderslice.State) bool {
	in := input{source: source, existing: leaderService, installation: leaderService.Annotations[config.InstallationKey], state: state}
	in.options, _ = store.ResolveOptions(source, leaderService)
	desired, last := in.nextVersion(leaderService, leaderService.Annotations[config.OrphanedSinceKey])
	return last && !mustReplace(leaderService, source, in.options) && sameLeaderService(leaderService, desired)
}
