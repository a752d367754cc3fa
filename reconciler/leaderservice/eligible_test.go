package leaderservice

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

// TestAMistypedOptInTakesNothingAway: it makes no leader Service, and keeps the one that there is.
func TestAMistypedOptInTakesNothingAway(t *testing.T) {
	cases := map[string]struct {
		value      string
		led        bool
		wantServes bool
	}{
		"opted in, and no leader Service yet": {value: "true", wantServes: true},
		"opted in":                            {value: "true", led: true, wantServes: true},
		"mistyped":                            {value: "ture", led: true, wantServes: true},
		"empty":                               {value: "", led: true, wantServes: true},
		"mistyped from the beginning":         {value: "yes"},
		"opted out":                           {value: "false", led: true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			source := gen.WebService(func(s *corev1.Service) { s.Annotations = map[string]string{config.EnabledKey: test.value} })
			v := store.NewFake(gen.Namespace("shop"), source)
			h := input{source: source, optedIn: true}
			if test.led {
				leader := gen.LeaderOf(source)
				if err := v.Services.Add(leader); err != nil {
					t.Fatal(err)
				}
				h.existing, h.named, h.services = leader, leader, []*corev1.Service{leader}
			}
			if got := v.Serves(source); got != test.wantServes {
				t.Errorf("it is served: %t, want %t", got, test.wantServes)
			}
			plan := decide(h, gen.T0)
			if deletes := len(plan.deleteServices) > 0; deletes != (test.led && !test.wantServes) {
				t.Errorf("its leader Service is deleted: %t", deletes)
			}
			if enqueued := len(v.Selecting("shop", map[string]string{"app": "web"})) > 0; enqueued != (test.value != "false") {
				t.Errorf("its pods' events concern it: %t", enqueued)
			}
		})
	}
}
