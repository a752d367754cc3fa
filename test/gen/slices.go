package gen

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// SelectedSlice returns a slice that the EndpointSlice controller makes for web's leader Service if that has a selector.
func SelectedSlice(change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	leader := LeaderOf(WebService())
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-leader-x7k2p", UID: "x7k2p", ResourceVersion: "50", Labels: leader.Labels,
			OwnerReferences: Controlled("v1", "Service", leader.Name),
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	slice.Labels[discoveryv1.LabelServiceName], slice.Labels[discoveryv1.LabelManagedBy] = leader.Name, "endpointslice-controller.k8s.io"
	return Changed(slice, change)
}

// MirroredSlice returns a slice that the EndpointSliceMirroring controller makes for an Endpoints object.
func MirroredSlice(change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	return SelectedSlice(append([]func(*discoveryv1.EndpointSlice){func(s *discoveryv1.EndpointSlice) {
		s.Name, s.UID = "web-leader-mm42x", "mm42x"
		s.Labels[discoveryv1.LabelManagedBy] = "endpointslicemirroring-controller.k8s.io"
		s.OwnerReferences = Controlled("v1", "Endpoints", "web-leader")
	}}, change...)...)
}

// SliceOf returns a slice of web's leader Service as Tanist writes it. It says that pod a1 leads with term 5.
func SliceOf(leaderService *corev1.Service, family discoveryv1.AddressType, change ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	pod := ReadyPod("a1")
	name, address := leaderService.Name+"-"+strings.ToLower(string(family)), pod.Status.PodIPs[0].IP
	if family == discoveryv1.AddressTypeIPv6 {
		address = pod.Status.PodIPs[1].IP
	}
	return Changed(&discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: leaderService.Namespace, Name: name, UID: types.UID(name + "-uid"),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: leaderService.Name, discoveryv1.LabelManagedBy: config.SliceManagedBy,
				config.ManagedByKey: config.ManagedBy, config.SourceServiceKey: "web",
			},
			Annotations: map[string]string{
				config.TermKey: "5", config.LeaderKey: pod.Name, config.ReasonKey: "LeaderDeleted",
				config.LeaderSinceKey: T0.Add(-time.Minute).Format("2006-01-02T15:04:05.000Z07:00"),
			},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: "v1", Kind: "Service", Name: leaderService.Name, UID: leaderService.UID, Controller: new(true),
			}},
		},
		AddressType: family,
		Endpoints: []discoveryv1.Endpoint{{
			Addresses: []string{address}, NodeName: &pod.Spec.NodeName,
			Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		}},
		Ports: []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)}},
	}, change)
}
