package page

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/status"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// shop has Service web, led by a1 since a hand-over from b1 a minute ago.
func shop(changes ...func(*status.Objects)) status.Objects {
	source := gen.WebService()
	leaderService := gen.LeaderOf(source)
	slice := gen.SliceOf(leaderService, discoveryv1.AddressTypeIPv4)
	leaderslice.RecordMove(slice, slice, leaderslice.Move{At: minutes(1), From: "b1", To: "a1", Term: 5, Reason: "LeaderDeleted"})
	o := status.Objects{
		Namespace: gen.Namespace("shop"), Services: []*corev1.Service{source, leaderService}, Slices: []*discoveryv1.EndpointSlice{slice},
		Pods: []*corev1.Pod{gen.ReadyPod("a1")}, PodsKnown: true,
	}
	for _, change := range changes {
		change(&o)
	}
	return o
}

func TestARow(t *testing.T) {
	var j Journal
	j.Pod(nil, gen.ReadyPod("b1", asked(1)), gen.T0)
	j.Pod(nil, gen.ReadyPod("c1", crashed(2)), gen.T0)
	rows := Rows(shop(), &j, gen.T0)
	if len(rows) != 1 {
		t.Fatalf("there are %d rows", len(rows))
	}
	got := rows[0]
	if l := got.Status; l.Service != "web" || l.Leader == nil || l.Leader.Name != "a1" || l.Term != 5 || l.Leader.State != status.PodReady {
		t.Errorf("the status is %+v", l)
	}
	got.Status = status.Leader{}
	const because = "the deletion of the pod before it began"
	want := Row{
		ReasonText: because, Watched: "node only",
		Bands: []Band{{Pod: "b1", To: ago(1)}, {Pod: "a1", From: ago(1)}},
		Moves: []Move{{Move: leaderslice.Move{At: minutes(1), From: "b1", To: "a1", Term: 5, Reason: "LeaderDeleted"}, Kind: Planned, ReasonText: because}},
		Disruptions: []Disruption{
			{At: minutes(2), Pod: "c1", Text: "ended: container main, exit code 137 (OOMKilled)"},
			{At: minutes(1), Pod: "b1", Text: "was asked to end: its deletion began", Planned: true, Led: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected row (-want +got):\n%s", diff)
	}
}

func TestWhichServicesHaveARow(t *testing.T) {
	named := func(name, enabled string) *corev1.Service {
		return gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations[config.EnabledKey] = name, enabled })
	}
	plain := gen.WebService(func(s *corev1.Service) { s.Name, s.Annotations = "plain", nil })
	o := shop(func(o *status.Objects) {
		o.Services = append(o.Services, named("zoo", "true"), named("off", "false"), named("mistyped", "yes"), plain)
	})
	var names []string
	for _, row := range Rows(o, &Journal{}, gen.T0) {
		names = append(names, row.Status.Service)
	}
	if diff := cmp.Diff([]string{"mistyped", "web", "zoo"}, names); diff != "" {
		t.Errorf("unexpected rows (-want +got):\n%s", diff)
	}
}

func TestWatched(t *testing.T) {
	leads := func(w *status.Watched) status.Leader {
		return status.Leader{Leader: &status.Pod{Name: "a"}, Watched: w}
	}
	for name, test := range map[string]struct {
		leader status.Leader
		want   string
	}{
		"nobody leads":                   {status.Leader{}, ""},
		"the user may not read pods":     {leads(nil), "not known"},
		"both":                           {leads(&status.Watched{Node: true, Pod: true}), "node and pod"},
		"its node":                       {leads(&status.Watched{Node: true}), "node only"},
		"its pod":                        {leads(&status.Watched{Pod: true}), "pod only"},
		"neither, as it is switched off": {leads(&status.Watched{Reasons: []string{"off"}}), "no"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := watched(test.leader); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
