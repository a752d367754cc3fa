package leaderslice

import (
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
)

// SinceLayout is RFC 3339 to the millisecond: what time.RFC3339 parses, and short enough to read.
const SinceLayout = "2006-01-02T15:04:05.000Z07:00"

// Name is the one name that a leader Service's slice of a family can have: two replicas that create it at once cannot both.
func Name(leaderService string, family discoveryv1.AddressType) string {
	return leaderService + "-" + strings.ToLower(string(family))
}

// Names are the names of all slices of a leader Service, the primary family's first.
func Names(leaderService *corev1.Service) []string {
	var names []string
	for _, family := range Families(leaderService) {
		names = append(names, Name(leaderService.Name, family))
	}
	return names
}

// Content is what all slices of a leader Service should say.
type Content struct {
	Source, LeaderService *corev1.Service
	State                 State
	Basis                 Basis
	// Leaving is for the primary family's slice alone.
	Leaving Leaving
	// Pod is the leader's; nil when nobody leads.
	Pod *corev1.Pod
}

// RenderPrimary is the slice of the primary family: the record of who leads.
func (c Content) RenderPrimary(family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := c.Render(family)
	if c.Leaving != (Leaving{}) {
		slice.Annotations[config.LeavingKey] = LeavingAnnotation(c.Leaving)
	}
	return slice
}

// Render is the EndpointSlice of one family, without a resourceVersion.
func (c Content) Render(family discoveryv1.AddressType) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: c.LeaderService.Namespace,
			Name:      Name(c.LeaderService.Name, family),
			Labels: map[string]string{
				discoveryv1.LabelServiceName: c.LeaderService.Name,
				discoveryv1.LabelManagedBy:   config.SliceManagedBy,
				ManagedByLabel:               config.ManagedBy,
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
	// A port or a family that the pod does not have is left out; one that has none of them is never elected.
	if address := Address(c.Pod, family); address != "" {
		slice.Endpoints = append(slice.Endpoints, Endpoint(c.Pod, address, c.State.Leader.Ready))
	}
	slice.Ports, _ = SlicePorts(c.Source.Spec.Ports, c.Pod)
	return slice
}

// Endpoint is the leader's. One that is not ready is terminating and still serves: the last resort of kube-proxy. Hints and zone
// are left out: they exist to choose between endpoints, and would hide the only one.
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

// StateAnnotations say who leads; on the slices, and mirrored on the leader Service.
func StateAnnotations(state State) map[string]string {
	annotations := map[string]string{config.TermKey: strconv.FormatInt(state.Term, 10)}
	if state.Leader.Name != "" {
		annotations[config.LeaderKey] = state.Leader.Name
		annotations[config.LeaderSinceKey] = state.Since.UTC().Format(SinceLayout)
	}
	if state.Reason != "" {
		annotations[config.ReasonKey] = state.Reason
	}
	return annotations
}

// BasisAnnotation says what a commit was decided upon: <term>/<leader's UID>/<pods' version>/<Services' version>. The term binds it:
// a version of Tanist that does not know the annotation leaves it in place when it moves the leader.
func BasisAnnotation(state State, basis Basis) string {
	return strings.Join([]string{strconv.FormatInt(state.Term, 10), string(state.Leader.UID), basis.Pods, basis.Services}, "/")
}

// ParseBasis reads what a commit was decided upon, and the leader's UID; false when the annotation is missing, cannot be read or was
// written for another term.
func ParseBasis(annotations map[string]string) (leader types.UID, basis Basis, bound bool) {
	parts := strings.Split(annotations[config.BasisKey], "/")
	if len(parts) != 4 || parts[0] == "" || parts[0] != annotations[config.TermKey] {
		return "", Basis{}, false
	}
	return types.UID(parts[1]), Basis{Pods: parts[2], Services: parts[3]}, true
}

func LeavingAnnotation(leaving Leaving) string {
	return string(leaving.Pod) + "@" + leaving.Until.UTC().Format(SinceLayout)
}

func parseLeaving(annotation string) Leaving {
	pod, until, _ := strings.Cut(annotation, "@")
	parsed, err := time.Parse(time.RFC3339, until)
	if err != nil || pod == "" {
		return Leaving{}
	}
	return Leaving{Pod: types.UID(pod), Until: parsed}
}

// Parse reads what a slice says of the leader.
func Parse(slice *discoveryv1.EndpointSlice) Slice {
	parsed := Slice{
		Name: slice.Name, UID: slice.UID, ResourceVersion: slice.ResourceVersion, Object: slice,
		Leaving: parseLeaving(slice.Annotations[config.LeavingKey]),
	}
	leader, basis, bound := ParseBasis(slice.Annotations)
	parsed.Basis = basis
	term, _, _ := strings.Cut(slice.Annotations[config.BasisKey], "/")
	parsed.Remembered = termOf(term)
	parsed.State = parseState(slice, leader, bound)
	return parsed
}

// parseState reads who leads. The term and the pod's name are in annotations. Its UID is in the basis, if that is bound to the term;
// else it is the endpoint's, if that has the name. Endpoints that say something else than the annotations are damage, and repaired.
func parseState(slice *discoveryv1.EndpointSlice, leader types.UID, bound bool) State {
	state := State{Term: ParseTerm(slice.Annotations), Reason: slice.Annotations[config.ReasonKey]}
	// Who leads matters, since when is for people: a time that cannot be read is replaced by the next term.
	state.Since, _ = time.Parse(time.RFC3339, slice.Annotations[config.LeaderSinceKey])
	state.Leader = Leader{UID: leader, Name: slice.Annotations[config.LeaderKey]}
	var ref *corev1.ObjectReference
	if len(slice.Endpoints) == 1 {
		ref = slice.Endpoints[0].TargetRef
	}
	if ref == nil || ref.Kind != "Pod" || ref.UID == "" {
		return state
	}
	switch {
	case bound && ref.UID == leader, !bound && (state.Leader.Name == "" || ref.Name == state.Leader.Name):
		e := &slice.Endpoints[0]
		state.Leader = Leader{UID: ref.UID, Name: ref.Name, Ready: e.Conditions.Ready == nil || *e.Conditions.Ready}
		if e.NodeName != nil {
			state.Leader.Node = *e.NodeName
		}
	}
	return state
}

// ParseTerm is the term that annotations say, 0 for one that is missing, negative or cannot be read.
func ParseTerm(annotations map[string]string) int64 {
	return termOf(annotations[config.TermKey])
}

func termOf(text string) int64 {
	term, err := strconv.ParseInt(text, 10, 64)
	if err != nil || term < 0 {
		return 0
	}
	return term
}
