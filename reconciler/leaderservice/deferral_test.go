package leaderservice

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestDeferRepairDefersMetadataOnly(t *testing.T) {
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
			plan := decide(inputOf(gen.WebService(), withLeader(test.leaderService)), gen.T0)
			plan.deferRepair(time.Second)
			if diff := cmp.Diff(test.want, plannedOf(plan)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAContestedLabelCausesOneWarningAndFewWrites(t *testing.T) {
	c := newController(t)
	in := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" })))
	warnings, writes := 0, 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); now = now.Add(time.Second) {
		plan := decide(in, now) // someone has undone the repair
		c.deferContested(gen.ShopWeb, &plan, now)
		c.recordRepairs(gen.ShopWeb, &plan, in, now)
		warnings += len(plan.warnings)
		if plan.patch != nil {
			writes++
		}
	}
	if warnings != 1 || writes > 20 {
		t.Errorf("got %d warnings and %d writes in ten minutes, want one and at most 20", warnings, writes)
	}
}

// TestARefusedWriteBacksOffAlthoughThePlanIsDueSooner is about a selector that cannot be removed: its slices make the plan due five times a
// second.
func TestARefusedWriteBacksOffAlthoughThePlanIsDueSooner(t *testing.T) {
	c := newController(t)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "web-leader", errors.New("a policy demands a label"))
	attempts := 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); attempts++ {
		result, err := c.result(gen.ShopWeb, &plan{requeueAfter: outdatedDelay}, inputOf(gen.WebService()), forbidden, now)
		if err != nil || result.RequeueAfter == 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		now = now.Add(result.RequeueAfter)
	}
	if attempts > 20 {
		t.Errorf("got %d attempts in ten minutes, want at most 20", attempts)
	}
}

// TestAFailedRepairIsNotContested: Tanist tries it again and again, but nobody has undone it.
func TestAFailedRepairIsNotContested(t *testing.T) {
	for name, test := range map[string]struct {
		err      error
		want     string // the reason of the only warnings; empty for none
		wantFail bool
	}{
		"refused":    {err: apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "web-leader", errors.New("a policy demands a label")), want: "WriteRefused"},
		"outdated":   {err: apierrors.NewConflict(schema.GroupResource{Resource: "services"}, "web-leader", errors.New("changed"))},
		"unanswered": {err: context.DeadlineExceeded, wantFail: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newController(t)
			in := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" })))
			reasons := map[string]int{}
			for now := gen.T0; now.Before(gen.T0.Add(10 * time.Minute)); now = now.Add(time.Second) {
				p := decide(in, now)
				c.deferContested(gen.ShopWeb, &p, now)
				if _, err := c.result(gen.ShopWeb, &p, in, test.err, now); (err != nil) != test.wantFail {
					t.Fatal(err)
				}
				for _, warning := range slices.Concat(p.warnings, p.refusals) {
					reasons[warning.Reason]++
				}
			}
			if test.want == "" && len(reasons) > 0 || test.want != "" && (reasons[test.want] == 0 || len(reasons) != 1) {
				t.Errorf("got the warnings %v, want only %q", reasons, test.want)
			}
		})
	}
}

func TestARefusalIsRememberedWhileTheWriteIsDeferred(t *testing.T) {
	c := newController(t)
	in := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService())))
	attempt := func(deferred bool, err error) (plan, time.Duration) {
		p := plan{deferred: deferred}
		result, failed := c.result(gen.ShopWeb, &p, in, err, gen.T0)
		if failed != nil {
			t.Fatal(failed)
		}
		return p, result.RequeueAfter
	}
	refused := func(second int) error {
		return apierrors.NewInternalError(fmt.Errorf("failed calling webhook: certificate has expired: current time %02d", second))
	}
	var longest time.Duration
	for second := range 10 {
		if _, longest = attempt(false, refused(second)); second%2 == 1 {
			attempt(true, nil)
		}
	}
	if longest != time.Minute {
		t.Errorf("tried again after %s, want a minute: each attempt counts", longest)
	}
	attempt(false, nil)
	if p, again := attempt(false, refused(0)); again != time.Second || len(p.refusals) != 1 {
		t.Errorf("after a success tried again after %s with %d warnings, want a second and one", again, len(p.refusals))
	}
}

