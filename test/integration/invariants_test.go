//go:build integration

package integration_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// What must always be true. It is checked against every version of every object.

// checker goes through the versions of a namespace in the order in which the API server made them.
type checker struct {
	futures
	pods   map[types.UID][]podVersion
	slices map[string]*discoveryv1.EndpointSlice
	// leaderServices is by namespace and name. Other Services have slices, too, with all their pods.
	leaderServices map[string]bool
	// leaderships is by the UID of the leader Service: a new one may begin with new terms.
	leaderships map[types.UID]*leaderTerms
	violations  []string
}

// podVersion says whether a pod could lead from a revision on.
type podVersion struct {
	revision int64
	healthy  bool
	what     string
}

// leaderTerms are the terms of a leader Service, and their leaders.
type leaderTerms struct {
	terms map[int64]types.UID
	// term and leader are the newest, since a revision.
	term   int64
	leader types.UID
	since  int64
	// perSlice is each slice's last term.
	perSlice map[string]int64
}

// checkInvariants waits until the recorder has seen all that has happened so far, and checks every version.
func (s *testNamespace) checkInvariants() {
	s.t.Helper()
	until := s.barrier()
	var all []version
	for _, kind := range []string{"Pod", "Service", "EndpointSlice", "ReplicaSet"} {
		all = append(all, history.all(kind, s.namespace)...)
	}
	all = append(all, history.all("Node", "")...)
	slices.SortStableFunc(all, func(a, b version) int { return cmp.Compare(a.revision, b.revision) })
	c := checker{
		futures: newFutures(),
		pods:    map[types.UID][]podVersion{}, slices: map[string]*discoveryv1.EndpointSlice{}, leaderships: map[types.UID]*leaderTerms{},
		leaderServices: map[string]bool{},
	}
	for _, v := range all {
		if v.revision > until {
			break
		}
		switch object := v.object.(type) {
		case *corev1.Pod:
			c.pod(v, object)
		case *corev1.Service:
			if object.Labels[config.SourceServiceKey] != "" {
				c.leaderServices[v.key] = true
			}
		case *discoveryv1.EndpointSlice:
			c.slice(v, object)
		case *corev1.Node:
			c.node(v, object)
		case *appsv1.ReplicaSet:
			c.replicaSet(v, object)
		}
	}
	for _, violation := range c.violations {
		s.t.Errorf("%s", violation)
	}
	if len(c.violations) > 0 {
		s.logVersions(all)
		s.t.FailNow()
	}
}

// logVersions logs the last versions before a violation.
func (s *testNamespace) logVersions(all []version) {
	s.t.Helper()
	for _, v := range all[max(0, len(all)-80):] {
		what := ""
		switch object := v.object.(type) {
		case *corev1.Pod:
			what = describe(object, v.gone)
		case *corev1.Node:
			what = fmt.Sprintf("cordoned %t", object.Spec.Unschedulable)
		case *appsv1.ReplicaSet:
			what = fmt.Sprintf("revision %d", revisionNumber(object))
		case *corev1.Service:
			what = fmt.Sprintf("uid %s, families %v, %v", object.UID, object.Spec.IPFamilies, object.Annotations)
		case *discoveryv1.EndpointSlice:
			what = fmt.Sprintf("uid %s, owners %v, %+v", object.UID, object.OwnerReferences, leadershipOf(object))
		}
		s.t.Logf("revision %d: %s %s, gone %t: %s", v.revision, v.kind, v.key, v.gone, what)
	}
}

// healthy reports whether a pod should go on leading.
func healthy(pod *corev1.Pod) bool {
	ready, disrupted := false, false
	for _, condition := range pod.Status.Conditions {
		ready = ready || condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
		disrupted = disrupted || condition.Type == corev1.DisruptionTarget && condition.Status == corev1.ConditionTrue
	}
	return ready && !disrupted && pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning && pod.Status.PodIP != ""
}

func describe(pod *corev1.Pod, gone bool) string {
	return fmt.Sprintf("%s (gone %t, terminating %t, healthy %t)", pod.Name, gone, pod.DeletionTimestamp != nil, healthy(pod))
}

func (c *checker) slice(v version, slice *discoveryv1.EndpointSlice) {
	if v.gone {
		delete(c.slices, v.key)
		return
	}
	c.slices[v.key] = slice
	c.oneReadyEndpoint(v, slice)
	owner := metav1.GetControllerOf(slice)
	if slice.Labels[discoveryv1.LabelManagedBy] != config.SliceManagedBy || owner == nil {
		return
	}
	c.terms(v, slice, owner.UID)
}

