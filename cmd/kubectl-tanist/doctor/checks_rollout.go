package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
)

var rolloutChecks = applying([]check{
	{"min-ready-seconds", pods, "a rollout replaces no pod that has no drain window too early", checkMinReadySeconds},
}, nobodyServed)

// enoughSeconds is what is suggested for minReadySeconds. In tests it was enough for all nodes to learn of the new pods.
const enoughSeconds = 5

// checkMinReadySeconds looks for rollouts that delete pods without a drain window as soon as new pods are ready. Such pods stop serving at once,
// and the nodes may not know the new ones yet. A workload that waits as long as the window would last does no harm.
func checkMinReadySeconds(f *facts) (found findings) {
	if reason := unread(f.services.unread, f.pods.unread, f.workloads.unread); reason != "" {
		return skip(reason)
	}
	for _, l := range f.served() {
		without := map[workload][]string{}
		for _, pod := range l.staying() {
			owner := metav1.GetControllerOfNoCopy(pod)
			if owner == nil || status.Windowless(pod, l.window) == "" {
				continue
			}
			w, known := f.workloads.value[owner.UID]
			if known && time.Duration(w.minReadySeconds)*time.Second < l.window {
				without[w] = append(without[w], pod.Name)
			}
		}
		order := func(a, b workload) int { return strings.Compare(a.kind+"/"+a.name, b.kind+"/"+b.name) }
		for _, w := range slices.SortedFunc(maps.Keys(without), order) {
			found.warn(l.about(), fmt.Sprintf("the next rollout of %s %s can lose requests: %s stop serving as soon as they are deleted, and its minReadySeconds is %d, "+
				"so they may be deleted before all nodes know the new pods", w.kind, w.name, nameThem(without[w]), w.minReadySeconds),
				l.command(fmt.Sprintf(`patch %s %s -p '{"spec":{"minReadySeconds":%d}}'`, w.kind, w.name, max(enoughSeconds, int(l.window/time.Second)))))
		}
	}
	return found
}
