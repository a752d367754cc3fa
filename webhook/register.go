package webhook

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/tracing"
)

// pathAny is the path that a configuration without a path calls.
const pathAny = "/"

// Services is what admission needs to know about Services. It answers from memory. The returned objects are shared and must not be
// modified.
type Services interface {
	SelectingServices
	DrainWindows
	LeaderServices
	EnabledServices
	OptedInNamespaces
}

// OptedInNamespaces knows which namespaces have opted in.
type OptedInNamespaces interface {
	// OptedIn reports whether a namespace has opted in.
	OptedIn(namespace string) bool
	// MayOptIn reports whether the label has an effect in a namespace: Tanist may be installed for some namespaces only.
	MayOptIn(namespace string) bool
}

// SelectingServices finds the Services of a new pod.
type SelectingServices interface {
	// Selecting returns the opted-in Services (by namespace label and annotation) that select a pod with these labels.
	Selecting(namespace string, podLabels map[string]string) []*corev1.Service
	// AwaitReadable waits, for a moment at most, until Selecting knows a namespace that opts in.
	AwaitReadable(ctx context.Context, namespace string)
}

// DrainWindows knows the workloads whose pods are refused because of their drain window.
type DrainWindows interface {
	// WindowAccepted reports whether the next pod of the workload with this UID should get its window. An attempt to create a pod is counted.
	WindowAccepted(namespace string, owner types.UID, attempt bool) bool
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
	// TypeRefused returns why the API server would refuse the type that a Service asks for its leader Service; nil if it would not, or if it does
	// not say so at once. It is the one call that does not answer from memory.
	TypeRefused(ctx context.Context, source *corev1.Service, options config.Options) error
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
	// Paths knows the API server's calls.
	Paths *Paths
	// Preparer and Services are the controllers, as admission needs them.
	Preparer Preparer
	Services Services
	// Tracer makes spans; nil for none.
	Tracer *tracing.Tracer
	// Registerer registers the metrics.
	Registerer prometheus.Registerer
}

// NewHandler returns the handler of all calls, and registers its metrics.
func NewHandler(o Options) (http.Handler, error) {
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, fmt.Errorf("failed to register metrics of admission: %w", err)
	}
	if err := o.Registerer.Register(newAuthenticatedGauge(o.Paths)); err != nil {
		return nil, fmt.Errorf("failed to register metric of authentication: %w", err)
	}
	// A server that is never started: its handlers have the metrics of controller-runtime, by path, and no secret is in these.
	handlers := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	for path, hook := range map[string]guard{
		config.PathServices:   {name: hookServices, handle: services{leaderServices: o.Services, namespaces: o.Services, tuning: o.Tuning}.handle},
		config.PathTuning:     {name: hookTuning, handle: tuningValidator{namespace: o.Namespace}.handle},
		config.PathNamespaces: {name: hookNamespaces, handle: namespaces{services: o.Services, optedIn: o.Services}.handle},
		config.PathPods:       {name: hookDrainWindow, handle: drainWindow{services: o.Services, windows: o.Services, tuning: o.Tuning}.handle},
	} {
		hook.metrics = metrics
		handlers.Register(path, &ctrlwebhook.Admission{Handler: hook})
	}
	handlers.Register(config.PathDepartures, newDeparturesHandler(o.Preparer, metrics, logf.Log.WithName(hookDepartures), o.Tracer))
	return newFront(o.Paths, metrics, handlers.WebhookMux()), nil
}
