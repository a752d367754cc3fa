package leaderservice

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// TestAMistypedAnnotationChangesNothing checks that it neither creates nor deletes a leader Service.
func TestAMistypedAnnotationChangesNothing(t *testing.T) {
	cases := map[string]struct {
		value      string
		exists     bool
		wantServes bool
	}{
		"opted in, and no leader Service yet": {value: "true", wantServes: true},
		"opted in":                            {value: "true", exists: true, wantServes: true},
		"mistyped":                            {value: "ture", exists: true, wantServes: true},
		"empty":                               {value: "", exists: true, wantServes: true},
		"mistyped, and no leader Service yet": {value: "yes"},
		"opted out":                           {value: "false", exists: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			source := gen.WebService(func(s *corev1.Service) { s.Annotations = map[string]string{config.EnabledKey: test.value} })
			stores := store.NewFake(gen.Namespace("shop"), source)
			in := input{source: source, optedIn: true}
			if test.exists {
				leader := gen.LeaderOf(source)
				if err := store.Fake(stores.Services).Add(leader); err != nil {
					t.Fatal(err)
				}
				in.existing, in.nameHolder, in.leaderServices = leader, leader, []*corev1.Service{leader}
			}
			if got := stores.Serves(source); got != test.wantServes {
				t.Errorf("it is served: %t, want %t", got, test.wantServes)
			}
			plan := decide(in, gen.T0)
			if deletes := len(plan.deleteServices) > 0; deletes != (test.exists && !test.wantServes) {
				t.Errorf("its leader Service is deleted: %t", deletes)
			}
			if enqueued := len(stores.ServicesSelecting("shop", map[string]string{"app": "web"})) > 0; enqueued != (test.value != "false") {
				t.Errorf("its pods' events enqueue it: %t", enqueued)
			}
		})
	}
}

func TestOptingOut(t *testing.T) {
	web := gen.WebService()
	out := func(in *input) { in.optedIn, in.optOutGrace = false, 5*time.Minute }
	excluded := func(in *input) { in.excluded = true }
	marked := func(since string) *corev1.Service {
		return gen.LeaderOf(web, func(s *corev1.Service) { s.Annotations = map[string]string{config.OrphanedSinceKey: since} })
	}
	cases := map[string]struct {
		input input
		want  planned
	}{
		"when the namespace loses its label, the leader Service is marked": {
			input: inputOf(web, withLeader(gen.LeaderOf(web)), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"during the grace period it stays": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:  planned{RequeueAfter: 3 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"during the grace period it is kept up to date": {
			input: inputOf(gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 81 }), withLeader(marked("2026-03-01T11:58:00Z")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 3 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"after the grace period it is deleted": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:55:00Z")), out),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"a mark that cannot be parsed is set again": {
			input: inputOf(web, withLeader(marked("yesterday")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"a mark in the future is set again": {
			input: inputOf(web, withLeader(marked("2027-03-01T11:55:00Z")), out),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonNamespaceOptedOut}},
		},
		"a namespace that never opts in gets no leader Service, and is told": {
			input: inputOf(web, out, excluded),
			want:  planned{Warnings: []string{notify.ReasonInvalidService}},
		},
		"a Service in such a namespace that asks for none is told nothing": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false"), out, excluded),
		},
		"a leader Service that such a namespace has is kept for the grace period": {
			input: inputOf(web, withLeader(gen.LeaderOf(web)), out, excluded),
			want:  planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: []string{notify.ReasonInvalidService}},
		},
		"the Service's own annotation acts at once": {
			input: inputOf(gen.Annotated(config.EnabledKey, "false"), withLeader(gen.LeaderOf(web)), out),
			want:  planned{Delete: []string{"web-leader"}},
		},
		"a leader Service that does not exist is not created": {
			input: inputOf(web, out),
		},
		"when the label is back, the mark is removed": {
			input: inputOf(web, withLeader(marked("2026-03-01T11:55:00Z"))),
			want:  planned{Patch: "web-leader"},
		},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, plannedOf(decide(test.input, gen.T0))); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLosingTheSelector(t *testing.T) {
	grace := func(in *input) { in.optOutGrace = 5 * time.Minute }
	web := gen.WebService()
	marked := gen.LeaderOf(web, func(s *corev1.Service) {
		s.Annotations = map[string]string{config.OrphanedSinceKey: gen.T0.Add(-2 * time.Minute).Format(time.RFC3339)}
	})
	lost := map[string]func(*corev1.Service){
		"the selector": func(s *corev1.Service) { s.Spec.Selector = nil },
		"the ports":    func(s *corev1.Service) { s.Spec.ClusterIP, s.Spec.Ports = "None", nil },
		"the cluster IP": func(s *corev1.Service) {
			s.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.com"}
		},
	}
	warnings := []string{notify.ReasonInvalidService, notify.ReasonInvalidService}
	for name, change := range lost {
		source := gen.WebService(change)
		want := planned{Patch: "web-leader", RequeueAfter: 5 * time.Minute, Warnings: warnings}
		p := decide(inputOf(source, withLeader(gen.LeaderOf(web)), grace), gen.T0)
		if diff := cmp.Diff(want, plannedOf(p)); diff != "" {
			t.Errorf("without %s: unexpected plan (-want +got):\n%s", name, diff)
		} else if diff := cmp.Diff(p.patch.current.Spec, p.patch.desired.Spec); diff != "" {
			t.Errorf("without %s, the leader Service changes (-current +desired):\n%s", name, diff)
		}
		want = planned{RequeueAfter: 3 * time.Minute, Warnings: warnings}
		if diff := cmp.Diff(want, plannedOf(decide(inputOf(source, withLeader(marked), grace), gen.T0))); diff != "" {
			t.Errorf("without %s, once marked: unexpected plan (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(planned{Patch: "web-leader"}, plannedOf(decide(inputOf(web, withLeader(marked), grace), gen.T0))); diff != "" {
		t.Errorf("when it is back: unexpected plan (-want +got):\n%s", diff)
	}
}
