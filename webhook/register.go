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

// Services is what admission needs to know about Services. It answers from memory. The returned objects are shared and must not be
// modified.
type Services interface {
	SelectingServices
	DrainWindows
	LeaderServices
	EnabledServices
}

// SelectingServices finds the Services of a new pod.
type SelectingServices interface {
	// Selecting returns the opted-in Services (by namespace label and annotation) that select a pod with these labels.
	Selecting(namespace string, podLabels map[string]string) []*corev1.Service
}

// DrainWindows knows the workloads whose pods are refused because of their drain window.
type DrainWindows interface {
	// WindowAccepted reports whether the next pod of the workload with this UID should get its window. Each call counts as an attempt to
	// create a pod.
	WindowAccepted(owner types.UID) bool
}

// LeaderServices knows leader Services and their names.
type LeaderServices interface {
	// Wanting returns the opted-in Services that ask for a leader Service of this name.
	Wanting(namespace, leaderService string) []*corev1.Service
	// Taken returns the Service that has the name, unless it is the leader Service of the source with this name and UID. It returns nil if
	// the name is free or about to be.
	Taken(namespace, leaderService, source string, sourceUID types.UID) *corev1.Service
	// LeaderSpec returns the spec that Tanist gives to this leader Service; nil if Tanist does not keep it.
	LeaderSpec(namespace string, leaderService *corev1.Service) *corev1.ServiceSpec
}

// EnabledServices knows the Services of a namespace that ask for a leader Service.
type EnabledServices interface {
	// Enabled returns the Services of a namespace that ask for a leader Service, even if the namespace has not opted in.
	Enabled(namespace string) []*corev1.Service
}

// Options are what the handlers need from the rest of the program.
type Options struct {
	// Namespace is Tanist's own namespace, which has the tuning's ConfigMap.
	Namespace string
	// Tuning is the tuning in force.
	Tuning *config.Store
	// Preparer and Services are the controllers, as admission needs them.
	Preparer Preparer
	Services Services
	// Registerer registers the metrics.
	Registerer prometheus.Registerer
}

// Register registers the handlers at a server that has not been started.
func Register(server ctrlwebhook.Server, o Options) error {
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return fmt.Errorf("failed to register metrics of admission: %w", err)
	}
	for path, hook := range map[string]guard{
		PathServices:   {name: hookServices, handle: services{leaderServices: o.Services, tuning: o.Tuning}.handle},
		PathTuning:     {name: hookTuning, handle: tuning{namespace: o.Namespace}.handle},
		PathNamespaces: {name: hookNamespaces, handle: namespaces{services: o.Services}.handle},
		PathPods:       {name: hookDrainWindow, handle: drainWindow{services: o.Services, windows: o.Services, tuning: o.Tuning}.handle},
	} {
		hook.metrics = metrics
		server.Register(path, &ctrlwebhook.Admission{Handler: hook})
	}
	server.Register(PathDepartures, newDeparturesHandler(o.Preparer, metrics, logf.Log.WithName(hookDepartures)))
	return nil
}
