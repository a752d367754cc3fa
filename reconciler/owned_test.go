package reconciler

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/cache"
	"github.com/tanist-dev/tanist/config"
)

// notOurs are the ways in which an object that looks like ours is not, whatever its kind.
var notOurs = map[string]func(metav1.Object){
	"it has no labels":                  func(o metav1.Object) { o.SetLabels(nil) },
	"someone else manages it":           func(o metav1.Object) { relabel(o, managedByLabel, "helm") },
	"it was made for another Service":   func(o metav1.Object) { relabel(o, config.SourceServiceKey, "api") },
	"it does not say for which Service": func(o metav1.Object) { relabel(o, config.SourceServiceKey, "") },
	"it has no owner":                   func(o metav1.Object) { o.SetOwnerReferences(nil) },
	"its owner does not control it":     func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Controller = nil }) },
	"its owner says that it does not control it": func(o metav1.Object) {
		reown(o, func(r *metav1.OwnerReference) { no := false; r.Controller = &no })
	},
	"its owner is of another kind": func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Kind = "Deployment" }) },
	"its owner is of another API":  func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.APIVersion = "example.com/v1" }) },
	"its owner has another name":   func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Name = "api" }) },
	"its owner has another UID":    func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.UID = "other" }) },
	"its owner has no UID":         func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.UID = "" }) },
	"another controls it beside our owner": func(o metav1.Object) {
		yes, no := true, false
		ours := o.GetOwnerReferences()[0]
		ours.Controller = &no
		o.SetOwnerReferences([]metav1.OwnerReference{ours, {APIVersion: "v1", Kind: "Service", Name: "api", UID: "api-uid", Controller: &yes}})
	},
}

func relabel(o metav1.Object, key, value string) {
	labels := o.GetLabels()
	labels[key] = value
	o.SetLabels(labels)
}

func reown(o metav1.Object, change func(*metav1.OwnerReference)) {
	owners := o.GetOwnerReferences()
	change(&owners[0])
	o.SetOwnerReferences(owners)
}

func TestOwnsLeaderService(t *testing.T) {
	if !ownsLeaderService(leaderOf(webService()), "web", "web-uid") {
		t.Error("a leader Service that Tanist made is not its own")
	}
	if !ownsLeaderService(leaderOf(webService()), "web", "second", "web-uid") {
		t.Error("a leader Service of an earlier Service is not Tanist's own")
	}
	for name, change := range notOurs {
		t.Run(name, func(t *testing.T) {
			service := leaderOf(webService())
			change(service)
			if ownsLeaderService(service, "web", "web-uid") {
				t.Error("it is taken for Tanist's own")
			}
		})
	}
	t.Run("no UID is known", func(t *testing.T) {
		service := leaderOf(webService(func(s *corev1.Service) { s.UID = "" }))
		if ownsLeaderService(service, "web", "") || ownsLeaderService(service, "web") {
			t.Error("it is taken for Tanist's own")
		}
	})
}

func TestOwnsSlice(t *testing.T) {
	made := func() *discoveryv1.EndpointSlice {
		source := webService()
		return sliceContent{source: source, leaderService: leaderOf(source), state: cache.State{Term: 1}}.slice(discoveryv1.AddressTypeIPv4)
	}
	if !ownsSlice(made(), "web", "web-leader", "web-leader-uid") {
		t.Error("a slice that Tanist made is not its own")
	}
	cases := map[string]func(metav1.Object){
		"the EndpointSlice controller manages it": func(o metav1.Object) {
			relabel(o, discoveryv1.LabelManagedBy, "endpointslice-controller.k8s.io")
		},
		"it is of another leader Service": func(o metav1.Object) { relabel(o, discoveryv1.LabelServiceName, "boss") },
	}
	maps.Copy(cases, notOurs)
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			slice := made()
			change(slice)
			if ownsSlice(slice, "web", "web-leader", "web-leader-uid") {
				t.Error("it is taken for Tanist's own")
			}
			if owner := parseSlice(slice).Owner; owner == types.UID("web-leader-uid") && name != "it was made for another Service" {
				t.Error("its state would be believed")
			}
		})
	}
}
