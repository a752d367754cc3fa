package doctor

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcomes returns what was found that is not as it should be: "<outcome> <id>: <object>: <text>", or the reason of a skipped check.
func outcomes(f *facts) []string {
	var all []string
	for _, r := range diagnose(f, checks()).Checks {
		if r.Outcome == Skipped && !slices.Contains(notApplying, r.Reason) {
			all = append(all, "skipped "+r.ID+": "+r.Reason)
		}
		for _, p := range r.Problems {
			outcome := "failed "
			if p.Warning {
				outcome = "warned "
			}
			all = append(all, outcome+r.ID+": "+p.Object+": "+p.Text)
		}
	}
	return all
}

// notApplying are reasons of checks that do not apply. Only TestWhatDoesNotExistDoesNotPass looks at them.
var notApplying = []string{
	"no Service asks for a leader", "no Service that asks for a leader has opted in with its namespace", "there is no leader Service", "no Service follows a Lease",
}

// test is a change of healthy facts, and all that the checks then say.
type test struct {
	change func(*facts)
	want   []string
}

func run(t *testing.T, cases map[string]test) {
	t.Helper()
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, outcomes(healthy(t, test.change))); diff != "" {
				t.Errorf("unexpected findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAHealthyInstallationPasses(t *testing.T) {
	if got := outcomes(healthy(t)); got != nil {
		t.Errorf("got %v", got)
	}
}

func TestEveryProblemHasARemedyOfOneLine(t *testing.T) {
	var ids []string
	for _, c := range checks() {
		if c.id == "" || c.passed == "" || slices.Contains(ids, c.id) {
			t.Errorf("check %q has no text of its own", c.id)
		}
		ids = append(ids, c.id)
	}
	for _, r := range diagnose(healthy(t, breakEverything), checks()).Checks {
		for _, p := range r.Problems {
			if p.Object == "" || p.Text == "" || p.Remedy == "" || slices.Contains([]byte(p.Remedy), '\n') {
				t.Errorf("%s: got %+v", r.ID, p)
			}
		}
	}
}

// breakEverything makes many checks find something at once.
func breakEverything(f *facts) {
	f.deployment.value.Status.ReadyReplicas = 0
	f.leases.value = nil
	f.tuning.value = configMap("x", "commit: 1")
	f.validating, f.mutating = none[*admissionV](), none[*admissionM]()
	f.trial.value.refused = false
	f.rights.value[0].granted = false
	f.namespaces.value[0].Labels = map[string]string{"tanist.dev/enabled": "yes"}
	f.pods.value = f.pods.value[:1]
	f.pods.value[0].Spec.Containers[0].ReadinessProbe = nil
	f.endpoints.value = append(f.endpoints.value, objectName{"shop", "web-leader"})
}

func TestChecksAreGroupedByCategory(t *testing.T) {
	var seen []string
	for _, c := range checks() {
		if len(seen) == 0 || seen[len(seen)-1] != c.category {
			seen = append(seen, c.category)
		}
	}
	if diff := cmp.Diff([]string{installation, admission, rights, services, pods}, seen); diff != "" {
		t.Errorf("unexpected order (-want +got):\n%s", diff)
	}
}
