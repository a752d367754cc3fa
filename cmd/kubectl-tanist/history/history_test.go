package history

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	"github.com/tanist-dev/tanist/cmd/kubectl-tanist/kubeconfig"
	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/leaderslice"
	"github.com/tanist-dev/tanist/test/gen"
)

// recorded are the moves of the slice in these tests.
var recorded = []leaderslice.Move{
	{At: gen.T0, To: "a1", Term: 4, Reason: "FirstLeader"},
	{At: gen.T0.Add(1500 * time.Millisecond), From: "a1", To: "b2", Term: 5, Reason: "Preferred", By: "tanist-plugin", Took: "2.3ms"},
}

// sliceWith returns the primary slice of Service web, with these moves, while b2 leads in term 5.
func sliceWith(moves []leaderslice.Move, changes ...func(*discoveryv1.EndpointSlice)) *discoveryv1.EndpointSlice {
	content := leaderslice.Content{
		Source: gen.WebService(), LeaderService: gen.LeaderOf(gen.WebService()), Pod: gen.ReadyPod("b2"),
		State: leaderslice.State{Leader: leaderslice.Leader{UID: "b2-uid", Name: "b2", Ready: true}, Term: 5, Reason: "Preferred"},
	}
	slice := content.RenderPrimary(discoveryv1.AddressTypeIPv4)
	for _, move := range moves {
		leaderslice.RecordMove(slice, slice, move)
	}
	for _, change := range changes {
		change(slice)
	}
	return slice
}

func TestHistory(t *testing.T) {
	source, leaderService := gen.WebService(), gen.LeaderOf(gen.WebService())
	both := []*corev1.Service{source, leaderService}
	notRecorded := "how the term 5 began is not recorded: a version of Tanist without a history wrote it, or someone changed the EndpointSlice"
	for name, test := range map[string]struct {
		services  []*corev1.Service
		slice     *discoveryv1.EndpointSlice
		want      []leaderslice.Move
		wantNotes []string
	}{
		"moves":                   {services: both, slice: sliceWith(recorded), want: recorded},
		"no leader Service":       {services: both[:1], wantNotes: []string{"the Service has no leader Service: kubectl tanist get web --namespace shop"}},
		"no slice":                {services: both, wantNotes: []string{"the leader Service web-leader has no EndpointSlice of Tanist yet"}},
		"a slice that is another": {services: both, slice: sliceWith(recorded, func(s *discoveryv1.EndpointSlice) { s.OwnerReferences = nil }), wantNotes: []string{"the leader Service web-leader has no EndpointSlice of Tanist yet"}},
		"no history":              {services: both, slice: sliceWith(nil), wantNotes: []string{notRecorded}},
		"an older history":        {services: both, slice: sliceWith(recorded[:1]), want: recorded[:1], wantNotes: []string{notRecorded}},
		"nobody has led yet": {services: both, slice: sliceWith(nil, func(s *discoveryv1.EndpointSlice) {
			delete(s.Annotations, config.LeaderKey)
		}), wantNotes: []string{"no pod has led yet"}},
		"a damaged history": {services: both, slice: sliceWith(nil, func(s *discoveryv1.EndpointSlice) {
			s.Annotations[config.HistoryKey] = "damaged"
		}), wantNotes: []string{"the annotation tanist.dev/history of EndpointSlice web-leader-ipv4 is damaged. The next move replaces it"}},
	} {
		t.Run(name, func(t *testing.T) {
			var slices []*discoveryv1.EndpointSlice
			if test.slice != nil {
				slices = append(slices, test.slice)
			}
			h := Of(source, test.services, slices)
			if diff := cmp.Diff(append([]leaderslice.Move{}, test.want...), h.Moves); diff != "" {
				t.Errorf("unexpected moves (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantNotes, h.Notes); diff != "" {
				t.Errorf("unexpected notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrint(t *testing.T) {
	h := Of(gen.WebService(), []*corev1.Service{gen.WebService(), gen.LeaderOf(gen.WebService())}, []*discoveryv1.EndpointSlice{sliceWith(recorded)})
	show := func(h *History, output string) (out, stderr string) {
		var stdout, errOut bytes.Buffer
		o := options{output: kubeconfig.Output(output)}
		if err := o.print(h, genericiooptions.IOStreams{Out: &stdout, ErrOut: &errOut}); err != nil {
			t.Errorf("output %q: %v", output, err)
		}
		return stdout.String(), errOut.String()
	}
	want := "" +
		"TIME                       FROM     TO    TERM   REASON        BY              TOOK\n" +
		"2026-03-01T12:00:00.000Z   <none>   a1    4      FirstLeader   <none>          <none>\n" +
		"2026-03-01T12:00:01.500Z   a1       b2    5      Preferred     tanist-plugin   2.3ms\n"
	if out, stderr := show(h, ""); out != want || stderr != "" {
		t.Errorf("unexpected table (-want +got):\n%s%s", cmp.Diff(want, out), stderr)
	}
	for output, decode := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, into any) error { return yaml.Unmarshal(text, into) },
	} {
		out, _ := show(h, output)
		got := &History{}
		if err := decode([]byte(out), got); err != nil {
			t.Errorf("%s: %v", output, err)
		}
		if diff := cmp.Diff(h, got); diff != "" {
			t.Errorf("unexpected %s (-want +got):\n%s", output, diff)
		}
	}
	empty := &History{Notes: []string{"no pod has led yet"}}
	if out, stderr := show(empty, ""); out != "" || stderr != "Note: no pod has led yet\n" {
		t.Errorf("an empty history prints %q and %q", out, stderr)
	}
}