// TestARepairIsCountedAlthoughAnotherWriteFails: a policy refuses the condition, and somebody keeps undoing a label.
func TestARepairIsCountedAlthoughAnotherWriteFails(t *testing.T) {
	relabelled := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Labels[config.ManagedByKey] = "platform" })
	c := newController(t)
	c.client = fake.NewClientBuilder().WithObjects(relabelled.DeepCopy()).Build()
	c.status = interceptor.NewClient(fake.NewFakeClient(), interceptor.Funcs{
		SubResourceApply: func(context.Context, client.Client, string, runtime.ApplyConfiguration, ...client.SubResourceApplyOption) error {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "services/status"}, "web-leader", errors.New("a policy"))
		},
	}).Status()
	p := decide(inputOf(gen.WebService(), withLeader(relabelled)), gen.T0)
	p.condition = &conditionChange{service: relabelled}
	if err := c.apply(t.Context(), &p); !apierrors.IsForbidden(err) {
		t.Errorf("got error %v, want forbidden", err)
	}
	if p.patch == nil || p.condition != nil {
		t.Errorf("the plan has the patch: %t, and the condition: %t; want only the patch", p.patch != nil, p.condition != nil)
	}
}

func TestDeferReportDefersTheReportOnly(t *testing.T) {
	leads := func(in *input) { in.state = led("a1", 5) }
	otherPorts := gen.WebService(func(s *corev1.Service) { s.Spec.Ports[0].Port = 8080 })
	cases := map[string]struct {
		input input
		wait  time.Duration
		want  planned
	}{
		"the report, while leaders move":  {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService())), leads), wait: time.Second, want: planned{RequeueAfter: time.Second}},
		"the report, in the quiet period": {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService())), leads), want: planned{Patch: "web-leader"}},
		"the report and another change":   {input: inputOf(otherPorts, withLeader(gen.LeaderOf(gen.WebService())), leads), wait: time.Second, want: planned{Patch: "web-leader"}},
		"a new leader Service":            {input: inputOf(gen.WebService(), leads), wait: time.Second, want: planned{Create: "web-leader"}},
		"no change":                       {input: inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService()))), wait: time.Second, want: planned{}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			plan := decide(test.input, gen.T0)
			plan.deferReport(test.wait)
			if diff := cmp.Diff(test.want, plannedOf(plan)); diff != "" {
				t.Errorf("unexpected plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAServiceThatNeedsWritesAllTheTimeIsSlowedDown(t *testing.T) {
	c := newController(t)
	recorder := events.NewFakeRecorder(100)
	c.recorder = recorder
	writes, n := 0, 0
	for now := gen.T0; now.Before(gen.T0.Add(10 * time.Second)); now = now.Add(50 * time.Millisecond) {
		// Someone damages something else each time, so no repair is the same as the one before.
		in := inputOf(gen.WebService(), withLeader(gen.LeaderOf(gen.WebService(), func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": strconv.Itoa(n)} })))
		n++
		plan := decide(in, now)
		c.limitRate(gen.ShopWeb, &plan, in, now)
		if plan.patch != nil {
			writes++
		} else if plan.requeueAfter == 0 {
			t.Fatal("a write that waits is not due again")
		}
	}
	if writes < 30 || writes > 42 {
		t.Errorf("%d writes in ten seconds, want a burst of ten and three each second", writes)
	}
	if got := len(recorder.Events); got != 1 {
		t.Errorf("%d Events, want one", got)
	}
	if got := testutil.ToFloat64(c.slowed); got != float64(n-writes) {
		t.Errorf("%v writes are counted as slowed down, want %d", got, n-writes)
	}
}
