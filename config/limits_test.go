package config

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// annotated is an opted-in Service with n unknown annotations, with long keys and values.
func annotated(n int) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Annotations: map[string]string{EnabledKey: "true"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"a": "b"}, Ports: []corev1.ServicePort{{Port: 80}}},
	}
	for i := range n {
		service.Annotations[fmt.Sprintf("%s/%05d%s", Domain, i, strings.Repeat("x", 50))] = strings.Repeat("ä", 1000)
	}
	return service
}

func TestErrorsAreFewAndShort(t *testing.T) {
	const longest = 900 // the note of an Event may have 1024 bytes
	service := annotated(10_000)
	service.Annotations[StrategyKey] = strings.Repeat("ä", 10_000)
	service.Annotations[CopyLabelsKey] = strings.Repeat("ä", 10_000)
	_, errs := ParseOptions(service)
	if want := 2 + MaxErrors + 1; len(errs) != want {
		t.Errorf("%d errors of a Service, want %d", len(errs), want)
	}
	pod := UnknownPodAnnotations(service.Annotations)
	if want := MaxErrors + 1; len(pod) != want {
		t.Errorf("%d errors of a pod, want %d", len(pod), want)
	}
	for _, err := range append(errs, pod...) {
		if text := err.Error(); len(text) > longest || !utf8.ValidString(text) {
			t.Errorf("an error has %d bytes: %s", len(text), text)
		}
	}
	for _, last := range []string{errs[len(errs)-1].Error(), pod[len(pod)-1].Error()} {
		if !strings.HasSuffix(last, "more keys are wrong") {
			t.Errorf("the last error is %s", last)
		}
	}
}

func TestTheFirstErrorsAreTold(t *testing.T) {
	service := annotated(25)
	_, errs := ParseOptions(service)
	for i, err := range errs[:MaxErrors] {
		if want := fmt.Sprintf("%s/%05d", Domain, i); !strings.Contains(err.Error(), want) {
			t.Errorf("error %d is %v, want one about %s", i, err, want)
		}
	}
	if want := "metadata.annotations: Invalid value: 15 more keys are wrong"; errs[MaxErrors].Error() != want {
		t.Errorf("got %v, want %s", errs[MaxErrors], want)
	}
}

func TestNewErrors(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*corev1.Service)
		want   int
	}{
		"a label is set":                 {func(s *corev1.Service) { s.Labels = map[string]string{"a": "b"} }, 0},
		"one mistake is corrected":       {func(s *corev1.Service) { delete(s.Annotations, anyKey(s)) }, 0},
		"one mistake is added":           {func(s *corev1.Service) { s.Annotations[Domain+"/zzz"] = "" }, 1},
		"one mistake is changed":         {func(s *corev1.Service) { s.Annotations[anyKey(s)] = "other" }, 1},
		"many are added":                 {func(s *corev1.Service) { s.Annotations = annotated(5000).Annotations }, MaxErrors + 1},
		"a known annotation gets wrong":  {func(s *corev1.Service) { s.Annotations[StickyKey] = "maybe" }, 1},
		"the selector is removed":        {func(s *corev1.Service) { s.Spec.Selector = nil }, 1},
		"a known annotation stays wrong": {func(s *corev1.Service) { s.Annotations[StrategyKey] = "eldest" }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			old := annotated(1000)
			old.Annotations[StrategyKey] = "eldest"
			service := old.DeepCopy()
			test.change(service)
			if name == "many are added" {
				service.Annotations[StrategyKey] = "eldest"
			}
			if errs := NewErrors(service, old); len(errs) != test.want {
				t.Errorf("got %d errors, want %d: %v", len(errs), test.want, errs)
			}
		})
	}
}

// anyKey returns one of the unknown annotations.
func anyKey(service *corev1.Service) string {
	return wrongKeys(service.Annotations, unknownServiceKey).keys[0]
}

func TestTuningsThatAreTooMuch(t *testing.T) {
	mapping := func(n int, key func(int) string) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintf(&text, "%s: 1\n", key(i))
		}
		return text.String()
	}
	for name, test := range map[string]struct{ text, want string }{
		"too long":          {strings.Repeat("#", 64<<10+1), "has 65537 bytes: must have at most 65536"},
		"too deep":          {strings.Repeat("[", 100) + strings.Repeat("]", 100), "line 1: must have at most 10 mappings and lists in one another"},
		"very deep":         {strings.Repeat("[", 60_000), "yaml: "},
		"too many keys":     {mapping(101, func(i int) string { return fmt.Sprint("k", i) }), "line 1: a mapping has 101 keys: must have at most 100"},
		"one key too often": {mapping(10_000, func(int) string { return "a" }), "line 1: a mapping has 10000 keys: must have at most 100"},
		"too many entries":  {"election: {removalTaints: [" + strings.Repeat("a,", 5000) + "]}", "line 1: must have at most 2000 keys, values and entries"},
		"aliases of aliases": {
			"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]",
			"line 1: must have at most 2000 keys, values and entries",
		},
		"an alias of itself": {"a: &a [*a]", "must have at most 10 mappings and lists in one another"},
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := ParseTuning([]byte(test.text))
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), test.want) {
				t.Errorf("got %v, want %s", errs, test.want)
			}
		})
	}
}

func TestErrorsOfATuningAreFew(t *testing.T) {
	for name, text := range map[string]string{
		"wrong types":      "election: {removalTaints: [" + strings.Repeat("1,", 500) + "]}",
		"wrong keys":       "election: {removalTaints: [" + strings.Repeat("_,", 500) + "]}",
		"duplicate taints": "election: {removalTaints: [" + strings.Repeat("a,", 500) + "]}",
		"duplicate keys":   strings.Repeat("kind: x\n", 99),
		"long values":      "election: {drainWindow: " + strings.Repeat("x", 60_000) + "}",
	} {
		t.Run(name, func(t *testing.T) {
			_, errs := ParseTuning([]byte(text))
			if len(errs) == 0 || len(errs) > MaxErrors+2 {
				t.Errorf("got %d errors", len(errs))
			}
			if size := len(errs.ToAggregate().Error()); size > 4096 {
				t.Errorf("the errors have %d bytes", size)
			}
		})
	}
	configMap := &corev1.ConfigMap{Data: map[string]string{}, BinaryData: map[string][]byte{}}
	for i := range 1000 {
		configMap.Data[fmt.Sprint("d", i)], configMap.BinaryData[fmt.Sprint("b", i)] = "", nil
	}
	if _, errs := ParseTuningConfigMap(configMap); len(errs) != 2*(MaxErrors+1) {
		t.Errorf("got %d errors of the ConfigMap's keys", len(errs))
	}
}

// FuzzTuning checks that no tuning makes the parser panic or cost much, or gives many errors.
func FuzzTuning(f *testing.F) {
	f.Add([]byte("election: {removalTaints: [a, 1, b/*]}\ncommit: {backupDelay: 50ms}"))
	f.Add([]byte("a: &a [x]\nb: [*a, *a]\n<<: *a"))
	f.Add([]byte("---\n? [a]\n: b\n---\n"))
	f.Add([]byte(strings.Repeat("- ", 100)))
	f.Fuzz(func(t *testing.T, content []byte) {
		cost := measure(func() {
			tuning, errs := ParseTuning(content)
			if len(errs) > MaxErrors+2 {
				t.Errorf("got %d errors", len(errs))
			}
			if len(errs) > 0 && !tuning.Equal(DefaultTuning()) {
				t.Error("a wrong tuning is not the default one")
			}
			_ = errs.ToAggregate()
		})
		cost.check(t, len(content))
	})
}
