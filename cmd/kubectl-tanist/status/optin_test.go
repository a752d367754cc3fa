package status

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
)

// TestOptingInAgain: kubectl refuses to change a label or an annotation without --overwrite.
func TestOptingInAgain(t *testing.T) {
	const label, annotate = "kubectl label namespace shop tanist.dev/enabled=true", "kubectl annotate service web --namespace shop tanist.dev/enabled=true"
	labelled := func(value string) func(*Objects) {
		return func(o *Objects) { o.Namespace = shop(map[string]string{config.EnabledKey: value}) }
	}
	without := func(o *Objects) { o.Services, o.Slices = o.Services[:1], nil }
	const wrong = `metadata.annotations[tanist.dev/enabled]: Unsupported value: "yes": supported values: "true", "false"; `
	for name, test := range map[string]struct {
		changes      []func(*Objects)
		phrase, want string
	}{
		"no label":          {[]func(*Objects){func(o *Objects) { o.Namespace = shop(nil) }}, NamespaceNotOptedIn, label},
		"the label says no": {[]func(*Objects){labelled("false")}, NamespaceNotOptedIn, label + " --overwrite"},
		"the label is mistyped": {
			[]func(*Objects){labelled("yes")}, NamespaceNotOptedIn,
			`its label tanist.dev/enabled="yes" does not opt it in: the value must be "true": ` + label + " --overwrite",
		},
		"no annotation": {
			[]func(*Objects){source(func(s *corev1.Service) { s.Annotations = nil })}, ServiceNotOptedIn, annotate,
		},
		"the annotation says no": {[]func(*Objects){annotated(config.EnabledKey, "false")}, ServiceNotOptedIn, annotate + " --overwrite"},
		"the annotation is mistyped": {
			[]func(*Objects){annotated(config.EnabledKey, "yes"), without}, WrongAnnotation + " enabled",
			wrong + "so this Service has no leader: " + annotate + " --overwrite",
		},
		"the annotation was right before": {
			[]func(*Objects){annotated(config.EnabledKey, "yes")}, WrongAnnotation + " enabled",
			wrong + "it keeps the leader Service that it has, and would get no other: " + annotate + " --overwrite",
		},
	} {
		t.Run(name, func(t *testing.T) {
			warnings := Of(objects(test.changes...)).Warnings
			at := slices.IndexFunc(warnings, func(w Warning) bool { return w.Phrase == test.phrase })
			if at < 0 || warnings[at].Detail != test.want {
				t.Errorf("got %+v, want %q", warnings, test.want)
			}
		})
	}
}
