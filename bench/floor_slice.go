package bench

import (
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// floorManagedBy is who manages the floor's slices: neither Tanist nor Kubernetes' own controller, which leave them alone.
const floorManagedBy = "bench.tanist.dev"

// floorSlice is what the floor's loop knows of one leader Service: just enough to have the next patch ready. It is a state
// machine without a client: pods go in, patches come out.
type floorSlice struct {
	name   string
	leader types.UID
	// others are the patches that would make each fit pod but the leader the leader.
	others map[types.UID]floorPatch
}

// floorPatch is a patch that is ready to be sent.
type floorPatch struct {
	to   types.UID
	pod  string
	body []byte
}

// see takes in a pod. It returns the patch to send when the leader was lost or there was none yet.
func (s *floorSlice) see(pod *corev1.Pod) (floorPatch, error) {
	fit := podStateOf(pod).fit() && pod.Status.PodIP != ""
	switch {
	case !fit:
		return s.drop(pod.UID), nil
	case pod.UID == s.leader || s.others[pod.UID].body != nil:
		return floorPatch{}, nil
	}
	body, err := floorPatchBody(pod)
	if err != nil {
		return floorPatch{}, err
	}
	s.others[pod.UID] = floorPatch{to: pod.UID, pod: pod.Name, body: body}
	if s.leader == "" {
		return s.move(), nil
	}
	return floorPatch{}, nil
}

// drop takes in that a pod cannot lead any more. It returns the patch to send when that was the leader.
func (s *floorSlice) drop(pod types.UID) floorPatch {
	delete(s.others, pod)
	if pod != s.leader {
		return floorPatch{}
	}
	return s.move()
}

// move makes the first of the others, by name, the leader; the zero value when there is none.
func (s *floorSlice) move() floorPatch {
	var next floorPatch
	for _, other := range s.others {
		if next.body == nil || strings.Compare(other.pod, next.pod) < 0 {
			next = other
		}
	}
	delete(s.others, next.to)
	s.leader = next.to
	return next
}

// floorPatchBody is the merge patch that makes a pod the only endpoint.
func floorPatchBody(pod *corev1.Pod) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"endpoints": []discoveryv1.Endpoint{{
		Addresses:  []string{pod.Status.PodIP},
		Conditions: discoveryv1.EndpointConditions{Ready: new(true), Serving: new(true), Terminating: new(false)},
		NodeName:   new(pod.Spec.NodeName),
		TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
	}}})
	if err != nil {
		return nil, fmt.Errorf("failed to encode patch for pod %s: %w", pod.Name, err)
	}
	return body, nil
}

// floorSourceOf is the Service that the floor's leader Service stands beside, as Tanist's does: whenever a pod changes, Kubernetes
// writes its slices and every kube-proxy programs them, which takes the same time from whoever hands over meanwhile.
func floorSourceOf(w workload) *corev1.Service {
	return w.source(w.name + "-source")
}

// floorServiceOf is a Service without a selector, and its slice without endpoints, which the loop fills.
func floorServiceOf(w workload, family discoveryv1.AddressType) (*corev1.Service, *discoveryv1.EndpointSlice) {
	labels := w.labels()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: w.name, Labels: labels},
		Spec:       corev1.ServiceSpec{Ports: servicePorts()},
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: w.name, Labels: map[string]string{
			discoveryv1.LabelServiceName: w.name, discoveryv1.LabelManagedBy: floorManagedBy, managedByLabel: managedBy,
		}},
		AddressType: family,
		Ports: []discoveryv1.EndpointPort{{
			Name: new(portName), Port: new(int32(serverPort)), Protocol: new(corev1.ProtocolTCP),
		}},
	}
	return service, slice
}
