package webhook

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
)

// Paths at which the handlers are served.
const (
	PathDepartures = "/validate-departures"
	PathServices   = "/validate-services"
	PathTuning     = "/validate-tuning"
	PathNamespaces = "/validate-namespaces"
	PathPods       = "/mutate-pods"
)

// Services is what admission asks about Services. The answers come from memory and are shared: they must not be modified.
type Services interface {
	SelectingServices
	DrainWindows
	LeaderServices
	EnabledServices
}

// SelectingServices knows the Services of new pods.
type SelectingServices interface {
	// Selecting are the opted-in Services (namespace label and annotation) that select pods with these labels.
	Selecting(namespace string, podLabels map[string]string) []*corev1.Service
}

// DrainWindows knows whose pods are refused because of their drain window.
type DrainWindows interface {
	// WindowAccepted reports whether the next pod of the workload with this UID should have its window. Each call is taken for an
	// attempt to create a pod.
	WindowAccepted(owner types.UID) bool
}

// LeaderServices knows leader Services and their names.
type LeaderServices interface {
	// Wanting are the opted-in Services that ask for a leader Service of this name.
	Wanting(namespace, leaderService string) []*corev1.Service
	// Taken is the Service that has the name and is not the leader Service of the source with this name and UID; nil when the name
	// is free, or about to be.
	Taken(namespace, leaderService, source string, sourceUID types.UID) *corev1.Service
	// LeaderSpec is the spec that Tanist gives to this leader Service; nil when Tanist does not keep it.
	LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec
}

// EnabledServices knows the Services of a namespace.
type EnabledServices interface {
	// Enabled are the Services of a namespace that are to have a leader Service, whether or not the namespace has opted in.
	Enabled(namespace string) []*corev1.Service
}

// Options are what the handlers share with the rest of the program.
type Options struct {
	// Namespace is Tanist's own, where the tuning is.
	Namespace string
	Tuning    *config.Store
	// Successions and Services are what the controllers know.
	Successions Successions
	Services    Services
	// Registerer takes the metrics.
	Registerer prometheus.Registerer
}

// Register adds the handlers to a server that is not started yet.
func Register(server ctrlwebhook.Server, o Options) error {
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return fmt.Errorf("failed to register metrics of admission: %w", err)
	}
	for path, hook := range map[string]guard{
		PathServices:   {name: hookServices, handle: services{known: o.Services, tuning: o.Tuning}.handle},
		PathTuning:     {name: hookTuning, handle: tuning{namespace: o.Namespace}.handle},
		PathNamespaces: {name: hookNamespaces, handle: namespaces{known: o.Services}.handle},
		PathPods:       {name: hookDrainWindow, handle: drainWindow{services: o.Services, windows: o.Services, tuning: o.Tuning}.handle},
	} {
		hook.metrics = metrics
		server.Register(path, &ctrlwebhook.Admission{Handler: hook})
	}
	server.Register(PathDepartures, newDeparturesHandler(o.Successions, metrics, logf.Log.WithName(hookDepartures)))
	return nil
}
