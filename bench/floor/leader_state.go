package floor

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/bench/watch"
)

// leaderState is what the loop knows of one leader Service: just enough to have the next patch prepared. Its methods receive pods and return
// the patch to send. They use no client.
type leaderState struct {
	// service is the name of the leader Service and of its slice.
	service string
	leader  types.UID
	// others are the pods that can lead, without the leader: each with the patch that makes it the leader.
	others map[types.UID]patch
	// sent is closed when the last patch has been sent; nil before the first one.
	sent <-chan struct{}
}

// patch is the patch that makes a pod the leader, ready to be sent. Its body is nil when there is nothing to send.
type patch struct {
	uid  types.UID
	pod  string
	body []byte
}

func newLeaderState(service string) *leaderState {
	return &leaderState{service: service, others: map[types.UID]patch{}}
}

// update receives a pod. It returns the patch to send when the leader was lost or when there was none.
func (s *leaderState) update(pod *corev1.Pod) (patch, error) {
	switch {
	case !watch.CanLead(pod) || pod.Status.PodIP == "":
		return s.remove(pod.UID), nil
	case pod.UID == s.leader || s.others[pod.UID].body != nil:
		return patch{}, nil
	}
	body, err := patchBody(pod)
	if err != nil {
		return patch{}, err
	}
	s.others[pod.UID] = patch{uid: pod.UID, pod: pod.Name, body: body}
	if s.leader == "" {
		return s.promote(), nil
	}
	return patch{}, nil
}

// remove receives a pod that can no longer lead. It returns the patch to send when that was the leader.
func (s *leaderState) remove(pod types.UID) patch {
	delete(s.others, pod)
	if pod != s.leader {
		return patch{}
	}
	return s.promote()
}

// promote makes the first of the others, by name, the leader. It returns the zero value when there is none.
func (s *leaderState) promote() patch {
	var next patch
	for _, other := range s.others {
		if next.body == nil || other.pod < next.pod {
			next = other
		}
	}
	delete(s.others, next.uid)
	s.leader = next.uid
	return next
}

// patchBody returns the merge patch that makes a pod the only endpoint.
func patchBody(pod *corev1.Pod) ([]byte, error) {
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
