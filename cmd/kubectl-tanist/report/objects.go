package report

import (
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
)

// Service is what is included of a Service.
type Service struct {
	Meta                     `json:",inline"`
	Type                     string               `json:"type,omitempty"`
	Selector                 map[string]string    `json:"selector,omitempty"`
	Ports                    []corev1.ServicePort `json:"ports,omitempty"`
	ClusterIPs               []string             `json:"clusterIPs,omitempty"`
	IPFamilies               []corev1.IPFamily    `json:"ipFamilies,omitempty"`
	IPFamilyPolicy           string               `json:"ipFamilyPolicy,omitempty"`
	SessionAffinity          string               `json:"sessionAffinity,omitempty"`
	InternalTrafficPolicy    string               `json:"internalTrafficPolicy,omitempty"`
	PublishNotReadyAddresses bool                 `json:"publishNotReadyAddresses,omitempty"`
}

func serviceOf(s *corev1.Service) Service {
	return Service{
		Meta: metaOf(&s.ObjectMeta), Type: string(s.Spec.Type), Selector: s.Spec.Selector, Ports: s.Spec.Ports, ClusterIPs: s.Spec.ClusterIPs,
		IPFamilies: s.Spec.IPFamilies, IPFamilyPolicy: textOf(s.Spec.IPFamilyPolicy), SessionAffinity: string(s.Spec.SessionAffinity),
		InternalTrafficPolicy: textOf(s.Spec.InternalTrafficPolicy), PublishNotReadyAddresses: s.Spec.PublishNotReadyAddresses,
	}
}

func textOf[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

// Slice is what is included of an EndpointSlice.
type Slice struct {
	Meta        `json:",inline"`
	AddressType string                     `json:"addressType"`
	Endpoints   []discoveryv1.Endpoint     `json:"endpoints,omitempty"`
	Ports       []discoveryv1.EndpointPort `json:"ports,omitempty"`
}

func sliceOf(s *discoveryv1.EndpointSlice) Slice {
	return Slice{Meta: metaOf(&s.ObjectMeta), AddressType: string(s.AddressType), Endpoints: s.Endpoints, Ports: s.Ports}
}

// Namespace is what is included of a Namespace.
type Namespace struct {
	Meta  `json:",inline"`
	Phase string `json:"phase,omitempty"`
}

func namespaceOf(n *corev1.Namespace) Namespace {
	return Namespace{Meta: metaOf(&n.ObjectMeta), Phase: string(n.Status.Phase)}
}

// Lease is what is included of a Lease.
type Lease struct {
	Meta `json:",inline"`
	Spec coordinationv1.LeaseSpec `json:"spec"`
}

func leaseOf(l *coordinationv1.Lease) Lease {
	return Lease{Meta: metaOf(&l.ObjectMeta), Spec: l.Spec}
}

// ConfigMap is what is included of the ConfigMaps tanist-tuning and tanist-state: the tuning, and only the keys of what else is there.
type ConfigMap struct {
	Meta      `json:",inline"`
	Tuning    string   `json:"tuning"`
	OtherKeys []string `json:"otherKeys,omitempty"`
}

func configMapOf(c *corev1.ConfigMap) ConfigMap {
	return ConfigMap{Meta: metaOf(&c.ObjectMeta), Tuning: c.Data[config.TuningKey], OtherKeys: keysBut(config.TuningKey, c)}
}

// Event is what is included of an Event.
type Event struct {
	Namespace string                 `json:"namespace"`
	Name      string                 `json:"name"`
	Type      string                 `json:"type"`
	Reason    string                 `json:"reason"`
	Action    string                 `json:"action,omitempty"`
	About     corev1.ObjectReference `json:"about"`
	// Note is only that of Events that are Tanist's, or about Tanist. A kubelet's note, for one, has what a user's probe printed.
	Note     string     `json:"note,omitempty"`
	Count    int32      `json:"count,omitempty"`
	First    *time.Time `json:"first,omitempty"`
	Last     *time.Time `json:"last,omitempty"`
	Reporter string     `json:"reporter,omitempty"`
	Instance string     `json:"instance,omitempty"`
}

// eventOf returns an Event, with its note if it may be included.
func eventOf(e *corev1.Event, withNote bool) Event {
	event := Event{
		Namespace: e.Namespace, Name: e.Name, Type: e.Type, Reason: e.Reason, Action: e.Action, Count: e.Count, First: timeOf(&e.FirstTimestamp),
		About: corev1.ObjectReference{Kind: e.InvolvedObject.Kind, Namespace: e.InvolvedObject.Namespace, Name: e.InvolvedObject.Name, UID: e.InvolvedObject.UID},
		Last:  timeOf(&e.LastTimestamp), Reporter: reporterOf(e), Instance: e.ReportingInstance,
	}
	if !e.EventTime.IsZero() {
		at := e.EventTime.UTC()
		event.First, event.Last = &at, &at
	}
	if e.Series != nil {
		last := e.Series.LastObservedTime.UTC()
		event.Count, event.Last = e.Series.Count, &last
	}
	if withNote {
		event.Note = e.Message
	}
	return event
}

func reporterOf(e *corev1.Event) string {
	if e.ReportingController != "" {
		return e.ReportingController
	}
	return e.Source.Component
}
