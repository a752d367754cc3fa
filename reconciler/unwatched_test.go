package reconciler

import (
	"strings"
	"testing"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/tanist-dev/tanist/reconciler/store"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestALabelWithoutEffectIsReported(t *testing.T) {
	labelled, other := gen.Namespace("shop"), gen.Namespace("shop", func(m *metav1.PartialObjectMetadata) { m.Labels = nil })
	cases := map[string]struct {
		before, after any
		want          bool
	}{
		"a namespace with the label is found":    {after: labelled, want: true},
		"a namespace without the label is found": {after: other},
		"a namespace gets the label":             {before: other, after: labelled, want: true},
		"a namespace keeps the label":            {before: labelled, after: labelled},
		"a namespace loses the label":            {before: labelled, after: other},
		"a namespace that may opt in":            {after: gen.Namespace("bank")},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			recorder := events.NewFakeRecorder(2)
			u := &unwatched{stores: store.NewFakeOnly("bank"), recorder: recorder, log: logr.Discard()}
			u.report(test.before, test.after)
			close(recorder.Events)
			event := <-recorder.Events
			if reported := strings.Contains(event, "Warning NamespaceNotWatched label tanist.dev/enabled has no effect in namespace shop"); reported != test.want {
				t.Errorf("got %q", event)
			}
		})
	}
}
