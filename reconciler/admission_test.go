package reconciler

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAdmissionReturnsServicesOfOptedInNamespaces(t *testing.T) {
	now := metav1.NewTime(gen.T0)
	web := func(namespace, name string, changes ...func(*corev1.Service)) *corev1.Service {
		return gen.Changed(gen.WebService(func(s *corev1.Service) { s.Namespace, s.Name = namespace, name }), changes)
	}
	renamed := func(s *corev1.Service) { s.Annotations[config.LeaderServiceKey] = "boss" }
	a := newAdmission(store.NewFake(gen.Namespace("shop"), gen.Namespace("out", func(m *metav1.PartialObjectMetadata) { m.Labels = nil }),
		web("shop", "web"),
		web("shop", "front", renamed, func(s *corev1.Service) { s.Spec.Selector["tier"] = "front" }),
		web("shop", "plain", func(s *corev1.Service) { s.Annotations = nil }),
		web("shop", "terminating", func(s *corev1.Service) { s.DeletionTimestamp = &now }),
		web("shop", "elsewhere", func(s *corev1.Service) { s.Spec.Type, s.Spec.ExternalName = corev1.ServiceTypeExternalName, "x" }),
		web("out", "web", renamed),
		web("unknown", "web", renamed),
	), nil, nil)
	for _, test := range []struct {
		namespace string
		labels    map[string]string
		want      []string
	}{
		{namespace: "shop", labels: map[string]string{"app": "web", "tier": "front"}, want: []string{"front", "web"}},
		{namespace: "shop", labels: map[string]string{"app": "web"}, want: []string{"web"}},
		{namespace: "shop", labels: map[string]string{"app": "api"}},
		{namespace: "shop"},
		{namespace: "out", labels: map[string]string{"app": "web"}},
		{namespace: "unknown", labels: map[string]string{"app": "web"}},
	} {
		if diff := cmp.Diff(test.want, gen.NamesOf(a.Selecting(test.namespace, test.labels))); diff != "" {
			t.Errorf("unexpected Services for %v in %s (-want +got):\n%s", test.labels, test.namespace, diff)
		}
	}
	for _, test := range []struct {
		namespace, name string
		want            []string
	}{
		{namespace: "shop", name: "boss", want: []string{"front"}},
		{namespace: "shop", name: "web-leader", want: []string{"web"}},
		{namespace: "shop", name: "terminating-leader"},
		{namespace: "shop", name: "other"},
		{namespace: "out", name: "boss"},
		{namespace: "unknown", name: "boss"},
	} {
		if diff := cmp.Diff(test.want, gen.NamesOf(a.Wanting(test.namespace, test.name))); diff != "" {
			t.Errorf("unexpected Services that ask for leader Service %s in %s (-want +got):\n%s", test.name, test.namespace, diff)
		}
	}
}

func TestAdmissionReturnsTheEnabledServicesOfANamespace(t *testing.T) {
	a := newAdmission(store.NewFake(gen.Namespace("shop"), gen.Namespace("out", func(m *metav1.PartialObjectMetadata) { m.Labels = nil }),
		gen.WebService(), gen.WebService(func(s *corev1.Service) { s.Namespace = "out" }),
		gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil }),
		gen.WebService(func(s *corev1.Service) { s.Name, s.Spec.Selector = "without-selector", nil }),
	), nil, nil)
	for _, namespace := range []string{"shop", "out"} { // the informer may or may not have seen the removal of the label
		if diff := cmp.Diff([]string{"web"}, gen.NamesOf(a.Enabled(namespace))); diff != "" {
			t.Errorf("unexpected Services in %s (-want +got):\n%s", namespace, diff)
		}
	}
	if got := a.Enabled("unknown"); len(got) > 0 {
		t.Errorf("got %v in an unknown namespace", gen.NamesOf(got))
	}
}

