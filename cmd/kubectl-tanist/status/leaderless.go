package status

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/disruption"
)

// maxListed is how many pods a warning names.
const maxListed = 3

// leaderless returns why nobody leads, in the words of Tanist's Events, and since when.
func (f findings) leaderless(l Leader) Warning {
	w := f.whyLeaderless(l)
	if l.Since != nil {
		w.Detail += "; nobody has led since " + l.Since.UTC().Format(time.RFC3339)
	}
	return w
}

func (f findings) whyLeaderless(l Leader) Warning {
	switch {
	case l.Candidates == nil:
		return Warning{NoLeader, "the Events of the Service say why"}
	case l.Candidates.Total == 0:
		return Warning{NoPodSelected, "the selector is " + selectorOf(f.Service)}
	case l.Candidates.Ready == 0:
		return Warning{NoReadyPod, fmt.Sprintf("none of the %d pods that the Service selects is ready", l.Candidates.Total)}
	}
	if f.wanted.FollowLease != "" {
		return Warning{NoLeader, "none of its pods that are ready holds Lease " + f.wanted.FollowLease + ", which the Service follows; " + f.explain() + " says more"}
	}
	var unfit []string
	for _, pod := range f.pods {
		if !Ready(pod) {
			continue
		}
		problem := cmp.Or(f.unfit(pod), f.excluded(pod))
		if problem == "" {
			return Warning{NoLeader, "pod " + pod.Name + " is ready; " + f.explain() + " says why it does not lead"}
		}
		unfit = append(unfit, "pod "+pod.Name+" cannot lead: "+problem)
	}
	return Warning{NoFitPod, list(unfit)}
}

// unfit returns why a pod can carry none of the traffic, whether or not it is ready. It is empty if it can carry some.
func (f findings) unfit(pod *corev1.Pod) string {
	families := leaderslice.Families(f.leaderService)
	if len(families) == 0 {
		return ""
	}
	_, problem := disruption.Shortcomings(pod, f.Service.Spec.Ports, families)
	return problem
}

// explain returns the command that says more about a Service.
func (f findings) explain() string {
	return fmt.Sprintf("kubectl tanist explain %s --namespace %s", f.Service.Name, f.Service.Namespace)
}

// list joins what there is to say of several pods. It counts those after the first few.
func list(all []string) string {
	if len(all) > maxListed {
		all = append(all[:maxListed:maxListed], fmt.Sprintf("and %d more", len(all)-maxListed))
	}
	return strings.Join(all, "; ")
}
