package failover

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/tanist-dev/tanist/test/gen"
)

// BenchmarkPodUpdate is the cost of a pod's event in a namespace with a thousand opted-in Services, before anything is decided.
func BenchmarkPodUpdate(b *testing.B) {
	objects := []metav1.Object{gen.Namespace("shop")}
	for i := range 1000 {
		objects = append(objects, gen.WebService(func(s *corev1.Service) {
			s.Name, s.Spec.Selector = fmt.Sprintf("web-%d", i), map[string]string{"app": fmt.Sprintf("web-%d", i)}
		}))
	}
	handler := newController(b, nil, func() bool { return true }, objects...).podHandler()
	q := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	b.Cleanup(q.ShutDown)

	labelled := func(app string, changes ...func(*corev1.Pod)) *corev1.Pod {
		return gen.ReadyPod("a1", append(changes, func(p *corev1.Pod) {
			p.Labels = map[string]string{"app": app, "pod-template-hash": "6d4cf56db6", "app.kubernetes.io/part-of": "shop"}
		})...)
	}
	for _, test := range []struct {
		name          string
		before, after *corev1.Pod
	}{
		{"no Service selects it", labelled("other"), labelled("other", gen.NotReady)},
		{"nothing that counts has changed", labelled("web-500"), labelled("web-500")},
		{"a Service selects it", labelled("web-500"), labelled("web-500", gen.NotReady)},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			update := event.TypedUpdateEvent[*corev1.Pod]{ObjectOld: test.before, ObjectNew: test.after}
			for b.Loop() {
				handler.Update(b.Context(), update, q)
			}
		})
	}
}

// BenchmarkReconcile is the cost of a reconciliation that has nothing to do: to read everything from memory, and to decide.
func BenchmarkReconcile(b *testing.B) {
	f := newLeaseHolder(b)
	request := reconcile.Request{NamespacedName: gen.ShopWeb}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Reconcile(b.Context(), request); err != nil {
			b.Fatal(err)
		}
	}
	if writes := f.writes.Load(); writes > 0 {
		b.Errorf("%d writes, want none", writes)
	}
}