func TestLeaderSpec(t *testing.T) {
	source := gen.WebService()
	kept := gen.LeaderOf(source).Spec
	edited := func(s *corev1.Service) { s.Spec.Selector, s.Spec.Ports = map[string]string{"app": "web"}, nil }
	cases := map[string]struct {
		source, leader *corev1.Service
		labels         map[string]string // of the namespace
		want           *corev1.ServiceSpec
	}{
		"the leader Service as it should be": {source: source, leader: gen.LeaderOf(source), want: &kept},
		"a leader Service that was changed":  {source: source, leader: gen.LeaderOf(source, edited), want: &kept},
		"a leader Service without labels":    {source: source, leader: gen.LeaderOf(source, func(s *corev1.Service) { s.Labels = nil }), want: &kept},
		"of a deleted Service of that name":  {source: gen.WebService(func(s *corev1.Service) { s.UID = "new" }), leader: gen.LeaderOf(source)},
		"of a Service that opted out":        {source: gen.WebService(func(s *corev1.Service) { s.Annotations = nil }), leader: gen.LeaderOf(source)},
		"of a Service that asks for another name": {
			source: gen.WebService(func(s *corev1.Service) { s.Annotations[config.LeaderServiceKey] = "boss" }), leader: gen.LeaderOf(source),
		},
		"of an unknown Service":         {leader: gen.LeaderOf(source)},
		"without an owner":              {source: source, leader: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences = nil })},
		"with an owner of another kind": {source: source, leader: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences[0].Kind = "Gateway" })},
		"in a namespace that opted out": {source: source, leader: gen.LeaderOf(source), labels: map[string]string{config.EnabledKey: "false"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			stores := store.NewFake(gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) {
				if test.labels != nil {
					m.Labels = test.labels
				}
			}))
			if test.source != nil {
				if err := store.Fake(stores.Services).Add(test.source); err != nil {
					t.Fatal(err)
				}
			}
			before := test.leader.DeepCopy()
			got := newAdmission(stores, nil, nil).LeaderSpec("shop", test.leader)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("unexpected spec (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, test.leader); diff != "" {
				t.Errorf("the leader Service was changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestTaken(t *testing.T) {
	now := metav1.NewTime(gen.T0)
	source := gen.WebService()
	cases := map[string]struct {
		named     *corev1.Service
		source    string
		sourceUID types.UID
		present   *corev1.Service
		want      bool
	}{
		"a free name": {source: "web", sourceUID: source.UID},
		"the leader Service of this Service": {
			named: gen.LeaderOf(source), source: "web", sourceUID: source.UID,
		},
		"the leader Service of a deleted Service of the same name": {
			named: gen.LeaderOf(source), source: "web", sourceUID: "new",
		},
		"the leader Service of the Service that is there, when it is created again": {
			named: gen.LeaderOf(source), present: source, source: "web", sourceUID: "new",
		},
		"a Service that is terminating": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.DeletionTimestamp, s.Labels = &now, nil }), source: "web", sourceUID: source.UID,
		},
		"the leader Service of another Service": {
			named: gen.LeaderOf(source), present: source, source: "api", sourceUID: "api-uid", want: true,
		},
		"a Service without our labels": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.Labels, s.OwnerReferences = nil, nil }), source: "web", sourceUID: source.UID, want: true,
		},
		"a Service with our labels and without an owner, from a backup": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences = nil }), source: "web", sourceUID: source.UID,
		},
		"a Service with another Service's labels and without an owner": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences = nil }), present: source, source: "api", sourceUID: "api-uid", want: true,
		},
		"a Service with the labels of a deleted Service and without an owner": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences = nil }), source: "api", sourceUID: "api-uid",
		},
		"a Service with our labels that a Deployment owns": {
			named: gen.LeaderOf(source, func(s *corev1.Service) { s.OwnerReferences[0].Kind = "Deployment" }), source: "web", sourceUID: source.UID, want: true,
		},
		"the leader Service of another Service, asked for by a Service without a name": {
			named: gen.LeaderOf(source), present: source, want: true,
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			stores := store.NewFake()
			if test.present != nil {
				if err := store.Fake(stores.Services).Add(test.present); err != nil {
					t.Fatal(err)
				}
			}
			if test.named != nil {
				if err := store.Fake(stores.Services).Add(test.named); err != nil {
					t.Fatal(err)
				}
			}
			got := newAdmission(stores, nil, nil).Taken("shop", "web-leader", test.source, test.sourceUID)
			if got != nil && got != test.named || (got != nil) != test.want {
				t.Errorf("got %v, want it taken: %t", got, test.want)
			}
			if got := newAdmission(stores, nil, nil).Taken("other", "web-leader", test.source, test.sourceUID); got != nil {
				t.Errorf("got %v in another namespace", got)
			}
		})
	}
}

// neverReadable are informers of namespaces that cannot be read.
type neverReadable struct{ awaited atomic.Int32 }

func (n *neverReadable) AwaitReadable(ctx context.Context, _ string) {
	n.awaited.Add(1)
	<-ctx.Done()
}

func TestANamespaceIsAwaitedForAMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		never := &neverReadable{}
		a := newAdmission(store.NewFakeOnly("shop"), nil, nil)
		a.informers = never
		start := time.Now()
		a.AwaitReadable(t.Context(), "bank") // has no effect there
		a.AwaitReadable(t.Context(), metav1.NamespaceSystem)
		if got := never.awaited.Load(); got != 0 {
			t.Errorf("%d namespaces are awaited that cannot opt in", got)
		}
		var calls sync.WaitGroup
		for range 2 * awaitingLimit {
			calls.Go(func() { a.AwaitReadable(t.Context(), "shop") })
		}
		calls.Wait()
		if got := never.awaited.Load(); got != awaitingLimit {
			t.Errorf("%d calls waited at a time", got)
		}
		if got := time.Since(start); got != readableTimeout {
			t.Errorf("waited for %s", got)
		}
	})
}
