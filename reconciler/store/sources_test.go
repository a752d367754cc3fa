package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestSourceOfSlice(t *testing.T) {
	web := gen.WebService()
	v := NewFake(web, gen.LeaderOf(web), gen.WebService(func(s *corev1.Service) { s.Name, s.UID = "api", "api-uid" }))
	cases := map[string]struct {
		change func(*discoveryv1.EndpointSlice)
		want   string
	}{
		"as Tanist made it":             {change: func(*discoveryv1.EndpointSlice) {}, want: "web"},
		"its label was edited":          {change: func(s *discoveryv1.EndpointSlice) { s.Labels[config.SourceServiceKey] = "api" }, want: "web"},
		"it has no labels":              {change: func(s *discoveryv1.EndpointSlice) { s.Labels = nil }, want: "web"},
		"of an earlier leader Service":  {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].UID = "old" }, want: "web"},
		"of a leader Service that went": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences[0].Name = "old" }, want: "web"},
		"restored":                      {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }, want: "web"},
		"someone's that takes its traffic": {change: func(s *discoveryv1.EndpointSlice) {
			s.OwnerReferences, s.Labels = nil, map[string]string{discoveryv1.LabelServiceName: "web-leader"}
		}, want: "web"},
		"someone's for a Service that is no leader Service": {change: func(s *discoveryv1.EndpointSlice) {
			s.OwnerReferences, s.Labels = nil, map[string]string{discoveryv1.LabelServiceName: "api"}
		}},
		"someone's for nobody": {change: func(s *discoveryv1.EndpointSlice) { s.OwnerReferences, s.Labels = nil, nil }},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			slice := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4)
			test.change(slice)
			if got := v.SourceOfSlice(slice); got.Name != test.want || got.Namespace != "shop" {
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
	going := func(s *corev1.Service) { now := metav1.NewTime(gen.T0); s.DeletionTimestamp = &now }
	foreign := func(s *corev1.Service) { s.OwnerReferences = nil }
	cases := map[string]struct {
		source   *corev1.Service
		there    []metav1.Object
		want     string
		wantName string
	}{
		"there is none yet":    {source: web, wantName: "web-leader"},
		"it is there":          {source: web, there: []metav1.Object{named("web-leader")}, want: "web-leader", wantName: "web-leader"},
		"it is someone else's": {source: web, there: []metav1.Object{named("web-leader", foreign)}, wantName: "web-leader"},
		"it is going":          {source: web, there: []metav1.Object{named("web-leader", going)}, wantName: "web-leader"},
		"the one of the new name is not there yet":  {source: gen.Annotated(config.LeaderServiceKey, "boss"), there: []metav1.Object{named("web-leader")}, want: "web-leader", wantName: "boss"},
		"the one of the new name is someone else's": {source: gen.Annotated(config.LeaderServiceKey, "boss"), there: []metav1.Object{named("web-leader"), named("boss", foreign)}, want: "web-leader", wantName: "boss"},
		"both are there": {source: gen.Annotated(config.LeaderServiceKey, "boss"), there: []metav1.Object{named("web-leader"), named("boss")}, want: "boss", wantName: "boss"},
		"a wrong name keeps the one that there is":   {source: gen.Annotated(config.LeaderServiceKey, "The Boss"), there: []metav1.Object{named("chief")}, want: "chief", wantName: "chief"},
		"a wrong name is none when there is nothing": {source: gen.Annotated(config.LeaderServiceKey, "The Boss"), wantName: "web-leader"},
		"the labels are someone else's, and it is not": {source: web, there: []metav1.Object{named("web-leader", func(s *corev1.Service) {
			s.Labels[config.SourceServiceKey], s.Labels[config.ManagedByKey] = "api", "helm"
		})}, want: "web-leader", wantName: "web-leader"},
		"it has no mark of ours at all": {source: web, there: []metav1.Object{named("web-leader", func(s *corev1.Service) { s.Labels, s.Annotations = nil, nil })}, wantName: "web-leader"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got, options, _ := NewFake(append(test.there, test.source)...).LeaderServiceOf(test.source)
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
		there  []metav1.Object
		want   bool
	}{
		"in a namespace that has opted in":               {source: web, there: []metav1.Object{gen.Namespace("shop")}, want: true},
		"in one that has not":                            {source: web, there: []metav1.Object{out}},
		"in one that has opted out, during the grace":    {source: web, there: []metav1.Object{out, gen.LeaderOf(web)}, want: true},
		"in one that is going":                           {source: web, there: []metav1.Object{gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { m.DeletionTimestamp = &now }), gen.LeaderOf(web)}},
		"in one that is not there":                       {source: web, there: []metav1.Object{gen.LeaderOf(web)}},
		"one that has opted out itself":                  {source: gen.Annotated(config.EnabledKey, "false"), there: []metav1.Object{gen.Namespace("shop"), gen.LeaderOf(web)}},
		"one that is gone":                               {there: []metav1.Object{gen.Namespace("shop")}},
		"one whose leader Service is someone else's now": {source: web, there: []metav1.Object{out, gen.LeaderOf(web, func(s *corev1.Service) { s.OwnerReferences = nil })}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if got := NewFake(test.there...).Serves(test.source); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestServedByUs(t *testing.T) {
	v := NewFake()
	for installation, want := range map[string]bool{"": true, "tanist-system": true, "old": false} {
		leader := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Annotations = map[string]string{config.InstallationKey: installation} })
		if got := v.ServedByUs(leader); got != want {
			t.Errorf("one that names %q: got %t, want %t", installation, got, want)
		}
	}
}

func TestRival(t *testing.T) {
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
		"it is the source's own":                             {leader: gen.LeaderOf(web), source: web, other: api},
		"another Service controls it":                        {leader: gen.LeaderOf(web), source: api, other: web, want: "web"},
		"restored, it is for the one that its label names":   {leader: restored("web"), source: api, other: web, want: "web"},
		"restored, its label names the source":               {leader: restored("web"), source: web, other: api},
		"restored, the one that its label names has another": {leader: restored("api"), source: web, other: idle},
		"restored, the one that its label names is gone":     {leader: restored("gone"), source: web, other: api},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if rival := NewFake(test.leader, test.source, test.other).Rival(test.leader, test.source); rival != nil {
				got = rival.Name
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestTheSameSliceIsFoundOnce(t *testing.T) {
	leader := gen.LeaderOf(gen.WebService())
	foreign := gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) { delete(s.Labels, config.SourceServiceKey) })
	relabelled := gen.SliceOf(leader, discoveryv1.AddressTypeIPv6, func(s *discoveryv1.EndpointSlice) { s.Labels = nil })
	v := NewFake(leader, gen.SliceOf(leader, discoveryv1.AddressTypeIPv4), relabelled, gen.SelectedSlice(), foreign)
	got := gen.NamesOf(v.SlicesOf(gen.ShopWeb, []*corev1.Service{leader}))
	want := []string{"web-leader-ipv4", "web-leader-ipv6", "web-leader-mm42x", "web-leader-x7k2p"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected slices (-want +got):\n%s", diff)
	}
}

func TestTrimKeepsWhatIsCopied(t *testing.T) {
	service := gen.Annotated(config.CopyAnnotationsKey, "owner,missing", "owner", "ann", "note", "x")
	trimmed, err := trim(service)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{config.EnabledKey: "true", config.CopyAnnotationsKey: "owner,missing", "owner": "ann"}
	if diff := cmp.Diff(want, trimmed.(*corev1.Service).Annotations); diff != "" {
		t.Errorf("unexpected annotations (-want +got):\n%s", diff)
	}
	mirrored := gen.MirroredSlice(func(s *discoveryv1.EndpointSlice) { s.Endpoints = make([]discoveryv1.Endpoint, 1000) })
	ours := gen.SliceOf(gen.LeaderOf(gen.WebService()), discoveryv1.AddressTypeIPv4, func(s *discoveryv1.EndpointSlice) {
		s.Labels[discoveryv1.LabelManagedBy] = leaderslice.MirroringController // an edit
	})
	for _, slice := range []*discoveryv1.EndpointSlice{mirrored, ours} {
		if _, err := trim(slice); err != nil {
			t.Fatal(err)
		}
	}
	if len(mirrored.Endpoints) != 0 || len(ours.Endpoints) != 1 {
		t.Errorf("got %d endpoints of a mirror, %d of ours", len(mirrored.Endpoints), len(ours.Endpoints))
	}
}