// oneReadyEndpoint checks that a leader Service's slices have at most one ready endpoint per address family.
func (c *checker) oneReadyEndpoint(v version, changed *discoveryv1.EndpointSlice) {
	if !c.leaderServices[changed.Namespace+"/"+changed.Labels[discoveryv1.LabelServiceName]] {
		return
	}
	ready := 0
	for _, slice := range c.slices {
		if slice.Labels[discoveryv1.LabelServiceName] != changed.Labels[discoveryv1.LabelServiceName] || slice.AddressType != changed.AddressType {
			continue
		}
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				ready++
			}
		}
	}
	if ready > 1 {
		c.violated(v, "%d ready endpoints of %s", ready, changed.Labels[discoveryv1.LabelServiceName])
	}
}

// terms checks that a term never goes down and is never reused for another leader, and that a leader moves only if it was unwell.
func (c *checker) terms(v version, slice *discoveryv1.EndpointSlice, leaderService types.UID) {
	r := c.leaderships[leaderService]
	if r == nil {
		r = &leaderTerms{terms: map[int64]types.UID{}, perSlice: map[string]int64{}, term: -1}
		c.leaderships[leaderService] = r
	}
	term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if err != nil {
		c.violated(v, "no term: %v", err)
		return
	}
	var leader types.UID
	if len(slice.Endpoints) > 0 {
		leader = slice.Endpoints[0].TargetRef.UID
	}
	if term < r.perSlice[v.key] {
		c.violated(v, "the term of %s fell from %d to %d", v.key, r.perSlice[v.key], term)
	}
	r.perSlice[v.key] = term
	if other, taken := r.terms[term]; taken && other != leader {
		c.violated(v, "term %d of %s was %q's and is %q's", term, v.key, other, leader)
	}
	r.terms[term] = leader
	if term <= r.term {
		return // the other family follows
	}
	if r.leader != "" && leader != r.leader && !c.unwell(r.leader, r.since, v.revision) {
		c.violated(v, "the healthy leader %s of %s moved with term %d: %v", r.leader, v.key, term, c.pods[r.leader])
	}
	r.term, r.leader, r.since = term, leader, v.revision
}

// unwell reports whether a pod could not lead at some time from one revision to another.
func (c *checker) unwell(pod types.UID, from, to int64) bool {
	wellAtFirst := false
	for _, version := range c.pods[pod] {
		switch {
		case version.revision <= from:
			wellAtFirst = version.healthy
		case version.revision <= to && !version.healthy:
			return true
		}
	}
	return !wellAtFirst
}

func (c *checker) violated(v version, format string, args ...any) {
	c.violations = append(c.violations, fmt.Sprintf("revision %d: ", v.revision)+fmt.Sprintf(format, args...))
}

// barrier returns a revision up to which the recorder has seen everything. Each watch delivers in order: when it has delivered what is
// written now, it has delivered all that was written before.
func (s *testNamespace) barrier() int64 {
	s.t.Helper()
	var first int64
	body := []byte(fmt.Sprintf(`{"metadata":{"annotations":{"test/barrier":"%d"}}}`, addresses.Add(1)))
	ctx, name, merge := s.t.Context(), "barrier", types.MergePatchType
	for _, write := range []struct {
		kind  string
		patch func() (metav1.Object, error)
	}{
		{"Pod", func() (metav1.Object, error) {
			return clientset.CoreV1().Pods(s.namespace).Patch(ctx, name, merge, body, metav1.PatchOptions{})
		}},
		{"Service", func() (metav1.Object, error) {
			return clientset.CoreV1().Services(s.namespace).Patch(ctx, name, merge, body, metav1.PatchOptions{})
		}},
		{"Node", func() (metav1.Object, error) {
			return clientset.CoreV1().Nodes().Patch(ctx, s.barrierNode(), merge, body, metav1.PatchOptions{})
		}},
		{"ReplicaSet", func() (metav1.Object, error) {
			return clientset.AppsV1().ReplicaSets(s.namespace).Patch(ctx, name, merge, body, metav1.PatchOptions{})
		}},
		{"EndpointSlice", func() (metav1.Object, error) {
			return clientset.DiscoveryV1().EndpointSlices(s.namespace).Patch(ctx, name, merge, body, metav1.PatchOptions{})
		}},
	} {
		object, err := write.patch()
		if err != nil {
			s.t.Fatalf("failed to write barrier: %v", err)
		}
		revision := revisionOf(s.t, object)
		if first == 0 {
			first = revision
		}
		history.eventually(s.t, func() string {
			seen := latest[metav1.Object](history, write.kind, object.GetNamespace(), object.GetName())
			if seen == nil || revisionOf(s.t, seen) < revision {
				return "the barrier of " + write.kind
			}
			return ""
		})
	}
	return first
}

func revisionOf(t *testing.T, object metav1.Object) int64 {
	t.Helper()
	revision, err := strconv.ParseInt(object.GetResourceVersion(), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return revision
}
