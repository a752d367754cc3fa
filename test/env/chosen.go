package env

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// Known fails the test for an unknown name in an environment variable with a list: otherwise it would pass without trying anything.
func Known(t *testing.T, variable string, names []string) {
	t.Helper()
	for item := range strings.SplitSeq(os.Getenv(variable), ",") {
		if item != "" && item != "all" && !slices.Contains(names, item) {
			t.Fatalf("%s has %q, which must be all or one of %q", variable, item, names)
		}
	}
}

// Chosen reports whether a list in the environment has "all" or one of the names. without is the list where the variable is not set.
func Chosen(variable, without string, names ...string) bool {
	list := os.Getenv(variable)
	if list == "" {
		list = without
	}
	return slices.ContainsFunc(strings.Split(list, ","), func(item string) bool {
		return item == "all" || slices.Contains(names, item)
	})
}
