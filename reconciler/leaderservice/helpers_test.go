package leaderservice

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// led returns a state in which a pod leads.
func led(pod string, term int64) leaderslice.State {
	return leaderslice.State{
		Leader: leaderslice.Leader{UID: types.UID(pod + "-uid"), Name: pod, Node: "node-of-" + pod, Ready: true},
		Term:   term, Since: gen.T0.Add(-time.Minute), Reason: "LeaderDeleted",
	}
}

// inputOf returns the input of a Service in a namespace that has opted in.
func inputOf(source *corev1.Service, changes ...func(*input)) input {
	in := input{source: source, optedIn: true}
	if source != nil {
		in.options, in.invalid = config.ParseOptions(source)
	}
	for _, change := range changes {
		change(&in)
	}
	return in
}

// withLeader adds leader Services. The one with the wanted name is the name holder.
func withLeader(services ...*corev1.Service) func(*input) {
	return func(in *input) {
		for _, service := range services {
			if service.Name == in.options.LeaderService {
				in.nameHolder = service
			}
			if in.owns(service) && service.DeletionTimestamp == nil {
				in.leaderServices = append(in.leaderServices, service)
			}
		}
		in.existing = store.Named(in.leaderServices, in.options.LeaderService)
		if in.existing != nil {
			in.options, in.invalid = store.ResolveOptions(in.source, in.existing)
		}
	}
}

// withSlices adds EndpointSlices.
func withSlices(slices ...*discoveryv1.EndpointSlice) func(*input) {
	return func(in *input) { in.slices = append(in.slices, slices...) }
}

// withEndpoints adds the Endpoints object with the leader Service's name.
func withEndpoints(labels map[string]string) func(*input) {
	return func(in *input) {
		in.endpoints = endpointsMetadata()
		in.endpoints.Namespace, in.endpoints.Name, in.endpoints.UID, in.endpoints.Labels = "shop", "web-leader", "endpoints", labels
	}
}

// planned is a plan with names instead of objects.
type planned struct {
	Create, Patch string
	Delete        []string
	Warnings      []string
	RequeueAfter  time.Duration
}

func plannedOf(p plan) planned {
	got := planned{RequeueAfter: p.requeueAfter}
	if p.create != nil {
		got.Create = p.create.Name
	}
	if p.patch != nil {
		got.Patch = p.patch.desired.Name
	}
	if p.deleteEndpoints != nil {
		got.Delete = append(got.Delete, "Endpoints "+p.deleteEndpoints.Name)
	}
	got.Delete = append(append(got.Delete, gen.NamesOf(p.deleteServices)...), gen.NamesOf(p.deleteSlices)...)
	for _, warning := range p.warnings {
		got.Warnings = append(got.Warnings, warning.Reason)
	}
	return got
}

// newController returns the controller of a replica whose informers have delivered nothing.
func newController(t *testing.T) *Controller {
	t.Helper()
	c, err := New(Options{Stores: store.NewFake(), Tuning: config.NewStore(), Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
