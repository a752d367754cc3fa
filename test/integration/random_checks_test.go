//go:build integration

package integration_test

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
)

// converge waits until every leader Service is as it should be.
func (r *randomTest) converge() {
	r.t.Helper()
	if len(r.replicas) == 0 {
		return
	}
	for _, app := range r.apps {
		history.eventually(r.t, func() string { return r.missing(app) })
	}
}

func (r *randomTest) missing(app *appState) string {
	slice := history.slice(r.namespace, app.leaderService+"-ipv4")
	service := history.service(r.namespace, app.leaderService)
	if !app.exists || !app.enabled {
		if slice != nil || service != nil {
			return app.name + ": that the leader Service goes"
		}
		return ""
	}
	if slice == nil || service == nil {
		return app.name + ": a leader Service and a slice"
	}
	l, fit := leadershipOf(slice), app.fit()
	switch {
	case len(fit) == 0 && l.Ready:
		return fmt.Sprintf("%s: no pod can lead, got %+v", app.name, l)
	case len(fit) > 0 && (!l.Ready || !slices.Contains(fit, l.Leader)):
		return fmt.Sprintf("%s: one of %v leads, got %+v", app.name, fit, l)
	case len(fit) > 0 && l.Address != history.pod(r.namespace, l.Leader).Status.PodIP:
		return fmt.Sprintf("%s: the address of %s, got %+v", app.name, l.Leader, l)
	}
	// A pod that is announced to go leads only if all are.
	if len(fit) > 0 && r.goes(app, l.Leader) {
		for _, name := range fit {
			if !r.goes(app, name) {
				return fmt.Sprintf("%s: %s leads and will go, %s will not", app.name, l.Leader, name)
			}
		}
	}
	return ""
}

// makeBarriers creates the objects to which barrier writes.
func (r *randomTest) makeBarriers() {
	r.withPod("barrier", "barrier")
	r.withReplicaSet("barrier", 1)
	if _, err := clientset.CoreV1().Nodes().Create(r.t.Context(), &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: r.barrierNode()},
	}, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	r.withService("barrier", func(service *corev1.Service) { service.Annotations = nil })
	if _, err := clientset.DiscoveryV1().EndpointSlices(r.namespace).Create(r.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "barrier"}, AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// makeForeignObjects creates objects that resemble Tanist's, and returns their versions.
func (r *randomTest) makeForeignObjects() map[string]string {
	r.withService("app0-boss0-foreign", func(service *corev1.Service) {
		service.Annotations = nil
		service.Labels = map[string]string{"app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "app0"}
	})
	if _, err := clientset.DiscoveryV1().EndpointSlices(r.namespace).Create(r.t.Context(), &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: "foreign", Labels: map[string]string{
			"endpointslice.kubernetes.io/managed-by": "tanist.dev", "app.kubernetes.io/managed-by": "tanist", config.SourceServiceKey: "app1",
			"kubernetes.io/service-name": "foreign",
		}},
		AddressType: discoveryv1.AddressTypeIPv4, Endpoints: []discoveryv1.Endpoint{},
	}, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	versions := map[string]string{}
	for _, name := range []string{"app0-boss0-foreign", "foreign"} {
		history.eventually(r.t, func() string {
			if versions[name] = r.foreign(name); versions[name] == "" {
				return name
			}
			return ""
		})
	}
	return versions
}

func (r *randomTest) foreign(name string) string {
	if service := history.service(r.namespace, name); service != nil {
		return service.ResourceVersion
	}
	if slice := history.slice(r.namespace, name); slice != nil {
		return slice.ResourceVersion
	}
	return ""
}
