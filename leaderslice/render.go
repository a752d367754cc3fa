package leaderslice

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// Content is what the slices of a leader Service should say.
type Content struct {
	Source, LeaderService *corev1.Service
	State                 State
	Basis                 Basis
	// Leaving, Losses, OldLeader and History are written on the primary family's slice only. History is the annotation as it is: RecordMove
	// changes it.
	Leaving   Leaving
	Losses    Losses
	OldLeader OldLeader
	History   string
	// Pod is the leader; nil if nobody leads.
	Pod *corev1.Pod
}

// RenderPrimary returns the slice of the primary family, which is the record of who leads.
func (c Content) RenderPrimary(family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := c.Render(family)
	if c.Leaving != (Leaving{}) {
		slice.Annotations[config.LeavingKey] = LeavingAnnotation(c.Leaving)
	}
	if len(c.Losses.Marks) > 0 {
		slice.Annotations[config.LostKey] = LostAnnotation(c.Losses)
	}
	if c.OldLeader != (OldLeader{}) {
		slice.Annotations[config.OldLeaderKey] = OldLeaderAnnotation(c.State.Term, c.OldLeader)
	}
	if c.History != "" {
		slice.Annotations[config.HistoryKey] = c.History
	}
	return slice
}

// Render returns the slice of one family, without what only the primary one has and without a resourceVersion.
func (c Content) Render(family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.LeaderService.Namespace,
			Name:      Name(c.LeaderService.Name, family),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: c.LeaderService.Name,
				discoveryv1.LabelManagedBy:   config.SliceManagedBy,
				config.ManagedByKey:          config.ManagedBy,
				config.SourceServiceKey:      c.Source.Name,
			},
			Annotations:     StateAnnotations(c.State),
			OwnerReferences: []metav1.OwnerReference{ControllerReference(c.LeaderService)},
		},
		AddressType: family,
		Endpoints:   []discoveryv1.Endpoint{},
		Ports:       []discoveryv1.EndpointPort{},
	}
	slice.Annotations[config.BasisKey] = BasisAnnotation(c.State, c.Basis)
	if c.Pod == nil {
		return slice
	}
	// A port or a family that the pod does not have is omitted. A pod that has no port or no family of the Service is never elected.
	if address := Address(c.Pod, family); address != "" {
		slice.Endpoints = append(slice.Endpoints, Endpoint(c.Pod, address, c.State.Leader.Ready))
	}
	slice.Ports, _ = SlicePorts(c.Source.Spec.Ports, c.Pod)
	return slice
}

// Endpoint returns the leader's endpoint. One that is not ready is terminating and serving: kube-proxy uses it if there is no other. It has
// no zone and no hints. These select among several endpoints, and might exclude the only one.
func Endpoint(pod *corev1.Pod, address string, ready bool) discoveryv1.Endpoint {
	serving, terminating := true, !ready
	e := discoveryv1.Endpoint{
		Addresses:  []string{address},
		Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &serving, Terminating: &terminating},
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
	}
	if pod.Spec.NodeName != "" {
		node := pod.Spec.NodeName
		e.NodeName = &node
	}
	return e
}
