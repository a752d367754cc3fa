package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestSourceOfSlice(t *testing.T) {
	web := gen.WebService()
	stores := NewFake(web, gen.LeaderOf(web), gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "api", "api-uid" }))
	cases := map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		want   string
	}{
		"a slice as Tanist writes it":               {change: func(*discoveryv1.EndpointSlice) {}, want: "web"},
		"an edited label":                           {change: func(s *discoveryv1.EndpointSlice) { s.Labels[config.SourceServiceKey] = "api" }, want: "web"},
		"no labels":                                 {change: func(s *discoveryv1.EndpointSlice) { s.Labels = nil }, want: "web"},
		"a slice of an earlier leader Service":      {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "old" }, want: "web"},
		"a slice of a leader Service that is gone":  {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Name = "old" }, want: "web"},
		"a restored slice, which has no controller": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }, want: "web"},
		"another's slice that takes the leader Service's traffic": {change: func(s *discoveryv1.EndpointSlice) {
			s.OwnerReferences, s.Labels = nil, map[string]string{discoveryv1.LabelServiceName: "web-leader"}
		}, want: "web"},
		"another's slice for another Service": {change: func(s *discoveryv1.EndpointSlice) {
			s.OwnerReferences, s.Labels = nil, map[string]string{discoveryv1.LabelServiceName: "api"}
		}},
		"another's slice for no Service": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Labels = nil, nil }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			slice := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4)
			test.change(slice)
			if got := stores.SourceOfSlice(slice); got.Name != test.want || got.Namespace != "shop" {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestLeaderServiceOf(t *testing.T) {
	web := gen.WebService()
	named := func(name string, changes ...func(*corev1.Service)) *corev1.Service {
		return gen.LeaderOf(web, append([]func(*corev1.Service){func(s *corev1.Service) { s.Name = name }}, changes...)...)
	}
	deleted := func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }
	foreign := func(s *corev1.Service) { s.OwnerReferences = nil }
	cases := map[string]struct {
		source   *corev1.Service
		exist    []metav1.Object
		want     string
		wantName string
	}{
		"it does not exist yet":                                {source: web, wantName: "web-leader"},
		"it exists":                                            {source: web, exist: []metav1.Object{named("web-leader")}, want: "web-leader", wantName: "web-leader"},
		"it is someone else's":                                 {source: web, exist: []metav1.Object{named("web-leader", foreign)}, wantName: "web-leader"},
		"it is being deleted":                                  {source: web, exist: []metav1.Object{named("web-leader", deleted)}, wantName: "web-leader"},
		"the one with the new name does not exist yet":         {source: gen.Annotated(config.LeaderServiceKey, "boss"), exist: []metav1.Object{named("web-leader")}, want: "web-leader", wantName: "boss"},
		"the one with the new name is someone else's":          {source: gen.Annotated(config.LeaderServiceKey, "boss"), exist: []metav1.Object{named("web-leader"), named("boss", foreign)}, want: "web-leader", wantName: "boss"},
		"the ones with both names exist":                       {source: gen.Annotated(config.LeaderServiceKey, "boss"), exist: []metav1.Object{named("web-leader"), named("boss")}, want: "boss", wantName: "boss"},
		"a wrong name keeps the one that exists":               {source: gen.Annotated(config.LeaderServiceKey, "The Boss"), exist: []metav1.Object{named("chief")}, want: "chief", wantName: "chief"},
		"a wrong name without a leader Service is the default": {source: gen.Annotated(config.LeaderServiceKey, "The Boss"), wantName: "web-leader"},
		"someone has changed its labels": {source: web, exist: []metav1.Object{named("web-leader", func(s *corev1.Service) {
			s.Labels[config.SourceServiceKey], s.Labels[config.ManagedByKey] = "api", "helm"
		})}, want: "web-leader", wantName: "web-leader"},
		"it has no label or annotation of ours": {source: web, exist: []metav1.Object{named("web-leader", func(s *corev1.Service) { s.Labels, s.Annotations = nil, nil })}, wantName: "web-leader"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, options, _ := NewFake(append(test.exist, test.source)...).LeaderServiceOf(test.source)
			gotName := ""
			if got != nil {
				gotName = got.Name
			}
			if diff := cmp.Diff([]string{test.want, test.wantName}, []string{gotName, options.LeaderService}); diff != "" {
				t.Errorf("unexpected leader Service and name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestServes(t *testing.T) {
	web, now := gen.WebService(), metav1.NewTime(gen.T0)
	out := gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { m.Labels = nil })
	cases := map[string]struct {
		source *corev1.Service
		exist  []metav1.Object
		want   bool
	}{
		"the namespace has opted in":                                               {source: web, exist: []metav1.Object{gen.Namespace("shop")}, want: true},
		"the namespace has not opted in":                                           {source: web, exist: []metav1.Object{out}},
		"the namespace has opted out, and the leader Service still exists":         {source: web, exist: []metav1.Object{out, gen.LeaderOf(web)}, want: true},
		"the namespace is being deleted":                                           {source: web, exist: []metav1.Object{gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = &now }), gen.LeaderOf(web)}},
		"the namespace does not exist":                                             {source: web, exist: []metav1.Object{gen.LeaderOf(web)}},
		"the Service has opted out":                                                {source: gen.Annotated(config.EnabledKey, "false"), exist: []metav1.Object{gen.Namespace("shop"), gen.LeaderOf(web)}},
		"the Service is gone":                                                      {exist: []metav1.Object{gen.Namespace("shop")}},
		"the namespace has opted out, and the leader Service is not ours any more": {source: web, exist: []metav1.Object{out, gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil })}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := NewFake(test.exist...).Serves(test.source); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestServedByUs(t *testing.T) {
	stores := NewFake()
	for installation, want := range map[string]bool{"": true, "tanist-system": true, "old": false} {
		leader := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Annotations = map[string]string{config.InstallationKey: installation} })
		if got := stores.ServedByUs(leader); got != want {
			t.Errorf("a leader Service that names installation %q: got %t, want %t", installation, got, want)
		}
	}
}

func TestOtherOwner(t *testing.T) {
	web := gen.WebService()
	api := gen.WebService(func(s *corev1.Service) {
		s.Name, s.UID, s.Annotations = "api", "api-uid", map[string]string{config.EnabledKey: "true", config.LeaderServiceKey: "web-leader"}
	})
	idle := gen.WebService(func(s *corev1.Service) { s.Name, s.UID, s.Annotations = "api", "api-uid", nil })
	restored := func(label string) *corev1.Service {
		return gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences, s.Labels[config.SourceServiceKey] = nil, label })
	}
	cases := map[string]struct {
		leader *corev1.Service
		source *corev1.Service
		other  *corev1.Service
		want   string
	}{
		"the source controls it":                                           {leader: gen.LeaderOf(web), source: web, other: api},
		"another Service controls it":                                      {leader: gen.LeaderOf(web), source: api, other: web, want: "web"},
		"restored, and its label names a Service that asks for it":         {leader: restored("web"), source: api, other: web, want: "web"},
		"restored, and its label names the source":                         {leader: restored("web"), source: web, other: api},
		"restored, and its label names a Service that does not ask for it": {leader: restored("api"), source: web, other: idle},
		"restored, and its label names a Service that is gone":             {leader: restored("gone"), source: web, other: api},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if owner := NewFake(test.leader, test.source, test.other).OtherOwner(test.leader, test.source); owner != nil {
				got = owner.Name
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
