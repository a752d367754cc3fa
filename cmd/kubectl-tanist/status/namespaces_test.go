package status

import (
	"slices"
	"testing"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestAServiceWhereTheLabelHasNoEffect(t *testing.T) {
	namespace := gen.Namespace("shop")
	for only, want := range map[string]bool{"": false, "bank,mall": true, "bank,shop": false} {
		l := Of(Objects{Service: gen.WebService(), Namespace: namespace, Observation: Observation{OnlyNamespaces: only}})
		got := slices.ContainsFunc(l.Warnings, func(w Warning) bool {
			return w.Phrase == NamespaceNotOptedIn && w.Detail == "Tanist is installed for some namespaces only ("+only+"): add shop to the chart's value watchNamespaces"
		})
		if got != want {
			t.Errorf("with %q: got %+v", only, l.Warnings)
		}
	}
	if !config.Enabled(namespace.Labels) {
		t.Error("the namespace has no label")
	}
}
