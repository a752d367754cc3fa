package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
)

var leaderChecks = applying([]check{
	{"leader", services, "each leader Service has a leader", checkLeader},
	{"leader-traffic", services, "each leader stays and takes all of its Service's traffic", checkTraffic},
}, nobodyLed)

var followedChecks = applying([]check{
	{"followed-lease", services, "each Lease that a Service follows is held by a pod of the Service that takes its traffic", checkFollowed},
}, nobodyFollows)

var watchedChecks = applying([]check{
	{"watched", services, "the loss of each leader is noticed, also when nobody announces it", checkWatched},
}, nobodyLed)

func checkLeader(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.slices.unread); reason != "" {
		return skip(reason)
	}
	for _, phrase := range []string{status.NoPodSelected, status.NoReadyPod, status.NoFitPod, status.NoLeader, status.LeaderGone} {
		found.problems = append(found.problems, withWarning(phrase, podsOf)(f).problems...)
	}
	return found
}

// podsOf shows the candidates.
func podsOf(l *leader) string {
	return l.command("get pods -l " + labels.SelectorFromSet(l.source.Spec.Selector).String())
}

func checkTraffic(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.slices.unread); reason != "" {
		return skip(reason)
	}
	for i := range f.leaders {
		l := &f.leaders[i]
		for _, phrase := range []string{status.LeaderTerminating, status.LeaderNotReady, status.IncompleteLeader} {
			for _, what := range l.warned(phrase) {
				found.warn(l.about(), what, describeService(l))
			}
		}
	}
	return found
}

func checkFollowed(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.pods.unread, f.followed.unread); reason != "" && f.anyFollows("") {
		return skip(reason)
	}
	for i := range f.leaders {
		l := &f.leaders[i]
		for _, phrase := range []string{status.LeaseMissing, status.LeaseNotHeld, status.LeaseHolderUnknown, status.LeaseHolderNotReady} {
			for _, what := range l.warned(phrase) {
				found.fail(l.about(), what, l.command("tanist explain "+l.source.Name))
			}
		}
	}
	return found
}

func checkWatched(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.slices.unread, f.pods.unread); reason != "" {
		return skip(reason)
	}
	for _, l := range f.served() {
		// A leader that is being deleted is announced. The application that elects a leader itself notices its loss.
		pod := l.leaderPod()
		if l.status.Watched == nil || pod != nil && pod.DeletionTimestamp != nil || l.options.FollowLease != "" {
			continue
		}
		for _, reason := range l.status.Watched.Reasons {
			if strings.HasSuffix(reason, status.Unprobed) && pod != nil && !config.Probed(&pod.Spec) {
				continue // the check of readiness probes says it, of all candidates
			}
			what := "nobody watches " + reason
			if reason == status.ObserveOff {
				what = "nobody watches it: " + reason
			}
			found.warn(l.about(), what, f.watchRemedy(&l, reason))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.metrics)) {
		if n := f.metrics[name].value.sum("tanist_unwatched_leaders"); n > 0 {
			found.warn("pod "+f.tanistNamespace+"/"+name, fmt.Sprintf("it does not hear the nodes of %v leaders", n), "kubectl logs -n "+f.tanistNamespace+" "+name)
		}
	}
	return found
}

// watchRemedy says what makes Tanist watch what it does not watch for a reason.
func (f *facts) watchRemedy(l *leader, reason string) string {
	for _, key := range []string{config.LossAfterKey, config.FreezeAfterKey, config.ProbeKey} {
		if strings.Contains(reason, key) {
			return l.command(fmt.Sprintf("annotate service %s %s-", l.source.Name, key))
		}
	}
	switch {
	case reason == status.ObserveOff:
		return f.editTuning()
	case strings.HasSuffix(reason, status.OnlyNode):
		return "none with one node: a pod on a second one could take over"
	case strings.HasSuffix(reason, status.Unprobed):
		return "add a readinessProbe to the pod template: an httpGet, grpc or tcpSocket"
	case strings.HasSuffix(reason, status.ProbeUnrepeatable):
		return "make the readinessProbe in the pod template an httpGet, grpc or tcpSocket to the pod itself"
	}
	return l.command("tanist explain " + l.source.Name)
}

// leaderPod returns the pod that leads; nil if there is none or it is not known.
func (l *leader) leaderPod() *corev1.Pod {
	for _, pod := range l.pods {
		if l.status.Leader != nil && pod.UID == l.status.Leader.UID {
			return pod
		}
	}
	return nil
}
