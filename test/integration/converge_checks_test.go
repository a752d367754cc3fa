//go:build integration

package integration_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// What must be true once nothing happens any more.

// writtenSince returns the writes after a time in the round's namespace and in Tanist's, without the renewals of the Lease.
func (c *convergence) writtenSince(from time.Time) []string {
	var problems []string
	for _, kind := range []string{"Service", "EndpointSlice", "Event", "ConfigMap"} {
		for _, namespace := range []string{c.namespace, c.installation.namespace} {
			for _, v := range history.all(kind, namespace) {
				if v.seen.After(from) && !byOthers(v) {
					problems = append(problems, fmt.Sprintf("%s after the last input: %s %s was written, gone %t: %s",
						v.seen.Sub(c.quietSince).Round(time.Millisecond), kind, v.key, v.gone, describeVersion(v)))
				}
			}
		}
	}
	return problems
}

// byOthers reports whether a version is an Event of one of Kubernetes' own controllers.
func byOthers(v version) bool {
	event, ok := v.object.(*eventsv1.Event)
	return ok && event.ReportingController != config.ManagedBy
}

func describeVersion(v version) string {
	switch object := v.object.(type) {
	case *discoveryv1.EndpointSlice:
		return fmt.Sprintf("%+v", leadershipOf(object))
	case *corev1.Service:
		return fmt.Sprint(object.Annotations)
	case *eventsv1.Event:
		return fmt.Sprintf("%s about %s: %s", object.Reason, object.Regarding.Name, object.Note)
	case *corev1.ConfigMap:
		return fmt.Sprint(object.Data)
	default:
		return ""
	}
}

// lostWithSlice is how far a term may fall when its slice is deleted before another replica has seen it: the next one then comes from the time
// alone, and clocks differ here.
const lostWithSlice = 2 * int64(longestSkew/time.Millisecond)

// termProblems checks what Tanist has written: a slice's term never falls, whatever happens to the slice or its leader Service, and no term
// has two leaders.
func (c *convergence) termProblems() []string {
	type leadersTerm struct {
		service string
		term    int64
	}
	var problems []string
	highest := map[string]int64{}
	leaders := map[leadersTerm]types.UID{}
	for _, v := range history.all("EndpointSlice", c.namespace) {
		slice, ok := v.object.(*discoveryv1.EndpointSlice)
		if ok && v.gone {
			highest[v.key] -= lostWithSlice
		}
		if !ok || v.gone || c.foreign[slice.ResourceVersion] || slice.Annotations[config.TermKey] == "" {
			continue
		}
		term, err := strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
		if err != nil || term < highest[v.key] {
			problems = append(problems, fmt.Sprintf("revision %d: the term of %s is %q after %d", v.revision, v.key,
				slice.Annotations[config.TermKey], highest[v.key]))
			continue
		}
		highest[v.key] = term
		if len(slice.Endpoints) == 0 || slice.Endpoints[0].TargetRef == nil {
			continue
		}
		key := leadersTerm{slice.Labels[discoveryv1.LabelServiceName], term}
		leader := slice.Endpoints[0].TargetRef.UID
		if other, taken := leaders[key]; taken && other != leader {
			problems = append(problems, fmt.Sprintf("revision %d: term %d of %s was %s's and is %s's", v.revision, term, v.key, other, leader))
		}
		leaders[key] = leader
	}
	return problems
}

// leaderProblems checks that each family has one ready endpoint, of the same pod, which serves.
func (c *convergence) leaderProblems(l *convergingService) []string {
	families := []discoveryv1.AddressType{discoveryv1.AddressTypeIPv4}
	if l.dual {
		families = append(families, discoveryv1.AddressTypeIPv6)
	}
	var problems []string
	var leaders []string
	for _, family := range families {
		var ready []discoveryv1.Endpoint
		for _, slice := range c.slicesOf(l, family) {
			for _, endpoint := range slice.Endpoints {
				if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
					ready = append(ready, endpoint)
				}
			}
		}
		if len(ready) != 1 || ready[0].TargetRef == nil {
			problems = append(problems, fmt.Sprintf("%s has %d ready endpoints of %s: %v", l.name, len(ready), family, ready))
			continue
		}
		pod := history.pod(c.namespace, ready[0].TargetRef.Name)
		if pod == nil || pod.UID != ready[0].TargetRef.UID || !serves(pod, ready[0].Addresses[0]) {
			problems = append(problems, fmt.Sprintf("%s of %s does not serve at %v", ready[0].TargetRef.Name, l.name, ready[0].Addresses))
			continue
		}
		leaders = append(leaders, pod.Name)
	}
	if len(leaders) == 2 && leaders[0] != leaders[1] {
		problems = append(problems, fmt.Sprintf("%v lead %s", leaders, l.name))
	}
	return problems
}

// serves reports whether a pod is ready, has the address and is not being deleted.
func serves(pod *corev1.Pod, address string) bool {
	ready := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	return ready && pod.DeletionTimestamp == nil && slices.Contains(pod.Status.PodIPs, corev1.PodIP{IP: address})
}
