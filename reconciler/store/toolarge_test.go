package store

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"

	"github.com/tanist-dev/tanist/config"
	"github.com/tanist-dev/tanist/reconciler/trim"
	"github.com/tanist-dev/tanist/test/gen"
)

func TestALongAnnotationOfAServiceIsWrongAndNotMissing(t *testing.T) {
	service := gen.Annotated(config.LeaderServiceKey, strings.Repeat("x", 100<<10), config.StrategyKey, "newest")
	if err := trim.Object(service); err != nil {
		t.Fatal(err)
	}
	leader := gen.LeaderOf(gen.WebService(), func(s *corev1.Service) {
		s.Name, s.Annotations = "primary", map[string]string{config.LastGoodKey: `{"` + config.LeaderServiceKey + `":"primary"}`}
	})
	options, errs := ResolveOptions(service, leader)
	if !config.Wrong(errs, config.LeaderServiceKey) || options.LeaderService != "primary" || options.Strategy != config.StrategyNewest {
		t.Errorf("got the leader Service %q, the strategy %q and %d errors", options.LeaderService, options.Strategy, len(errs))
	}
}

func TestAServiceWithoutItsSelectorSelectsNoPod(t *testing.T) {
	service := gen.WebService(func(s *corev1.Service) { s.Spec.Selector = gen.Numbered("l", 16_000, gen.Megabyte) })
	if err := trim.Object(service); err != nil || len(service.Spec.Selector) > 0 || !LostItsPods(service) {
		t.Error("a Service whose selector is too large selects by a part of it")
	}
}

func TestObjectsThatAreTooLargeAreCounted(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(NewFake(trim.Pod(gen.ReadyPod("a1")), trim.Pod(gen.ReadyPod("b2", func(p *corev1.Pod) { gen.ManyLabels(p) }))))
	const want = `# HELP tanist_objects_too_large Objects in the namespaces that this replica watches of which it keeps little more than the name, because they are too large.
# TYPE tanist_objects_too_large gauge
tanist_objects_too_large{kind="EndpointSlice"} 0
tanist_objects_too_large{kind="Pod"} 1
tanist_objects_too_large{kind="ReplicaSet"} 0
tanist_objects_too_large{kind="Service"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

// The bound is generous: 200 MB of labels were kept, and their index took more than that again.
func TestPodsWithAMegabyteOfLabelsTakeLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	stores := NewFake()
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 200 {
		pod := gen.ReadyPod(fmt.Sprintf("a%d", i), func(p *corev1.Pod) { gen.ManyLabels(p) })
		if err := Fake(stores.Pods).Add(trim.Pod(pod)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 10*gen.Megabyte {
		t.Errorf("200 pods take %d MB", grown/gen.Megabyte)
	}
	runtime.KeepAlive(stores)
}
