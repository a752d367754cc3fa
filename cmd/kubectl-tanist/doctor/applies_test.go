package doctor

import (
	"slices"
	"testing"

	"k8s.io/client-go/kubernetes/fake"

	"github.com/tanist-dev/tanist/config"
)

// TestWhatDoesNotExistDoesNotPass has the checks of Services that pass, and those that are skipped, with the reason. All others are as in a
// healthy installation.
func TestWhatDoesNotExistDoesNotPass(t *testing.T) {
	const nobody = "no Service in namespace shop asks for a leader; -A checks all"
	empty := func(f *facts) { f.services.value, f.slices.value = nil, nil }
	for name, test := range map[string]struct {
		change  func(*facts)
		check   string
		reason  string
		applies []string
	}{
		"no Service of the namespace asks for a leader": {
			func(f *facts) { empty(f); f.checked = "shop" }, "leader", nobody, []string{"namespace-label", "leftovers"},
		},
		"no Service of the cluster does": {empty, "annotations", "no Service asks for a leader", []string{"namespace-label", "leftovers"}},
		"there is no leader Service": {
			func(f *facts) { f.services.value, f.slices.value = f.services.value[:1], nil }, "leader", "there is no leader Service",
			[]string{"annotations", "writes", "candidates"},
		},
		"the namespace has not opted in": {
			func(f *facts) { f.namespaces.value[0].Labels[config.EnabledKey] = "false" }, "candidates",
			"no Service that asks for a leader has opted in with its namespace", []string{"annotations", "leader"},
		},
		"no Service follows a Lease": {func(*facts) {}, "followed-lease", "no Service follows a Lease", []string{"leader", "candidates"}},
		"there is no webhook": {
			func(f *facts) { f.validating, f.mutating = none[*admissionV](), none[*admissionM]() }, "secret-path", noWebhook, []string{"leader"},
		},
		"there is no webhook, so none has a CA": {
			func(f *facts) { f.validating, f.mutating = none[*admissionV](), none[*admissionM]() }, "ca-injected", noWebhook, nil,
		},
		"there is no webhook to trust": {
			func(f *facts) { f.validating, f.mutating = none[*admissionV](), none[*admissionM]() }, "trust", noWebhook, nil,
		},
		"there is no replica":                 {func(f *facts) { f.replicas.value = nil }, "versions", "there is no replica", nil},
		"there is no replica to compare with": {func(f *facts) { f.replicas.value = nil }, "plugin", "there is no replica", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range diagnose(healthy(t, test.change), checks()).Checks {
				switch {
				case r.ID == test.check && (r.Outcome != Skipped || r.Reason != test.reason):
					t.Errorf("got %+v", r)
				case slices.Contains(test.applies, r.ID) && r.Outcome == Skipped:
					t.Errorf("got %+v, although it applies", r)
				}
			}
		})
	}
}

func TestAnUnknownNamespaceIsAnError(t *testing.T) {
	r := &reader{client: fake.NewClientset(), tanistNamespace: system, namespace: "nosuchns"}
	err := r.readNamespaces(t.Context(), &facts{})
	if text(err) != "namespace nosuchns does not exist" {
		t.Errorf("got %v", err)
	}
}
