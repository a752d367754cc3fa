package reconciler

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestPace(t *testing.T) {
	p, now := newPace(), t0
	var waits []time.Duration
	for range 12 {
		wait := p.get(shopWeb, "label", now).wait(now)
		waits = append(waits, wait)
		now = now.Add(wait)
		p.note(shopWeb, "label", now)
	}
	s := time.Second
	want := []time.Duration{0, 0, 0, s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 60 * s, 60 * s, 60 * s}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("unexpected waits (-want +got):\n%s", diff)
	}
	if wait := p.get(shopWeb, "another label", now).wait(now); wait != 0 {
		t.Errorf("something else waits %s", wait)
	}
	later := now.Add(forgiven)
	if wait := p.get(shopWeb, "label", later).wait(later); wait != 0 {
		t.Errorf("after a long rest it waits %s", wait)
	}
	p.forget(shopWeb)
	if len(p.of) != 0 {
		t.Error("something is remembered")
	}
}

func TestRepairsOfMetadataArePutOffAndOthersAreNot(t *testing.T) {
	relabelled := leaderOf(webService(), func(s *corev1.Service) { s.Labels[managedByLabel] = "platform" })
	selecting := leaderOf(webService(), func(s *corev1.Service) { s.Spec.Selector = map[string]string{"app": "web"} })
	for name, test := range map[string]struct {
		leaderService *corev1.Service
		want          done
	}{
		"a label":    {leaderService: relabelled, want: done{LookAgain: time.Second}},
		"a selector": {leaderService: selecting, want: done{Patch: "web-leader"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := decideChores(householdOf(webService(), withLeader(test.leaderService)), t0)
			c.putOffRepair(time.Second)
			if diff := cmp.Diff(test.want, doneOf(c)); diff != "" {
				t.Errorf("unexpected chores (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAContestedRepairNamesWhatIsChanged(t *testing.T) {
	h := householdOf(webService(), withLeader(leaderOf(webService(), func(s *corev1.Service) {
		s.Labels[managedByLabel], s.Spec.Selector = "platform", map[string]string{"app": "web"}
	})))
	note := contested(decideChores(h, t0).patch, h).note
	for _, part := range []string{"label " + managedByLabel, "selector", "--show-managed-fields"} {
		if !strings.Contains(note, part) {
			t.Errorf("%q does not mention %s", note, part)
		}
	}
}

func TestRefused(t *testing.T) {
	services := schema.GroupResource{Resource: "services"}
	hook := apierrors.NewInternalError(errors.New(`failed calling webhook "x.example.com": context deadline exceeded`))
	terminating := apierrors.NewForbidden(services, "web-leader", errors.New("namespace shop is being terminated"))
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	denied := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusTeapot, Message: "admission webhook denied the request"}}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"a quota or a policy":               {apierrors.NewForbidden(services, "web-leader", errors.New("exceeded quota: q")), true},
		"what the API server cannot take":   {apierrors.NewInvalid(schema.GroupKind{Kind: "Service"}, "web-leader", nil), true},
		"a webhook's own code":              {denied, true},
		"a webhook that cannot be called":   {hook, true},
		"wrapped and beside another":        {errors.Join(nil, fmt.Errorf("failed to create: %w", denied)), true},
		"a conflict":                        {apierrors.NewConflict(services, "web-leader", errors.New("changed")), false},
		"what is gone":                      {apierrors.NewNotFound(services, "web-leader"), false},
		"what is there already":             {apierrors.NewAlreadyExists(services, "web-leader"), false},
		"an overloaded API server":          {apierrors.NewTooManyRequestsError("later"), false},
		"an API server that is going":       {apierrors.NewServiceUnavailable("going"), false},
		"an API server's own trouble":       {apierrors.NewInternalError(errors.New("etcd")), false},
		"a namespace that is being deleted": {terminating, false},
		"no answer":                         {errors.New("connection refused"), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := refused(test.err); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestARefusalIsToldAgainBeforeItsEventIsForgotten(t *testing.T) {
	c, p := newComplaints(), newPace()
	err := errors.New("exceeded quota: q")
	told := 0
	for now := t0; now.Before(t0.Add(2 * time.Hour)); now = now.Add(longestPause) {
		told += len(c.news(shopWeb, []complaint{refusal(webService(), actionMirror, err, p.note(shopWeb, err.Error(), now))}))
	}
	if told != 3 {
		t.Errorf("it is told %d times in two hours, want 3", told)
	}
}

func TestEventNote(t *testing.T) {
	for name, text := range map[string]string{
		"of one byte each": strings.Repeat("a", 3000), "of two": strings.Repeat("é", 1500), "of three": strings.Repeat("€", 1500),
		"of four": strings.Repeat("𝕋", 900), "broken": strings.Repeat("\xffa", 1200),
	} {
		t.Run(name, func(t *testing.T) {
			note := fitNote(text)
			if len(note) > maxNote || len(note) < maxNote-7 || !utf8.ValidString(note) || !strings.HasSuffix(note, " …") {
				t.Errorf("got %d bytes, valid: %t, ending in %q", len(note), utf8.ValidString(note), note[len(note)-8:])
			}
		})
	}
	if fits := strings.Repeat("a", maxNote); fitNote(fits) != fits {
		t.Error("a note that fits is changed")
	}
}

func TestAbandoned(t *testing.T) {
	lease := func(renewed time.Duration) *coordinationv1.Lease {
		at, seconds := metav1.NewMicroTime(t0.Add(-renewed)), int32(15)
		return &coordinationv1.Lease{Spec: coordinationv1.LeaseSpec{RenewTime: &at, LeaseDurationSeconds: &seconds}}
	}
	for name, test := range map[string]struct {
		lease *coordinationv1.Lease
		want  bool
	}{
		"renewed just now":          {lease(0), false},
		"expired a moment ago":      {lease(time.Minute), false},
		"expired ten minutes ago":   {lease(otherGrace + 15*time.Second), true},
		"not quite ten minutes":     {lease(otherGrace + 14*time.Second), false},
		"never held, made long ago": {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(t0.Add(-time.Hour))}}, true},
		"never held, made just now": {&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(t0)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := abandoned(test.lease, t0); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestALeaseThatIsMissingIsWaitedFor(t *testing.T) {
	seen := sight{}.absent(t0)
	if seen.gone {
		t.Error("it is taken for gone at once")
	}
	if seen = seen.absent(t0.Add(otherGrace - time.Second)); seen.gone {
		t.Error("it is taken for gone too soon")
	}
	if seen = seen.absent(t0.Add(otherGrace)); !seen.gone {
		t.Error("it is never taken for gone")
	}
}

func TestAWarOverALabelIsToldOnceAndCostsFewWrites(t *testing.T) {
	s := &stewardship{repairs: newPace(), removals: newPace()}
	edited := householdOf(webService(), withLeader(leaderOf(webService(), func(s *corev1.Service) { s.Labels[managedByLabel] = "platform" })))
	told, writes := 0, 0
	for now := t0; now.Before(t0.Add(10 * time.Minute)); now = now.Add(time.Second) {
		c := decideChores(edited, now) // someone has put it back again
		s.spaceOut(shopWeb, &c, edited, now)
		told += len(c.complaints)
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
	s := &stewardship{refusals: newPace()}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "services"}, "web-leader", errors.New("a policy demands a label"))
	tries := 0
	for now := t0; now.Before(t0.Add(10 * time.Minute)); tries++ {
		result, err := s.judge(shopWeb, &chores{lookAgain: outdatedDelay}, householdOf(webService()), forbidden, now)
		if err != nil || result.RequeueAfter == 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		now = now.Add(result.RequeueAfter)
	}
	if tries > 20 {
		t.Errorf("tried %d times in ten minutes, want at most 20", tries)
	}
}

func TestARepairOfMetadataHoldsUpNoTraffic(t *testing.T) {
	relabel := func(slice *discoveryv1.EndpointSlice) { slice.Labels[managedByLabel] = "platform" }
	empty := func(slice *discoveryv1.EndpointSlice) { slice.Endpoints = nil }
	leave := func(*discoveryv1.EndpointSlice) {}
	for name, test := range map[string]struct {
		primary, other func(*discoveryv1.EndpointSlice)
		want           string
	}{
		"a label of one family":                     {primary: relabel, other: leave, want: "label " + managedByLabel},
		"a label of both":                           {primary: relabel, other: relabel, want: "label " + managedByLabel},
		"a label, and the other family's endpoint":  {primary: relabel, other: empty},
		"an endpoint, and the other family's label": {primary: empty, other: relabel},
	} {
		s := dual(leading("a1", 5), readyPod("a1"))
		onSlice(discoveryv1.AddressTypeIPv4, test.primary)(&s)
		onSlice(discoveryv1.AddressTypeIPv6, test.other)(&s)
		plan := decide(s, t0)
		if got := plan.repairOf(); got != test.want || len(plan.writes) == 0 {
			t.Errorf("%s: got %q for %d writes, want %q", name, got, len(plan.writes), test.want)
		}
	}
}
