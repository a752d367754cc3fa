package leaderservice

import (
	"fmt"
	"slices"
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/retry"
)

// deferReport leaves the leader Service as it is for a while, if it only does not say (yet) who leads and who would follow.
func (c *plan) deferReport(wait time.Duration) {
	if wait > 0 && c.patch != nil && !store.ServiceChanged(c.patch.current, c.patch.desired) {
		c.patch, c.requeueAfter = nil, retry.MinNonZero(c.requeueAfter, wait)
	}
}

// deferRepair leaves the metadata as it is for a while, when someone writes the same again and again. What traffic depends on is
// repaired at once.
func (c *plan) deferRepair(wait time.Duration) {
	if wait > 0 && c.patch != nil && apiequality.Semantic.DeepEqual(c.patch.current.Spec, c.patch.desired.Spec) {
		c.patch, c.requeueAfter = nil, retry.MinNonZero(c.requeueAfter, wait)
	}
}

// deferRemovals leaves what Kubernetes' controllers make again and again for a while.
func (c *plan) deferRemovals(wait time.Duration) {
	if wait > 0 && c.deleteEndpoints != nil {
		c.deleteEndpoints, c.deleteSlices, c.requeueAfter = nil, nil, retry.MinNonZero(c.requeueAfter, wait)
	}
}

// changes names what a patch changes, so that the same repair is known again: key and new value of each label and annotation, and
// which other part.
func (r *replacement) changes() []string {
	all := slices.Concat(
		leaderslice.ChangedKeys("label ", r.current.Labels, r.desired.Labels),
		leaderslice.ChangedKeys("annotation ", r.current.Annotations, r.desired.Annotations))
	if !apiequality.Semantic.DeepEqual(r.current.OwnerReferences, r.desired.OwnerReferences) {
		all = append(all, "owner references")
	}
	if !apiequality.Semantic.DeepEqual(r.current.Spec.Selector, r.desired.Spec.Selector) {
		all = append(all, "selector")
	}
	spec := r.current.Spec
	spec.Selector = r.desired.Spec.Selector
	if !apiequality.Semantic.DeepEqual(spec, r.desired.Spec) {
		all = append(all, fmt.Sprintf("spec %v", r.desired.Spec.Ports))
	}
	return all
}

// contested is about a repair that someone undoes again and again.
func contested(patch *replacement, h input) notify.Warning {
	var names []string
	for _, change := range patch.changes() {
		name, _, _ := strings.Cut(change, "=")
		if strings.HasPrefix(name, "spec ") {
			name = "spec"
		}
		names = append(names, name)
	}
	return notify.Warning{
		Object: h.source, Related: patch.current, Reason: notify.ReasonContested, Action: notify.ActionMirror,
		Note: fmt.Sprintf("someone changes Service %s again and again, and Tanist puts it back (%s): "+
			"kubectl get service %s --namespace %s --show-managed-fields -o yaml says who",
			patch.current.Name, strings.Join(names, ", "), patch.current.Name, patch.current.Namespace),
	}
}
