package handover

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

// some are three Services: two with a leader on node one, of which one has no pod elsewhere, and one with a leader on node two.
func some() [][]runtime.Object {
	return [][]runtime.Object{
		led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "one"}, placed{"web-3", "two"}),
		led("depot", "db", placed{"db-1", "one"}, placed{"db-2", "one"}),
		led("shop", "api", placed{"api-1", "two"}, placed{"api-2", "one"}),
	}
}

// rows are the sorted rows of a table, without the time that a hand-over took.
func rows(out string) []string {
	var all []string
	for line := range strings.Lines(out) {
		line = regexp.MustCompile(`in \d\S*s,`).ReplaceAllString(line, "in 0s,")
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	slices.Sort(all)
	return all
}

func TestLedOn(t *testing.T) {
	var services []*corev1.Service
	var endpointSlices []*discoveryv1.EndpointSlice
	for _, objects := range some() {
		for _, object := range objects {
			switch o := object.(type) {
			case *corev1.Service:
				services = append(services, o)
			case *discoveryv1.EndpointSlice:
				endpointSlices = append(endpointSlices, o)
			}
		}
	}
	for node, want := range map[string][]leaderOn{
		"one":  {{"depot", "db", "db-1", "db-2"}, {"shop", "web", "web-1", "web-2"}},
		"two":  {{"shop", "api", "api-1", "api-2"}},
		"none": nil,
	} {
		if diff := cmp.Diff(want, ledOn(node, services, endpointSlices), cmp.AllowUnexported(leaderOn{})); diff != "" {
			t.Errorf("unexpected leaders on node %s (-want +got):\n%s", node, diff)
		}
	}
}

func TestANodeIsEmptied(t *testing.T) {
	const header = "NAMESPACE SERVICE FROM TO RESULT"
	const stuck = "depot db db-1 <none> × it has no pod on another node"
	for name, test := range map[string]struct {
		options options
		objects [][]runtime.Object
		refuses string
		want    []string
		wantErr string
		note    string
		dryRuns []string
	}{
		"all but one can be moved": {
			options: options{node: "one"}, objects: some(),
			want: []string{header, stuck, "shop web web-1 web-3 √ moved in 0s, term 6"}, wantErr: "leaders are still on node one: 1",
		},
		"a dry run": {
			options: options{node: "one", dryRun: true}, objects: some(), dryRuns: []string{"web"},
			want: []string{header, stuck, "shop web web-1 web-3 √ can be moved"}, wantErr: "1 of 2 leaders could not be moved off node one",
		},
		"one namespace": {
			options: options{node: "one", namespace: "shop"}, objects: some(),
			want: []string{header, "No leader is left on node one.", "shop web web-1 web-3 √ moved in 0s, term 6"},
		},
		"no leader is there": {
			options: options{node: "two", namespace: "depot"}, objects: some(), want: []string{"No leader is on node two."},
			note: "Note: node two is not cordoned, so pods and leaders may come back: kubectl cordon two\n",
		},
		"there is no such node": {options: options{node: "three"}, wantErr: `failed to get node: nodes "three" not found`},
		"the user may not change the Service": {
			options: options{node: "one", namespace: "shop", dryRun: true}, objects: some(), refuses: "web",
			want:    []string{header, `shop web web-1 web-3 × failed to annotate Service: services "web" is forbidden: no`},
			wantErr: "1 of 1 leaders could not be moved off node one",
		},
		"a Service that prefers its leader": {
			options: options{node: "one", namespace: "shop"},
			objects: [][]runtime.Object{changed(led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}), func(s *corev1.Service) {
				s.Annotations[config.PreferredLeaderKey] = "web-1"
			})},
			want: []string{header, "shop web web-1 web-2 × the Service prefers pod web-1 (tanist.dev/preferred-leader), which would take over again immediately: " +
				"prefer the other one for good: kubectl tanist handover web -n shop --to web-2 --keep"},
			wantErr: "leaders are still on node one: 1",
		},
		"a Service that is not sticky": {
			options: options{node: "one", namespace: "shop"},
			objects: [][]runtime.Object{changed(led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}), func(s *corev1.Service) {
				s.Annotations[config.StickyKey] = "false"
			})},
			want: []string{header, "No leader is left on node one.", "shop web web-1 web-2 √ moved in 0s, term 6; the Service is not sticky, so a better pod takes over from it"},
		},
		"a Service that has not opted in": {
			options: options{node: "one", namespace: "shop"},
			objects: [][]runtime.Object{changed(led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}), func(s *corev1.Service) {
				s.Annotations[config.EnabledKey] = "yes"
			})},
			want:    []string{header, "shop web web-1 web-2 × shop/web is not opted in: kubectl annotate service web --namespace shop tanist.dev/enabled=true --overwrite"},
			wantErr: "leaders are still on node one: 1",
		},
		"the only other pod is not ready": {
			options: options{node: "one", namespace: "shop"},
			objects: [][]runtime.Object{unready(led("shop", "web", placed{"web-1", "one"}, placed{"web-2", "two"}), "web-2")},
			want: []string{header, "shop web web-1 <none> × no pod on another node can take over: web-2: it is not ready, since " +
				strings.Replace(gen.T0.UTC().Add(-60e9).Format("2006-01-02T15:04:05Z07:00"), "T", " ", 1)},
			wantErr: "leaders are still on node one: 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster(t, test.objects...)
			c.refuses = test.refuses
			out, stderr, failure := c.handsOver(t, test.options)
			if diff := cmp.Diff(test.want, rows(out)); diff != "" || failure != test.wantErr || stderr != test.note {
				t.Errorf("got error %q, %q, and (-want +got):\n%s", failure, stderr, diff)
			}
			if diff := cmp.Diff(test.dryRuns, c.dryRuns); diff != "" || test.options.dryRun && len(c.preferred) > 0 {
				t.Errorf("writes %v, and dry runs (-want +got):\n%s", c.preferred, diff)
			}
			for service := range c.preferred {
				if got := c.preference(t, "shop", service); got != "" {
					t.Errorf("the annotation of %s is left: %s", service, got)
				}
			}
		})
	}
}

// changed changes the first of the objects, which is the Service.
func changed(objects []runtime.Object, change func(*corev1.Service)) []runtime.Object {
	change(objects[0].(*corev1.Service))
	return objects
}

// unready makes a pod not ready.
func unready(objects []runtime.Object, name string) []runtime.Object {
	for _, object := range objects {
		if pod, ok := object.(*corev1.Pod); ok && pod.Name == name {
			gen.NotReady(pod)
		}
	}
	return objects
}
