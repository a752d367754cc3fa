package notify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tanist-dev/tanist/test/gen"
)

func TestDeduplicatorFilter(t *testing.T) {
	a := Warning{Object: gen.WebService(), Reason: "R", Note: "a"}
	b := Warning{Object: gen.WebService(), Reason: "R", Note: "b"}
	aboutPod := Warning{Object: gen.ReadyPod("a1"), Reason: "R", Note: "a"}
	d := NewDeduplicator()
	for _, step := range []struct {
		name      string
		all, want []Warning
	}{
		{name: "a warning is sent", all: []Warning{a}, want: []Warning{a}},
		{name: "and not sent again", all: []Warning{a}},
		{name: "another note is another warning, sent once", all: []Warning{a, b, b}, want: []Warning{b}},
		{name: "one of two no longer holds", all: []Warning{b}},
		{name: "it holds again", all: []Warning{a, b}, want: []Warning{a}},
		{name: "another object is another warning", all: []Warning{a, aboutPod}, want: []Warning{aboutPod}},
		{name: "none holds any longer"},
		{name: "the first one is back", all: []Warning{a}, want: []Warning{a}},
	} {
		if diff := cmp.Diff(step.want, d.Filter(gen.ShopWeb, step.all)); diff != "" {
			t.Errorf("%s: unexpected warnings (-want +got):\n%s", step.name, diff)
		}
	}
	d.Filter(gen.ShopWeb, nil)
	if len(d.sent) != 0 {
		t.Error("warnings that no longer hold are remembered")
	}
}
