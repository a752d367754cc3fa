package status

import (
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
)

// Leadership is who leads, according to the EndpointSlices.
type Leadership struct {
	// Leader is nil if nobody leads.
	Leader *Pod
	Term   int64
	// Since is when the leader changed. If nobody leads, it is when the last leader was lost; nil if nobody has led yet, or it is not known.
	Since  *time.Time
	Reason string
}

// LeadershipOf reads Tanist's EndpointSlices of a leader Service. With two address families, Tanist writes one slice first: the higher
// term is the newer one.
func LeadershipOf(leaderService *corev1.Service, all []*discoveryv1.EndpointSlice) Leadership {
	var leadership Leadership
	for _, slice := range named(leaderService, all) {
		if !madeSlice(slice, leaderService) {
			continue
		}
		next := leadershipIn(slice)
		switch {
		case next.Term > leadership.Term:
			leadership = next
		case next.Term == leadership.Term && leadership.Leader != nil && next.Leader != nil:
			leadership.Leader.Addresses = append(leadership.Leader.Addresses, next.Leader.Addresses...)
		case next.Term == leadership.Term && leadership.Leader == nil:
			leadership.Leader = next.Leader
		}
	}
	return leadership
}

func leadershipIn(slice *discoveryv1.EndpointSlice) Leadership {
	leadership := Leadership{Reason: slice.Annotations[config.ReasonKey]}
	leadership.Term, _ = strconv.ParseInt(slice.Annotations[config.TermKey], 10, 64)
	if since, err := time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey]); err == nil {
		leadership.Since = &since
	}
	if len(slice.Endpoints) == 0 || slice.Endpoints[0].TargetRef == nil {
		leadership.Since = leaderlessSince(slice, leadership.Term)
		return leadership
	}
	endpoint := &slice.Endpoints[0]
	leadership.Leader = &Pod{
		Name: endpoint.TargetRef.Name, UID: endpoint.TargetRef.UID, Ready: isReady(endpoint), Addresses: slices.Clone(endpoint.Addresses),
	}
	if endpoint.NodeName != nil {
		leadership.Leader.Node = *endpoint.NodeName
	}
	return leadership
}

// leaderlessSince returns the time at which the last leader was lost, from the history. It is nil if there was none, or if the history does
// not say. The annotation with the time of the change exists only while a pod leads.
func leaderlessSince(slice *discoveryv1.EndpointSlice, term int64) *time.Time {
	moves, _ := leaderslice.ParseHistory(slice.Annotations)
	if len(moves) == 0 {
		return nil
	}
	last := &moves[len(moves)-1]
	if last.Term != term || last.To != "" {
		return nil
	}
	return &last.At
}

// Successor returns the pod that Tanist has published to follow this leader. pending is true while the leader Service still describes an
// earlier term, or names the leader itself: Tanist writes it a moment after the slices, and the successor when it has decided who follows.
func Successor(leaderService *corev1.Service, leadership Leadership) (name string, pending bool) {
	name = leaderService.Annotations[config.SuccessorKey]
	if leaderService.Annotations[config.TermKey] != strconv.FormatInt(leadership.Term, 10) ||
		leadership.Leader != nil && name == leadership.Leader.Name {
		return "", true
	}
	return name, false
}

// isReady reports whether an endpoint is ready. Without the condition, it is.
func isReady(endpoint *discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
}

// named returns the slices that kube-proxy uses for a Service, Tanist's and others, sorted by name.
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
