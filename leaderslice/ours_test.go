package leaderslice

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// notOurs are the ways in which an object that looks like ours is not, whatever its kind.
var notOurs = map[string]func(metav1.Object){
	"it has no owner":               func(o metav1.Object) { o.SetOwnerReferences(nil) },
	"its owner does not control it": func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Controller = nil }) },
	"its owner says that it does not control it": func(o metav1.Object) {
		reown(o, func(r *metav1.OwnerReference) { no := false; r.Controller = &no })
	},
	"its owner is of another kind": func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.Kind = "Deployment" }) },
	"its owner is of another API":  func(o metav1.Object) { reown(o, func(r *metav1.OwnerReference) { r.APIVersion = "example.com/v1" }) },
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
	source := gen.WebService()
	if !OwnsLeaderService(gen.LeaderOf(source), source) {
		t.Error("a leader Service that Tanist made is not its own")
	}
	for name, change := range notOurs {
		t.Run(name, func(t *testing.T) {
			service := gen.LeaderOf(source)
			change(service)
			if OwnsLeaderService(service, source) {
				t.Error("it is taken for Tanist's own")
			}
		})
	}
	for name, change := range stillOurs {
		t.Run(name, func(t *testing.T) {
			service := gen.LeaderOf(source)
			change(service)
			if !OwnsLeaderService(service, source) {
				t.Error("it is not taken for Tanist's own")
			}
		})
	}
	t.Run("no UID is known", func(t *testing.T) {
		unknown := gen.WebService(func(s *corev1.Service) { s.UID = "" })
		if OwnsLeaderService(gen.LeaderOf(unknown), unknown) {
			t.Error("it is taken for Tanist's own")
		}
	})
}

// stillOurs are the ways in which people and tools edit an object without it being theirs.
var stillOurs = map[string]func(metav1.Object){
	"it has no labels": func(o metav1.Object) {
		o.SetLabels(nil)
		o.SetAnnotations(map[string]string{config.TermKey: "5"})
	},
	"someone else says to manage it":    func(o metav1.Object) { relabel(o, ManagedByLabel, "platform") },
	"its label names another Service":   func(o metav1.Object) { relabel(o, config.SourceServiceKey, "api") },
	"it does not say for which Service": func(o metav1.Object) { relabel(o, config.SourceServiceKey, "") },
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
		t.Error("a slice that Tanist made is not its own")
	}
	for name, change := range notOurs {
		t.Run(name, func(t *testing.T) {
			slice := madeSlice()
			change(slice)
			if OwnsSlice(slice, leader) {
				t.Error("it is taken for Tanist's own")
			}
		})
	}
	edited := map[string]func(metav1.Object){
		"another controller says to manage it": func(o metav1.Object) { relabel(o, discoveryv1.LabelManagedBy, EndpointSliceController) },
		"it has another Service's name":        func(o metav1.Object) { relabel(o, discoveryv1.LabelServiceName, "boss") },
	}
	maps.Copy(edited, stillOurs)
	for name, change := range edited {
		t.Run(name, func(t *testing.T) {
			slice := madeSlice()
			change(slice)
			if !OwnsSlice(slice, leader) {
				t.Error("it is not taken for Tanist's own")
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
		"restored without an owner":                 {change: func(s *corev1.Service) { s.OwnerReferences = nil }, want: true},
		"its owner is gone":                         {change: func(s *corev1.Service) { s.OwnerReferences[0].UID = "old" }, ownerGone: true, want: true},
		"its owner may be there":                    {change: func(s *corev1.Service) { s.OwnerReferences[0].UID = "old" }},
		"only an owner that does not control it":    {change: func(s *corev1.Service) { s.OwnerReferences[0].Controller = nil }, want: true},
		"without our label on whom it is for":       {change: func(s *corev1.Service) { s.OwnerReferences = nil; delete(s.Labels, config.SourceServiceKey) }, want: true},
		"with another word on who manages it":       {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Labels[ManagedByLabel] = "velero" }, want: true},
		"for another Service, which asks no longer": {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Labels[config.SourceServiceKey] = "api" }, want: true},
		"without our labels":                        {change: func(s *corev1.Service) { s.OwnerReferences, s.Labels = nil, nil }},
		"with a selector":                           {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Spec.Selector = map[string]string{"app": "web"} }},
		"of another type":                           {change: func(s *corev1.Service) { s.OwnerReferences = nil; s.Spec.Type = corev1.ServiceTypeNodePort }},
		"it is going":                               {change: func(s *corev1.Service) { s.OwnerReferences, s.DeletionTimestamp = nil, &now }},
		"in another namespace":                      {change: func(s *corev1.Service) { s.OwnerReferences, s.Namespace = nil, "other" }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := AdoptableLeaderService(gen.LeaderOf(source, test.change), source, test.ownerGone); got != test.want {
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
		"of an earlier Service of the same name": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "old" }, want: true},
		"of another Service":                     {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Name, s.OwnerReferences[0].UID = "api", "old" }},
		"of another kind of owner":               {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Kind = "Endpoints" }},
		"without the label on whom it is for": {
			change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil; delete(s.Labels, config.SourceServiceKey) }, want: true},
		"without the label on who manages it": {
			change: func(s *discoveryv1.EndpointSlice) {
				s.OwnerReferences = nil
				delete(s.Labels, discoveryv1.LabelManagedBy)
			}, want: true},
		"without our labels": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Labels = nil, nil }},
		"Kubernetes' own, to which it copied the leader Service's labels": {
			change: func(s *discoveryv1.EndpointSlice) {
				s.OwnerReferences, s.Labels[discoveryv1.LabelManagedBy] = nil, EndpointSliceController
			}},
		"it is going":          {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.DeletionTimestamp = nil, &now }},
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

func TestOwnersKeepsOthers(t *testing.T) {
	ours, yes := ControllerReference(gen.WebService()), true
	other := metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "x"}
	old := metav1.OwnerReference{APIVersion: "v1", Kind: "Service", Name: "web", UID: "old", Controller: &yes}
	loose := ours
	loose.Controller = nil
	cases := map[string]struct{ has, want []metav1.OwnerReference }{
		"nothing is there":                       {want: []metav1.OwnerReference{ours}},
		"another is there":                       {has: []metav1.OwnerReference{other}, want: []metav1.OwnerReference{other, ours}},
		"an earlier one controls it":             {has: []metav1.OwnerReference{old, other}, want: []metav1.OwnerReference{ours, other}},
		"ours does not control it":               {has: []metav1.OwnerReference{other, loose}, want: []metav1.OwnerReference{other, ours}},
		"all is as it should be":                 {has: []metav1.OwnerReference{other, ours}, want: []metav1.OwnerReference{other, ours}},
		"an earlier one controls it beside ours": {has: []metav1.OwnerReference{loose, old}, want: []metav1.OwnerReference{ours}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := WithController(test.has, ours)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected owners (-want +got):\n%s", diff)
			}
		})
	}
}
