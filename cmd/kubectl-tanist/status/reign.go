package status

import (
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

// Reign is who leads, by the EndpointSlices.
type Reign struct {
	// Leader is nil when nobody leads.
	Leader *Pod
	Term   int64
	Since  *time.Time
	Reason string
}

// Reigning is what Tanist's slices of a leader Service say. With two address families one slice is written first: the higher term
// is the newer one.
func Reigning(leaderService *corev1.Service, all []*discoveryv1.EndpointSlice) Reign {
	var reign Reign
	for _, slice := range named(leaderService, all) {
		if !madeSlice(slice, leaderService) {
			continue
		}
		next := reignOf(slice)
		switch {
		case next.Term > reign.Term:
			reign = next
		case next.Term == reign.Term && reign.Leader != nil && next.Leader != nil:
			reign.Leader.Addresses = append(reign.Leader.Addresses, next.Leader.Addresses...)
		case next.Term == reign.Term && reign.Leader == nil:
			reign.Leader = next.Leader
		}
	}
	return reign
}

func reignOf(slice *discoveryv1.EndpointSlice) Reign {
	reign := Reign{Reason: slice.Annotations[config.ReasonKey]}
	reign.Term, _ = strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if since, err := time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey]); err == nil {
		reign.Since = &since
	}
	if len(slice.Endpoints) == 0 || slice.Endpoints[0].TargetRef == nil {
		return reign
	}
	endpoint := &slice.Endpoints[0]
	reign.Leader = &Pod{
		Name: endpoint.TargetRef.Name, UID: endpoint.TargetRef.UID, Ready: isReady(endpoint), Addresses: slices.Clone(endpoint.Addresses),
	}
	if endpoint.NodeName != nil {
		reign.Leader.Node = *endpoint.NodeName
	}
	return reign
}

// Successor is the pod that Tanist has published to follow this leader; pending is true while the leader Service speaks of an
// earlier one still: it is written a moment after the slices.
func Successor(leaderService *corev1.Service, reign Reign) (name string, pending bool) {
	if leaderService.Annotations[config.TermKey] != strconv.FormatInt(reign.Term, 10) {
		return "", true
	}
	return leaderService.Annotations[config.SuccessorKey], false
}

// isReady is what an endpoint without the condition is, too.
func isReady(endpoint *discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
}

// named are the slices that kube-proxy uses for a Service, by name: Tanist's and any other.
func named(service *corev1.Service, all []*discoveryv1.EndpointSlice) []*discoveryv1.EndpointSlice {
	var found []*discoveryv1.EndpointSlice
	for _, slice := range all {
		if slice.Namespace == service.Namespace && slice.Labels[discoveryv1.LabelServiceName] == service.Name {
			found = append(found, slice)
		}
	}
	slices.SortFunc(found, func(a, b *discoveryv1.EndpointSlice) int { return strings.Compare(a.Name, b.Name) })
	return found
}

func slicesOf(leaderService *corev1.Service, all []*discoveryv1.EndpointSlice) []Slice {
	var found []Slice
	for _, slice := range named(leaderService, all) {
		one := Slice{Name: slice.Name, AddressType: string(slice.AddressType), Foreign: !madeSlice(slice, leaderService)}
		for i := range slice.Endpoints {
			one.Addresses = append(one.Addresses, slice.Endpoints[i].Addresses...)
		}
		found = append(found, one)
	}
	return found
}
