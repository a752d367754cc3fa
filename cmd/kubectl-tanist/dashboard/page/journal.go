package page

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
)

// maxDisruptions is how many disruptions a row has at most. A pod that crashes all the time, or a large rollout, must not fill the page.
const maxDisruptions = 100

// Journal remembers what happened to pods, also to those that are gone. The zero value is ready for use. It is not safe for concurrent use.
type Journal struct {
	// namespaces has the entries by the namespace of their pod.
	namespaces map[string]map[entryKey]entry
}

// entryKey identifies what happened to a pod.
type entryKey struct {
	pod types.UID
	id  string
}

// entry is what happened to a pod, with the labels by which Services selected it.
type entry struct {
	Disruption
	labels labels.Set
}

// Pod notes what has happened to a pod, and reports whether any of it is new. before is nil for a pod that was not known, and after for one
// that is gone.
func (j *Journal) Pod(before, after *corev1.Pod, now time.Time) bool {
	return j.note(cmp.Or(after, before), ofPod(before, after, now), now)
}

// Node notes what has happened to the node of pods, and returns the namespaces for which any of it is new.
func (j *Journal) Node(before, after *corev1.Node, pods []*corev1.Pod, now time.Time) []string {
	var changed []string
	all := ofNode(before, after, now)
	for _, pod := range pods {
		if j.note(pod, all, now) {
			changed = append(changed, pod.Namespace)
		}
	}
	return changed
}

func (j *Journal) note(pod *corev1.Pod, all []happening, now time.Time) (added bool) {
	for _, one := range all {
		if !one.At.After(now.Add(-Window)) {
			continue
		}
		if j.namespaces == nil {
			j.namespaces = map[string]map[entryKey]entry{}
		}
		entries := j.namespaces[pod.Namespace]
		if entries == nil {
			entries = map[entryKey]entry{}
			j.namespaces[pod.Namespace] = entries
		}
		key := entryKey{pod.UID, one.id}
		if _, known := entries[key]; known {
			continue
		}
		one.Pod = pod.Name
		entries[key] = entry{one.Disruption, pod.Labels}
		added = true
	}
	return added
}

// Forget removes what no time line shows any longer.
func (j *Journal) Forget(now time.Time) {
	for namespace, entries := range j.namespaces {
		for key, e := range entries {
			if !e.At.After(now.Add(-Window)) {
				delete(entries, key)
			}
		}
		if len(entries) == 0 {
			delete(j.namespaces, namespace)
		}
	}
}

// of returns what has happened since a time to the pods that a Service selects, the oldest first.
func (j *Journal) of(service *corev1.Service, since time.Time) []Disruption {
	all := []Disruption{}
	if len(service.Spec.Selector) == 0 {
		return all
	}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, e := range j.namespaces[service.Namespace] {
		if e.At.After(since) && selector.Matches(e.labels) {
			all = append(all, e.Disruption)
		}
	}
	slices.SortFunc(all, func(a, b Disruption) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Text, b.Text))
	})
	return all[max(0, len(all)-maxDisruptions):]
}
