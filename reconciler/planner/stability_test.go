package planner

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/dummy"
	"github.com/tanist-dev/tanist/test/gen"
)

// hostileValues are what someone may write into any of Tanist's annotations.
func hostileValues() []string {
	term := func(ahead time.Duration) string { return strconv.FormatInt(gen.T0.Add(ahead).UnixMilli(), 10) }
	values := []string{
		"", "x", "-1", "0", "+5", "005", "9223372036854775807", "9223372036854775808",
		term(0), term(time.Minute - time.Second), term(time.Minute - time.Millisecond), term(time.Minute), term(time.Minute + time.Millisecond),
		"b2", "web", "9999-12-31T23:59:59Z", "2026-03-01T12:00:00.123456789+05:00", strings.Repeat("9", 200_000),
	}
	for _, basis := range []string{"b2-uid/30/20", "a1-uid/99999999999999999999/99999999999999999999", "//", "none/30/20"} {
		values = append(values, "5/"+basis, term(time.Minute)+"/"+basis)
	}
	return append(values, "a1-uid@"+gen.T0.Add(time.Hour).Format(time.RFC3339), "b2-uid@9999-12-31T23:59:59Z")
}

// TestADecisionComesToRestWhateverTheAnnotationsSay decides and writes until nothing is written, without any time passing. What is refused
// because it would not last counts as rest.
func TestADecisionComesToRestWhateverTheAnnotationsSay(t *testing.T) {
	onLeaderService := func(key, value string) func(*Input) {
		return func(in *Input) { in.LeaderService.Annotations[key] = value }
	}
	onPrimary := func(key, value string) func(*Input) {
		return onSlice(discoveryv1.AddressTypeIPv4, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[key] = value })
	}
	onOther := func(key, value string) func(*Input) {
		return onSlice(discoveryv1.AddressTypeIPv6, func(slice *discoveryv1.EndpointSlice) { slice.Annotations[key] = value })
	}
	type edit struct {
		name string
		do   func(*Input)
	}
	var edits []edit
	for _, key := range leaderslice.RecordKeys {
		for n, value := range hostileValues() {
			what := fmt.Sprintf("%s is value %d", key, n)
			edits = append(edits, edit{"leader Service: " + what, onLeaderService(key, value)},
				edit{"primary slice: " + what, onPrimary(key, value)}, edit{"other slice: " + what, onOther(key, value)})
		}
	}
	edits = append(edits, edit{"another pod is preferred", func(in *Input) { in.Options.PreferredLeader = "b2" }})
	after := []edit{
		{}, {"the primary slice is gone", withoutSlice(discoveryv1.AddressTypeIPv4)}, {"the other slice is gone", withoutSlice(discoveryv1.AddressTypeIPv6)},
	}
	check := func(edits ...edit) {
		in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1"), gen.ReadyPod("b2"))
		in.LeaderService.Annotations = map[string]string{}
		var names []string
		for _, e := range edits {
			if e.do != nil {
				e.do(&in)
				names = append(names, e.name)
			}
		}
		writes := 0
		for ; writes < 4; writes++ {
			p := Decide(in, gen.T0)
			if len(p.Writes) == 0 || in.Unstable(p, gen.T0) != "" {
				return
			}
			in = carryOut(in, p)
			in.Record.HighestTerm = max(in.Record.HighestTerm, p.After.Term)
		}
		t.Errorf("%s: it still writes after %d commits", strings.Join(names, ", and "), writes)
	}
	for i, first := range edits {
		for _, gone := range after {
			check(first, gone)
		}
		if i%37 != 0 { // every pair would take minutes
			continue
		}
		for _, second := range edits {
			check(first, second)
		}
	}
}

func TestUnstable(t *testing.T) {
	ahead := func(in *Input) { // the next term is just implausible
		in.LeaderService.Annotations = map[string]string{config.TermKey: strconv.FormatInt(gen.T0.Add(time.Minute).UnixMilli(), 10)}
	}
	cases := map[string]struct {
		leader *corev1.Pod
		change func(*Input)
		want   string
	}{
		"a voluntary move":                         {leader: gen.ReadyPod("a1"), change: func(in *Input) { in.Options.PreferredLeader = "b2" }},
		"a lost leader":                            {leader: gen.ReadyPod("a1", gen.Terminating)},
		"a term that would not be believed":        {leader: gen.ReadyPod("a1", gen.Terminating), change: ahead, want: "its term would not be believed"},
		"a repair of a term that is not plausible": {leader: gen.ReadyPod("a1"), change: ahead, want: "its term would not be believed"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			in := inputOf(dummy.Leading("a1", 5), []*corev1.Pod{test.leader, gen.ReadyPod("b2")})
			if test.change != nil {
				test.change(&in)
			}
			p := Decide(in, gen.T0)
			if len(p.Writes) == 0 {
				t.Fatal("nothing is to be written")
			}
			if got := in.Unstable(p, gen.T0); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if test.want == "" {
				return
			}
			if got := in.Unstable(Decide(in, gen.T0.Add(time.Second)), gen.T0.Add(time.Second)); got != "" {
				t.Errorf("a second later, got %q, want none", got)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	in := dual(dummy.Leading("a1", 5), gen.ReadyPod("a1", gen.Terminating), gen.ReadyPod("b2"), gen.ReadyPod("c3"))
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			Decide(in, gen.T0)
		}
	})
	b.Run("and whether it lasts", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			in.Unstable(Decide(in, gen.T0), gen.T0)
		}
	})
}
