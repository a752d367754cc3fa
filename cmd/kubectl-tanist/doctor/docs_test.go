package doctor

import (
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestThePageHasEveryCheck checks that the links lead somewhere: the headings of the page are the ids, in the order of the output.
func TestThePageHasEveryCheck(t *testing.T) {
	page, err := os.ReadFile("../../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, match := range regexp.MustCompile("(?m)^### `(.+)`$").FindAllSubmatch(page, -1) {
		got = append(got, string(match[1]))
	}
	for _, c := range checks() {
		want = append(want, c.id)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the headings of docs/doctor.md are not the checks (-checks +headings):\n%s", diff)
	}
}
