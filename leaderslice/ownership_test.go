package leaderslice

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// notOurs are changes, to an object of any kind, after which it is no longer Tanist's.
var notOurs = map[string]func(metav1.Object){
	"it has no owner":                 func(o metav1.Object) { o.SetOwnerReferences(nil) },
	"its owner is not its controller": func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Controller = nil }) },
	"its owner is explicitly not its controller": func(o metav1.Object) {
		reown(o, func(r *metav1.OwnerReference) { no := false; r.Controller = &no })
	},
	"its owner is of another kind": func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Kind = "Deployment" }) },
	"its owner is of another API":  func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.APIVersion = "example.com/v1" }) },
	"its owner has another UID":    func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.UID = "other" }) },
	"its owner has no UID":         func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.UID = "" }) },
	"it has another controller beside our owner": func(o metav1.Object) {
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
	source := gen.WebService()
	if !OwnsLeaderService(gen.LeaderOf(source), source) {
		t.Error("Tanist's leader Service does not count as Tanist's")
	}
	for name, change := range notOurs {
		t.Run(name, func(t *testing.T) {
			service := gen.LeaderOf(source)
			change(service)
			if OwnsLeaderService(service, source) {
				t.Error("it counts as Tanist's")
			}
		})
	}
	for name, change := range stillOurs {
		t.Run(name, func(t *testing.T) {
			service := gen.LeaderOf(source)
			change(service)
			if !OwnsLeaderService(service, source) {
				t.Error("it does not count as Tanist's")
			}
		})
	}
	t.Run("another program has made it, and copied the source's annotations", func(t *testing.T) {
		service := gen.LeaderOf(source)
		service.Labels, service.Annotations = nil, map[string]string{config.EnabledKey: "true", config.StrategyKey: "oldest"}
		if OwnsLeaderService(service, source) {
			t.Error("it counts as Tanist's")
		}
	})
	t.Run("the source has no UID", func(t *testing.T) {
		unknown := gen.WebService(func(s *corev1.Service) { s.UID = "" })
		if OwnsLeaderService(gen.LeaderOf(unknown), unknown) {
			t.Error("it counts as Tanist's")
		}
	})
}

// stillOurs are edits by people and tools after which an object is still Tanist's.
var stillOurs = map[string]func(metav1.Object){
	"it has no labels": func(o metav1.Object) {
		o.SetLabels(nil)
		o.SetAnnotations(map[string]string{config.TermKey: "5"})
	},
	"its managed-by label names another program": func(o metav1.Object) { relabel(o, config.ManagedByKey, "platform") },
	"its source label names another Service":     func(o metav1.Object) { relabel(o, config.SourceServiceKey, "api") },
	"its source label is empty":                  func(o metav1.Object) { relabel(o, config.SourceServiceKey, "") },
	"it has another owner beside ours": func(o metav1.Object) {
		o.SetOwnerReferences(append([]metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: "x", UID: "x"}}, o.GetOwnerReferences()...))
	},
}

func madeSlice() *discoveryv1.EndpointSlice {
	source := gen.WebService()
	return Content{Source: source, LeaderService: gen.LeaderOf(source), State: State{Term: 1}}.Render(discoveryv1.AddressTypeIPv4)
}

func TestOwnsSlice(t *testing.T) {
	leader := gen.LeaderOf(gen.WebService())
	if !OwnsSlice(madeSlice(), leader) {
		t.Error("Tanist's slice does not count as Tanist's")
	}
	for name, change := range notOurs {
		t.Run(name, func(t *testing.T) {
			slice := madeSlice()
			change(slice)
			if OwnsSlice(slice, leader) {
				t.Error("it counts as Tanist's")
			}
		})
	}
	edited := map[string]func(metav1.Object){
		"its managed-by label names another controller": func(o metav1.Object) { relabel(o, discoveryv1.LabelManagedBy, EndpointSliceController) },
		"its label names another Service":               func(o metav1.Object) { relabel(o, discoveryv1.LabelServiceName, "boss") },
	}
	maps.Copy(edited, stillOurs)
	for name, change := range edited {
		t.Run(name, func(t *testing.T) {
			slice := madeSlice()
			change(slice)
			if !OwnsSlice(slice, leader) {
				t.Error("it does not count as Tanist's")
			}
		})
	}
}

func TestAdoptableLeaderService(t *testing.T) {
	source := gen.WebService()
	now := metav1.NewTime(gen.T0)
	cases := map[string]struct {
		change    func(*corev1.Service)
		ownerGone bool
		want      bool
	}{
		"restored without an owner":                {change: func(s *corev1.Service) { s.OwnerReferences = nil }, want: true},
		"its owner is gone":                        {change: func(s *corev1.Service) { s.OwnerReferences[0].UID = "old" }, ownerGone: true, want: true},
		"its owner may exist":                      {change: func(s *corev1.Service) { s.OwnerReferences[0].UID = "old" }},
		"its owner is not its controller":          {change: func(s *corev1.Service) { s.OwnerReferences[0].Controller = nil }, want: true},
		"without the source label":                 {change: func(s *corev1.Service) { s.OwnerReferences = nil; delete(s.Labels, config.SourceServiceKey) }, want: true},
		"with another managed-by label":            {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Labels[config.ManagedByKey] = "velero" }, want: true},
		"with the source label of another Service": {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Labels[config.SourceServiceKey] = "api" }, want: true},
		"without our labels":                       {change: func(s *corev1.Service) { s.OwnerReferences, s.Labels = nil, nil }},
		"with a selector":                          {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Spec.Selector = map[string]string{"app": "web"} }},
		"of another type":                          {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Spec.Type = corev1.ServiceTypeNodePort }},
		"it is being deleted":                      {change: func(s *corev1.Service) { s.OwnerReferences, s.DeletionTimestamp = nil, &now }},
		"in another namespace":                     {change: func(s *corev1.Service) { s.OwnerReferences, s.Namespace = nil, "other" }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := AdoptableLeaderService(gen.LeaderOf(source, test.change), source, config.TypeClusterIP, test.ownerGone); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestAdoptableSlice(t *testing.T) {
	leader := gen.LeaderOf(gen.WebService())
	now := metav1.NewTime(gen.T0)
	cases := map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		want   bool
	}{
		"restored without an owner":              {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }, want: true},
		"of a previous Service of the same name": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "old" }, want: true},
		"of another Service":                     {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Name, s.OwnerReferences[0].UID = "api", "old" }},
		"of another kind of owner":               {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Kind = "Endpoints" }},
		"without the source label": {
			change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil; delete(s.Labels, config.SourceServiceKey) }, want: true},
		"without the managed-by label": {
			change: func(s *discoveryv1.EndpointSlice) {
				s.OwnerReferences = nil
				delete(s.Labels, discoveryv1.LabelManagedBy)
			}, want: true},
		"without our labels": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Labels = nil, nil }},
		"of the EndpointSlice controller, with the leader Service's labels": {
			change: func(s *discoveryv1.EndpointSlice) {
				s.OwnerReferences, s.Labels[discoveryv1.LabelManagedBy] = nil, EndpointSliceController
			}},
		"it is being deleted":  {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.DeletionTimestamp = nil, &now }},
		"in another namespace": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Namespace = nil, "other" }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			slice := madeSlice()
			test.change(slice)
			if got := AdoptableSlice(slice, leader); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}
