package leaderservice

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/notify"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestRepairsOfMetadataArePutOffAndOthersAreNot(t *testing.T) {
	relabelled := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" })
	selecting := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} })
	for name, test := range map[string]struct {
		leaderService *corev1.Service
		want          planned
	}{
		"a label":    {leaderService: relabelled, want: planned{RequeueAfter: time.Second}},
		"a selector": {leaderService: selecting, want: planned{Patch: "web-leader"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := decide(inputOf(gen.WebService(), withLeader(test.leaderService)), gen.T0)
			c.deferRepair(time.Second)
			if diff := cmp.Diff(test.want, plannedOf(c)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAContestedRepairNamesWhatIsChanged(t *testing.T) {
	h := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Labels[config.ManagedByKey], s.Spec.Selector = "platform", map[string]string{"app": "web"}
	})))
	note := contested(decide(h, gen.T0).patch, h).Note
	for _, part := range []string{"label " + config.ManagedByKey, "selector", "--show-managed-fields"} {
		if !strings.Contains(note, part) {
			t.Errorf("%q does not mention %s", note, part)
		}
	}
}

func TestAWarOverALabelIsToldOnceAndCostsFewWrites(t *testing.T) {
	s := &Controller{repairs: notify.NewBackoff(), removals: notify.NewBackoff()}
	edited := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" })))
	told, writes := 0, 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); now = now.Add(time.Second) {
		c := decide(edited, now) // someone has put it back again
		s.spaceOut(gen.ShopWeb, &c, edited, now)
		told += len(c.warnings)
		if c.patch != nil {
			writes++
		}
	}
	if told != 1 || writes > 20 {
		t.Errorf("in ten minutes it is told %d times and written %d times, want once and at most 20 times", told, writes)
	}
}

// A selector that cannot be taken away leaves slices that are looked after five times a second, until it is.
func TestARefusedWriteIsNotTriedAgainWheneverSomethingElseIsDue(t *testing.T) {
	s := &Controller{refusals: notify.NewBackoff()}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "web-leader", errors.New("a policy demands a label"))
	tries := 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); tries++ {
		result, err := s.result(gen.ShopWeb, &plan{requeueAfter: outdatedDelay}, inputOf(gen.WebService()), forbidden, now)
		if err != nil || result.RequeueAfter == 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		now = now.Add(result.RequeueAfter)
	}
	if tries > 20 {
		t.Errorf("tried %d times in ten minutes, want at most 20", tries)
	}
}
