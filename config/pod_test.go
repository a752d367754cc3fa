package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnknownPodAnnotations(t *testing.T) {
	annotations := map[string]string{
		PriorityKey: "1", DrainWindowKey: "5s", DrainWindowAppliedKey: "5s", DrainWindowRefusedKey: "5s", "example.com/priority": "1",
		Domain + "/prioritty": "1", EnabledKey: "true",
	}
	var got []string
	for _, err := range UnknownPodAnnotations(annotations) {
		got = append(got, err.Error())
	}
	want := []string{
		`metadata.annotations[tanist.dev/enabled]: Invalid value: "true": belongs on the Service, not on its pods`,
		`metadata.annotations[tanist.dev/prioritty]: Unsupported value: "tanist.dev/prioritty": supported values: ` +
			`"tanist.dev/priority", "tanist.dev/drain-window", "tanist.dev/candidate"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected errors (-want +got):\n%s", diff)
	}
	if got := UnknownPodAnnotations(nil); got != nil {
		t.Errorf("got %v without annotations", got)
	}
}
