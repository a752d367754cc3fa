package controlplane

import (
	"testing"

	"sigs.k8s.io/kwok/pkg/apis/v1alpha1"
	"sigs.k8s.io/yaml"
)

func TestRetime(t *testing.T) {
	const step = `{spec: {resourceRef: {apiGroup: v1, kind: Pod}, selector: {}, delay: {durationMilliseconds: 1000, jitterDurationMilliseconds: 5000}, next: {}}}`
	const end = `{spec: {resourceRef: {apiGroup: v1, kind: Pod}, selector: {}, delay: {durationMilliseconds: 1000}, next: {delete: true}}}`
	const node = `{spec: {resourceRef: {apiGroup: v1, kind: Node}, selector: {}, delay: {durationMilliseconds: 1000}, next: {}}}`
	read := func(in string) *v1alpha1.StageDelay {
		out, err := retime([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		var s v1alpha1.Stage
		if err := yaml.Unmarshal(out, &s); err != nil {
			t.Fatal(err)
		}
		return s.Spec.Delay
	}
	if d := read(step); *d.DurationMilliseconds != stepMilliseconds || d.JitterDurationMilliseconds != nil {
		t.Errorf("a pod's step takes %d ms, want %d without jitter", *d.DurationMilliseconds, stepMilliseconds)
	}
	if d := read(end); d.DurationMilliseconds != nil || d.DurationFrom == nil || d.DurationFrom.JQ.Expression != ".metadata.deletionTimestamp" {
		t.Errorf("a pod's end does not wait for its deletionTimestamp: %+v", d)
	}
	if d := read(node); *d.DurationMilliseconds != 1000 {
		t.Errorf("a node's stage was changed to %d ms", *d.DurationMilliseconds)
	}
}
