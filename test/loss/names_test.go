//go:build e2e

package loss

import "testing"

// TestNames: LOSS_CASES can choose each case, and each group.
func TestNames(t *testing.T) {
	cases, groups := map[string]bool{}, map[string]bool{}
	for _, f := range faults() {
		if cases[f.name] {
			t.Errorf("two cases are named %s", f.name)
		}
		cases[f.name], groups[f.group] = true, true
	}
	for group := range groups {
		if cases[group] {
			t.Errorf("%s is a case and a group", group)
		}
	}
}
